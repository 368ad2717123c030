// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "attest/file_facts_reader.hpp"
#include "image/layer_builder.hpp"
#include "inspect/elf_spool.hpp"
#include "policy/file_detail.hpp"
#include "tar/claimed_bytes.hpp"

namespace ociassemble {

// The texts that rules read, besides those of loaders and accounts.
inline constexpr std::string_view kShadowPath = "etc/shadow";
inline constexpr std::string_view kLoaderPreloadPath = "etc/ld.so.preload";

// Finds out what rules want to know of files. One thread.
class DetailReader {
 public:
  DetailReader(DetailWants wants, std::stop_token stop);

  // Of a regular file in a layer, of whose tar `layer_bytes` were read so far. The bytes also go to `facts`, where it
  // is not null. Throws what reading throws, and Error{unsupported} for a sparse file that claims too much.
  FileDetail read(const TarEntry& entry, Source& data, std::uint64_t layer_bytes, FileFactsReader* facts);
  // Of a regular file that a layer was just made of; of a local one no more is read than is needed. Throws Error{io}
  // when it is not the same file any more.
  FileDetail read(const LayerEntry& made);
  // The ELF file that was read last, if it is one.
  std::optional<BoundedFile> elf_file(const std::string& name) const { return spool_.file(name); }

 private:
  FileDetail read_stream(const TarEntry& entry, Source& data, FileFactsReader* facts);
  FileDetail read_pieces(const TarEntry& entry, const BoundedFile& file) const;
  void look_at_elf(const std::string& path, std::uint32_t mode, const BoundedFile& file, FileDetail& detail) const;

  const DetailWants wants_;
  const std::stop_token stop_;
  ClaimedBytes claimed_;
  ElfSpool spool_;
  std::vector<std::byte> buffer_;
};

}  // namespace ociassemble
