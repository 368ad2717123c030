// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tar/entry.hpp"

namespace ociassemble {

inline constexpr std::size_t kTarBlockSize = 512;

// Zero bytes between `size` bytes of data and the next block.
constexpr std::size_t tar_padding(std::uint64_t size) noexcept {
  return static_cast<std::size_t>((kTarBlockSize - size % kTarBlockSize) % kTarBlockSize);
}

// All header blocks of an entry in layer format 1: its ustar header, and before that a pax header with its records
// where a value does not fit. The entry has been checked (see TarWriter::add).
std::string tar_header_blocks(const TarEntry& entry);

// The type flag of a header block; nothing for bytes that are none by their checksum (which old programs made of signed
// bytes).
std::optional<char> tar_typeflag(std::string_view block);

}  // namespace ociassemble
