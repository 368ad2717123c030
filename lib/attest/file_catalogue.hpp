// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "attest/file_facts_reader.hpp"
#include "attest/layer_facts.hpp"
#include "attest/layer_records.hpp"
#include "digest/hasher.hpp"
#include "inspect/elf_spool.hpp"
#include "ociassemble/blob_store.hpp"
#include "ociassemble/image.hpp"
#include "tar/claimed_bytes.hpp"
#include "tree/tree.hpp"

namespace ociassemble {

// A regular file of an image: what an inventory wants to know of it.
struct CataloguedFile : FileDetails {
  std::uint32_t layer = 0;  // which one brought it, counted from 1
  std::uint32_t owned = 0;  // the newest layer whose package records name it; 0: none
};

// What records of layers are called that this detail is kept in (LayerRecords, LayerFactsWriter).
std::string_view layer_facts_kind(ProgramReading detail) noexcept;

// The regular files that an image's layers leave, each read once, or taken from what a cache knows of its layer. One
// thread.
class FileCatalogue : private TreeWatcher {
 public:
  // `records` are borrowed and may be null; so may `kept`, which has layers of the image. With `functions` Go programs
  // are read for theirs, too.
  explicit FileCatalogue(LayerRecords* records = nullptr, std::shared_ptr<BlobStore> kept = nullptr,
                         ProgramReading detail = ProgramReading::build);
  // Reads every layer that the records do not know, and recomputes its diff ID. Throws DigestMismatch, and what reading
  // and Tree::apply() throw; Error{unsupported} for records that are larger than any real one.
  void read(const Image& image, const std::stop_token& stop);

  const std::map<std::string, CataloguedFile>& files() const noexcept { return files_; }
  // That a record in this layer names the file at the path; nothing where there is no file.
  void own(const std::string& path, std::uint32_t layer);
  // All of them; there are none afterwards.
  std::map<std::string, CataloguedFile> take_files() { return std::exchange(files_, {}); }
  const Tree& tree() const noexcept { return tree_; }
  // The file at the path, links followed; null where there is none.
  const CataloguedFile* find(std::string_view path) const;

 private:
  bool recall(const Layer& layer);
  void read(const Layer& layer);
  std::optional<Known> read(const TarEntry& entry, Source& data, std::uint32_t layer, std::uint32_t number) override;
  FileDetails look_at(const TarEntry& entry, Source& data);
  void placed(const TarEntry& entry, const std::string& path) override;
  void removed(const std::string& path) override;
  void limit_functions(FileDetails& details);
  void erase_below(const std::string& path);

  Tree tree_;
  std::map<std::string, CataloguedFile> files_;
  CataloguedFile pending_;                 // read, and not yet placed
  const FileDetails* recalled_ = nullptr;  // of the entry being placed, where the cache knows its layer
  FileDetails last_;                       // of the entry that was read last
  LayerRecords* records_;
  std::shared_ptr<BlobStore> kept_layers_;
  ProgramReading detail_;
  std::uint32_t layer_ = 0;
  ClaimedBytes claimed_;
  FileFactsReader reader_;
  std::size_t functions_ = 0;
  const HashSource* tar_bytes_ = nullptr;
  std::vector<std::byte> buffer_;
  ElfSpool spool_;
  std::stop_token stop_;
};

}  // namespace ociassemble
