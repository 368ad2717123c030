// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bases/base.hpp"
#include "inspect/elf.hpp"
#include "ociassemble/assemble_options.hpp"

namespace ociassemble {

// A binary that was looked at; nothing for one that is taken as it is (any_binary).
struct CheckedBinary {
  const BinaryInput* input;  // borrowed from the options
  std::optional<ElfInfo> elf;
  std::optional<FileIdentity> file;  // what was looked at
};

// Reads the headers of every binary. Throws Error{not_found}, Error{io}, Error{check_failed} for what is no program.
std::vector<CheckedBinary> look_at_binaries(const AssembleOptions& options);

// Throws Error{io} when the program that goes into the image is not the one that was looked at.
void require_checked(const std::vector<CheckedBinary>& binaries, const BinaryInput& binary, const LayerEntry& entry);

// The platform that was asked for, else that of the binaries, else the host's. Throws Error{check_failed} for a binary
// of another platform.
Platform choose_platform(const AssembleOptions& options, const std::vector<CheckedBinary>& binaries);

// When the image was made: as the options say it. Throws Error{check_failed} when that is for the binaries to say and
// none does.
std::int64_t created_time(const AssembleOptions& options, const std::vector<CheckedBinary>& binaries);

// The base as messages name it: "debian:11 (Debian GNU/Linux 11 (bullseye))", and that it has musl.
std::string base_words(const Base& base);

}  // namespace ociassemble
