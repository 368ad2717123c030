// SPDX-License-Identifier: Apache-2.0
#include "store/record_cache.hpp"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

#include "test_folder.hpp"

using namespace ociassemble;
using test::TestFolder;

TEST_CASE("a record is found under its kind and key, and nowhere else") {
  const TestFolder folder;
  RecordCache cache(folder / "cache");
  const auto key = Digest::of(std::string_view("key"));
  CHECK_FALSE(cache.find("layers", key));
  cache.put("layers", key, "value");
  CHECK(cache.find("layers", key).value().bytes == "value");
  CHECK_FALSE(cache.find("trees", key));
  CHECK_FALSE(cache.find("layers", Digest::of(std::string_view("other"))));
}

TEST_CASE("a damaged or truncated record is a miss") {
  const TestFolder folder;
  RecordCache cache(folder.path());
  const auto key = Digest::of(std::string_view("key"));
  cache.put("layers", key, "value");
  const auto file = folder.path() / "layers" / key.hex();
  const auto bytes = test::read_bytes(file);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    folder.write("layers/" + std::string(key.hex()), bytes.substr(0, size));
    CHECK_FALSE(cache.find("layers", key));
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 4);
    folder.write("layers/" + std::string(key.hex()), damaged);
    CHECK_FALSE(cache.find("layers", key));
  }
}

TEST_CASE("over the limit the records used longest ago go first") {
  const TestFolder folder;
  RecordCache cache(folder.path(), 10000);
  const auto key = [](int i) { return Digest::of(std::to_string(i)); };
  using namespace std::chrono_literals;
  for (int i = 0; i < 8; ++i) {
    cache.put("k", key(i), std::string(1000, 'x'));
    const auto file = folder.path() / "k" / key(i).hex();
    std::filesystem::last_write_time(file, std::filesystem::file_time_type::clock::now() - 1h + i * 1min);
  }
  CHECK(cache.find("k", key(0)));  // which makes it the youngest
  cache.put("k", key(8), std::string(1000, 'x'));
  cache.put("k", key(9), std::string(1000, 'x'));
  CHECK(cache.find("k", key(0)));
  CHECK_FALSE(cache.find("k", key(1)));
  CHECK(cache.find("k", key(9)));
}

TEST_CASE("what lies deeper than records is neither counted nor removed") {
  const TestFolder folder;
  const auto other = folder.write("files/1/other", std::string(20000, 'x'));
  std::filesystem::last_write_time(other, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  RecordCache cache(folder.path(), 10000);
  for (int i = 0; i < 20; ++i) cache.put("k", Digest::of(std::to_string(i)), std::string(1000, 'x'));
  CHECK(std::filesystem::exists(other));
  CHECK(cache.find("k", Digest::of(std::string_view("19"))));
  CHECK_FALSE(cache.find("k", Digest::of(std::string_view("0"))));
}

TEST_CASE("a cache that cannot be written costs nothing but time") {
  const TestFolder folder;
  folder.write("file", "not a folder");
  RecordCache cache(folder / "file/cache");
  cache.put("layers", Digest::of(std::string_view("key")), "value");
  CHECK_FALSE(cache.find("layers", Digest::of(std::string_view("key"))));
}

TEST_CASE("many threads with caches of their own in one folder see whole records or none") {
  for (const std::size_t size : {1'000U, 200'000U}) {  // read, and mapped
    const TestFolder folder;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        RecordCache cache(folder.path(), 20 * size);
        for (int i = 0; i < 50; ++i) {
          const auto key = Digest::of(std::to_string(i % 10));
          cache.put("k", key, std::string(size, static_cast<char>('a' + i % 10)));
          const auto found = cache.find("k", key);
          if (found) CHECK(found->bytes == std::string(size, static_cast<char>('a' + i % 10)));
        }
      });
    }
    for (auto& thread : threads) thread.join();
  }
}
