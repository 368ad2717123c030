// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "inspect/elf_links.hpp"
#include "inspect/elf_spool.hpp"
#include "ociassemble/digest.hpp"
#include "ociassemble/io.hpp"
#include "tar/claimed_bytes.hpp"
#include "tar/entry.hpp"
#include "tree/tree_node.hpp"

namespace ociassemble {

// How a program is started.
struct FileLinks {
  std::string interpreter;              // of a script ("#!")
  std::string interpreter_argument;     // of a script
  std::shared_ptr<const ElfLinks> elf;  // of a file with the magic of ELF
};

// What a proof has to know of a file's bytes; of a device, of its numbers.
struct FileFacts {
  // The first bytes of the SHA-256 (kShownDigest), for people, and a code of all of it under a key that this process
  // has drawn: nobody can make two files that agree in it, short of a collision of SHA-256.
  FileMark mark{};
  std::optional<FileLinks> links;
};

inline constexpr std::size_t kShownDigest = 6;

// What links take of memory, in bytes, roughly.
std::uint64_t room_of(const FileLinks& links);

// Reads files, each once and to its end. One thread.
class FactsReader {
 public:
  // `layer_bytes` counts what was read of the layer's tar so far: sparse files may claim only so much more.
  FileFacts read(const TarEntry& entry, Source& data, std::uint64_t layer_bytes, const std::stop_token& stop);

 private:
  ClaimedBytes claimed_;
  std::vector<std::byte> buffer_;
  ElfSpool spool_{std::numeric_limits<std::uint64_t>::max()};
};

}  // namespace ociassemble
