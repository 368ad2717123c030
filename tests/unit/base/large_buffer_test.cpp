// SPDX-License-Identifier: Apache-2.0
#include "base/large_buffer.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace ociassemble {
namespace {

TEST_CASE("asking for pages changes no byte, and no errno") {
  std::string bytes(1'000'000, 'x');
  errno = 7;
  for (const std::size_t offset : {0U, 1U, 4095U, 4096U, 5000U}) {
    for (const std::size_t size : {0U, 1U, 4095U, 4096U, 8192U, 900'000U}) prefault(bytes.data() + offset, size);
  }
  CHECK(errno == 7);
  CHECK(bytes == std::string(1'000'000, 'x'));
}

TEST_CASE("a large buffer keeps what was written, whatever is expected later") {
  LargeBuffer buffer(1'000'001);
  CHECK(buffer.size() == 1'000'001);
  buffer.expect(10);
  std::memset(buffer.data(), 'a', 300'000);
  for (const std::size_t expected : {std::size_t{0}, std::size_t{300'000}, std::size_t{999'999}, buffer.size()}) {
    buffer.expect(expected);
    CHECK(std::string(reinterpret_cast<const char*>(buffer.data()), 300'000) == std::string(300'000, 'a'));
  }
  std::memset(buffer.data(), 'b', buffer.size());
  CHECK(buffer.data()[buffer.size() - 1] == std::byte{'b'});
}

TEST_CASE("more may be expected than there is") {
  LargeBuffer buffer(100'000);
  buffer.expect(10'000'000);
  std::memset(buffer.data(), 'c', buffer.size());
  CHECK(buffer.data()[99'999] == std::byte{'c'});
}

}  // namespace
}  // namespace ociassemble
