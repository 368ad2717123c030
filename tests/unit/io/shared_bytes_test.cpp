// SPDX-License-Identifier: Apache-2.0
#include "io/shared_bytes.hpp"

#include <doctest/doctest.h>

#include "ociassemble/error.hpp"
#include "test_folder.hpp"

namespace ociassemble {
namespace {

using test::TestFolder;

constexpr std::size_t kLimit = 1'000'000;

TEST_CASE("bytes of a string outlive it") {
  auto shared = share(std::string(100'000, 's'));
  const auto copy = shared;
  shared = {};
  CHECK(copy.bytes == std::string(100'000, 's'));
  CHECK(share("").bytes.empty());
}

TEST_CASE("a file is there whole, read or mapped") {
  const TestFolder folder;
  for (const std::size_t size : {0U, 1U, 4'096U, 131'071U, 131'072U, 131'073U, 999'999U, 1'000'000U}) {
    CAPTURE(size);
    std::string bytes;
    while (bytes.size() < size) bytes += std::to_string(bytes.size());
    bytes.resize(size);
    const auto loaded = load_file_if_exists(folder.write("file", bytes), kLimit);
    REQUIRE(loaded);
    CHECK(loaded->bytes == bytes);
  }
}

TEST_CASE("what was loaded stays when the file is replaced or removed") {
  const TestFolder folder;
  for (const std::size_t size : {1'000U, 500'000U}) {
    const auto path = folder.write("file", std::string(size, 'a'));
    const auto loaded = load_file_if_exists(path, kLimit).value();
    std::filesystem::rename(folder.write("other", std::string(size, 'b')), path);
    CHECK(loaded.bytes == std::string(size, 'a'));
    const auto again = load_file_if_exists(path, kLimit).value();
    std::filesystem::remove(path);
    CHECK(again.bytes == std::string(size, 'b'));
    CHECK(loaded.bytes == std::string(size, 'a'));
    CHECK_FALSE(load_file_if_exists(path, kLimit));
  }
}

TEST_CASE("a file past the limit is an error") {
  const TestFolder folder;
  CHECK_THROWS_AS(load_file_if_exists(folder.write("file", std::string(kLimit + 1, 'x')), kLimit), Error);
  CHECK_THROWS_AS(load_file_if_exists(folder.write("file", "four"), 3), Error);
}

}  // namespace
}  // namespace ociassemble
