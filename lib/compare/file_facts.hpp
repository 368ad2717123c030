// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "inspect/elf_links.hpp"
#include "inspect/elf_spool.hpp"
#include "ociassemble/digest.hpp"
#include "ociassemble/io.hpp"
#include "tar/claimed_bytes.hpp"
#include "tar/entry.hpp"

namespace ociassemble {

// How a program is started.
struct FileLinks {
  std::string interpreter;              // of a script ("#!")
  std::string interpreter_argument;     // of a script
  std::shared_ptr<const ElfLinks> elf;  // of a file with the magic of ELF
};

// What a proof has to know of a file's bytes.
struct FileFacts {
  std::array<unsigned char, 32> digest{};  // SHA-256; of a device: of its numbers
  std::unique_ptr<const FileLinks> own_links;

  const FileLinks& links() const;
};

// Reads files, each once and to its end. One thread.
class FactsReader {
 public:
  // `layer_bytes` counts what was read of the layer's tar so far: sparse files may claim only so much more.
  std::shared_ptr<const FileFacts> read(const TarEntry& entry, Source& data, std::uint64_t layer_bytes,
                                        const std::stop_token& stop);

 private:
  ClaimedBytes claimed_;
  std::shared_ptr<const FileFacts> empty_;  // of every empty file
  std::vector<std::byte> buffer_;
  ElfSpool spool_{std::numeric_limits<std::uint64_t>::max()};
};

}  // namespace ociassemble
