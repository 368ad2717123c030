// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <exception>
#include <span>
#include <vector>

#include "ociassemble/io.hpp"
#include "tar/archive_functions.hpp"

namespace ociassemble {

// Feeds libarchive from a Source in whole buffers, and remembers the last two of them, so that a block that libarchive
// has just consumed can still be looked at. One thread.
class ArchiveInput {
 public:
  // Borrows `from` for its life.
  explicit ArchiveInput(Source& from);

  // For archive_read_open: the client data is the ArchiveInput. No exception leaves it: see rethrow().
  static la_ssize_t read_callback(struct archive* reader, void* client, const void** buffer) noexcept;

  // Whether the source has not a single byte. Before the first callback only.
  bool is_empty();
  // Rethrows what the source threw in the callback, if anything.
  void rethrow();
  // The `count` bytes of the stream before the offset `end`; empty where they are not remembered.
  std::span<const std::byte> bytes_before(std::uint64_t end, std::size_t count) const noexcept;
  // Reads what is left of the source.
  void drain();

 private:
  struct Buffer {
    std::vector<std::byte> bytes;
    std::uint64_t offset = 0;  // of its first byte in the stream
    std::size_t filled = 0;
  };
  void fill_next();

  Source& from_;
  std::array<Buffer, 2> buffers_;
  std::size_t current_ = 0;
  bool is_ahead_ = false;  // the current buffer has not been handed out yet
  std::exception_ptr failure_;
};

}  // namespace ociassemble
