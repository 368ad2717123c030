// SPDX-License-Identifier: Apache-2.0
#include "tar/archive_input.hpp"

#include <cerrno>
#include <utility>

#include "io/streams.hpp"

namespace ociassemble {
namespace {

// Most layers that are read are small, and a large buffer's pages cost more than the reads that it saves.
constexpr std::size_t kArchiveBufferSize = std::size_t{64} * 1024;

}  // namespace

ArchiveInput::ArchiveInput(Source& from) : from_(from) {
  for (auto& buffer : buffers_) buffer.bytes.resize(kArchiveBufferSize);
}

la_ssize_t ArchiveInput::read_callback(struct archive* reader, void* client, const void** buffer) noexcept {
  auto& input = *static_cast<ArchiveInput*>(client);
  try {
    if (!std::exchange(input.is_ahead_, false)) input.fill_next();
    const auto& current = input.buffers_[input.current_];
    *buffer = current.bytes.data();
    return static_cast<la_ssize_t>(current.filled);
  } catch (...) {
    input.failure_ = std::current_exception();
    libarchive().set_error(reader, EIO, "the source failed");
    return ARCHIVE_FATAL;
  }
}

void ArchiveInput::fill_next() {
  const auto& last = buffers_[current_];
  auto& next = buffers_[1 - current_];
  next.offset = last.offset + last.filled;
  next.filled = 0;
  current_ = 1 - current_;
  // Whole buffers keep the archive's blocks from lying across two of them.
  next.filled = read_full(from_, next.bytes);
}

bool ArchiveInput::is_empty() {
  fill_next();
  is_ahead_ = true;
  return buffers_[current_].filled == 0;
}

void ArchiveInput::rethrow() {
  if (failure_) std::rethrow_exception(failure_);
}

std::span<const std::byte> ArchiveInput::bytes_before(std::uint64_t end, std::size_t count) const noexcept {
  for (const auto& buffer : buffers_) {
    if (end >= buffer.offset + count && end <= buffer.offset + buffer.filled) {
      return std::span(buffer.bytes).subspan(static_cast<std::size_t>(end - buffer.offset) - count, count);
    }
  }
  return {};
}

void ArchiveInput::drain() {
  auto& buffer = buffers_[current_];
  while (from_.read(buffer.bytes) != 0) {
  }
  buffer.filled = 0;
}

}  // namespace ociassemble
