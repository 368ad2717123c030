// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace ociassemble::test {

// The same numbers everywhere (xorshift64*). The seed is not 0.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545F4914F6CDD1DULL;
  }
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>((next() >> 16) % limit); }

 private:
  std::uint64_t state_;
};

}  // namespace ociassemble::test
