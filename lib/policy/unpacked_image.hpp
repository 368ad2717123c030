// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "attest/file_catalogue.hpp"
#include "attest/file_facts_reader.hpp"
#include "attest/layer_records.hpp"
#include "gates/root_files.hpp"
#include "image/new_layer.hpp"
#include "ociassemble/blob_store.hpp"
#include "ociassemble/image.hpp"
#include "policy/detail_codec.hpp"
#include "policy/detail_reader.hpp"
#include "policy/file_detail.hpp"
#include "tree/tree.hpp"

namespace ociassemble {

// Where the files of an image are to be known from.
struct FileSources {
  DetailWants wants;
  bool with_inventory = false;                  // a layer that is read is also read for an inventory with functions
  LayerRecords* records = nullptr;              // borrowed, never null
  std::shared_ptr<BlobStore> kept_layers = {};  // read in the place of the image's own; may be null
  std::map<Digest, std::shared_ptr<const NewLayer>> new_layers = {};  // by the digest of the blob
};

// The files that an image's layers make when they are unpacked, and what is in them. One thread.
class UnpackedImage : public RootFiles, private TreeWatcher {
 public:
  using Visit = std::function<void(const std::string& path, const Tree::Node& node)>;

  // Of each layer takes what the records know of it, else what it was just made of, else reads and checks it. Throws
  // what reading layers and Tree::apply() throw.
  UnpackedImage(const Image& image, FileSources sources, std::stop_token stop);

  const Tree& tree() const noexcept { return tree_; }
  // Every entry by its absolute path, folders before what is in them, by the bytes of names.
  void for_each(const Visit& visit) const;
  // The same of the files that hold a program that Go built, or a packed one, of which nobody can tell.
  void for_each_program(const Visit& visit) const;
  // Of anything but a regular file, nothing. Lasts as long as this. Throws what reading a file throws.
  const FileDetail& detail_of(const Tree::Node& node) const;
  bool holds_private_key(const Tree::Node& node) const;
  // A file of any layer that holds a private key or is called like a file of secrets, whether or not a later layer
  // hides it; the first thousand.
  struct Secret {
    std::string path;  // absolute, as the layer has it
    std::uint32_t layer = 0;
    std::uint32_t entry = 0;
    bool is_key = false;
  };
  const std::vector<Secret>& secrets() const noexcept { return secrets_; }
  // The entry that a path leads to, links followed, and its path; nothing where there is none.
  struct Found {
    std::string path;
    const Tree::Node* node = nullptr;
  };
  std::optional<Found> look_up(std::string_view path) const;
  // The bytes of a regular file, by reading its layer once more. Throws Error{unsupported} for one of more than `most`.
  std::string read_bytes(const Tree::Node& node, std::size_t most) const;
  // Puts down what was found of layers that were just made, where every file of them was looked at.
  void remember_new_layers() const;

  std::optional<RootFile> find(std::string_view path) const override;
  std::optional<RootFolder> folder(std::string_view path) const override;
  std::optional<std::string> text(std::string_view path) const override;
  std::vector<std::string> paths_named(std::string_view name) const override;
  bool may_reach(std::string_view path, std::uint64_t uid, std::uint64_t gid) const override;

 private:
  // What is known of a file, or where it is to be known from.
  struct Slot {
    std::optional<FileDetail> detail;
    std::string_view encoded;          // where a record has it
    const LayerEntry* made = nullptr;  // where its layer was just made
  };
  bool recall(const Layer& layer);
  bool take_new(const Layer& layer);
  void read(const Layer& layer);
  Layer with_blobs(const Layer& layer) const;
  std::optional<Known> read(const TarEntry& entry, Source& data, std::uint32_t layer, std::uint32_t number) override;
  void placed(const TarEntry& /*entry*/, const std::string& /*path*/) override {}
  void removed(const std::string& /*path*/) override {}
  void note_secret(const TarEntry& entry, std::uint32_t layer, std::uint32_t number, bool is_key);
  void list_programs() const;
  Slot* slot_at(const Tree::Node& node) const;
  DetailHead head_of(const Tree::Node& node) const;

  const Image image_;
  const FileSources sources_;
  const std::stop_token stop_;
  Tree tree_;
  mutable std::unordered_map<std::uint64_t, Slot> slots_;  // by the layer and entry that have the bytes
  mutable std::optional<std::vector<std::pair<std::string, const Tree::Node*>>> entries_;  // unless they are too many
  mutable std::optional<std::vector<std::pair<std::string, const Tree::Node*>>> programs_;
  std::vector<Secret> secrets_;
  std::string secret_path_;                // room for one after the other
  std::vector<SharedBytes> recalled_;      // what encoded details lie in
  std::vector<std::uint32_t> new_layers_;  // numbers, from 1
  mutable DetailReader reader_;
  std::optional<FileFactsReader> facts_reader_;  // where an inventory is to come from the same reading
  // Of the entry that is being laid down: where it comes from, and what was found.
  bool is_recalling_ = false;
  bool reads_facts_ = false;
  std::string_view encoded_;
  const LayerEntry* made_ = nullptr;
  std::uint64_t layer_bytes_ = 0;
  std::string newly_encoded_;
  FileDetails facts_;
};

}  // namespace ociassemble
