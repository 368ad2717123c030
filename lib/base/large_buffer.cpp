// SPDX-License-Identifier: Apache-2.0
#include "base/large_buffer.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

namespace ociassemble {
namespace {

constexpr std::size_t kPrefaultStep = std::size_t{256} * 1024;

}  // namespace

void prefault(void* begin, std::size_t size) noexcept {
#ifdef MADV_POPULATE_WRITE
  static const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  // Whole pages of the buffer only: its neighbours are somebody else's.
  const auto address = reinterpret_cast<std::uintptr_t>(begin);
  const auto skipped = (page - address % page) % page;
  if (size < skipped + page) return;
  const int before = errno;
  ::madvise(static_cast<std::byte*>(begin) + skipped, (size - skipped) / page * page, MADV_POPULATE_WRITE);
  errno = before;
#else
  static_cast<void>(begin);
  static_cast<void>(size);
#endif
}

void LargeBuffer::prefault_to(std::size_t size) {
  const auto end = std::min(size_, (size + kPrefaultStep - 1) / kPrefaultStep * kPrefaultStep);
  prefault(bytes_.get() + expected_, end - expected_);
  expected_ = end;
}

}  // namespace ociassemble
