// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "ociassemble/export.hpp"

namespace ociassemble {

// A stream of bytes to read. Belongs to one thread.
class OCIASSEMBLE_EXPORT Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  // Reads up to buffer.size() bytes (at least 1 unless at the end) and returns how many; 0 means the end, for good.
  // A verifying source throws DigestMismatch instead of returning that 0. Throws Error{io} and what its kind says.
  virtual std::size_t read(std::span<std::byte> buffer) = 0;
};

// A stream of bytes to write. Belongs to one thread.
class OCIASSEMBLE_EXPORT Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;

  // Takes all of `bytes`, or throws.
  virtual void write(std::span<const std::byte> bytes) = 0;
};

// A sink with an end of its own, such as a compressor's trailer. The destructor of one that was not finished discards.
class OCIASSEMBLE_EXPORT FinishingSink : public Sink {
 public:
  // Writes what is still held back. Called once; no write() afterwards.
  virtual void finish() = 0;
};

inline std::span<const std::byte> as_bytes(std::string_view text) noexcept {
  return std::as_bytes(std::span(text.data(), text.size()));
}
inline std::string_view as_text(std::span<const std::byte> bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace ociassemble
