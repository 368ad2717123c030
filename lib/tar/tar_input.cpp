// SPDX-License-Identifier: Apache-2.0
#include "tar/tar_input.hpp"

#include <algorithm>
#include <cstring>

#include "io/streams.hpp"

namespace ociassemble {
namespace {

// Most layers that are read are small, and a large buffer's pages cost more than the reads that it saves.
constexpr std::size_t kTarInputSize = std::size_t{64} * 1024;

}  // namespace

TarInput::TarInput(Source& from) : from_(from), buffer_(kTarInputSize) {}

void TarInput::refill() {
  std::memmove(buffer_.data(), buffer_.data() + position_, left());
  filled_ = left();
  position_ = 0;
  filled_ += read_full(from_, std::span(buffer_).subspan(filled_));
}

std::string_view TarInput::peek(std::size_t size) {
  if (left() < size) refill();
  return as_text(std::span(buffer_).subspan(position_, std::min(size, left())));
}

std::string_view TarInput::take(std::size_t size) {
  const auto bytes = peek(size);
  position_ += bytes.size();
  return bytes;
}

std::size_t TarInput::read(std::span<std::byte> buffer) {
  if (left() == 0) {
    if (buffer.size() >= buffer_.size()) return from_.read(buffer);
    refill();
  }
  const auto count = std::min(buffer.size(), left());
  if (count != 0) std::memcpy(buffer.data(), buffer_.data() + position_, count);
  position_ += count;
  return count;
}

std::uint64_t TarInput::skip(std::uint64_t size) {
  std::uint64_t skipped = 0;
  while (skipped < size) {
    if (left() == 0) refill();
    if (left() == 0) break;
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(size - skipped, left()));
    position_ += count;
    skipped += count;
  }
  return skipped;
}

void TarInput::drain() {
  position_ = filled_ = 0;
  while (from_.read(buffer_) != 0) {
  }
}

}  // namespace ociassemble
