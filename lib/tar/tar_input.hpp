// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ociassemble/io.hpp"

namespace ociassemble {

// The bytes of an archive on their way: whole buffers are read from the source, and given away in what is asked for.
// One thread.
class TarInput {
 public:
  // Borrows `from` for its life.
  explicit TarInput(Source& from);

  // The next `size` bytes (up to 512), fewer where the source ends; valid until the next call of anything here.
  std::string_view peek(std::size_t size);
  std::string_view take(std::size_t size);
  // Up to the buffer's size; 0 at the end alone.
  std::size_t read(std::span<std::byte> buffer);
  // Returns how many bytes were there to skip, at most `size`.
  std::uint64_t skip(std::uint64_t size);
  // Reads the source to its end.
  void drain();

 private:
  std::size_t left() const noexcept { return filled_ - position_; }
  void refill();

  Source& from_;
  std::vector<std::byte> buffer_;
  std::size_t position_ = 0;
  std::size_t filled_ = 0;
};

}  // namespace ociassemble
