// SPDX-License-Identifier: Apache-2.0
#include "image/entry_reader.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <stop_token>
#include <string>
#include <vector>

#include "io/streams.hpp"
#include "ociassemble/error.hpp"

using namespace ociassemble;

namespace {

std::string bytes_of(std::size_t number) {
  // Every tenth is large.
  return std::string(number % 10 == 9 ? 200'000 : number % 7, static_cast<char>('a' + number % 26));
}

LayerEntry file(std::size_t number) {
  LayerEntry made;
  made.entry.path = std::to_string(number);
  made.entry.size = bytes_of(number).size();
  made.bytes = entry_bytes([number] { return std::make_unique<StringSource>(bytes_of(number)); });
  return made;
}

std::vector<LayerEntry> files(std::size_t count) {
  std::vector<LayerEntry> entries;
  for (std::size_t i = 0; i < count; ++i) entries.push_back(file(i));
  return entries;
}

std::string read(EntryReader& reader, std::size_t index) {
  const auto source = reader.open(index);
  return read_all(*source, 1'000'000, "an entry");
}

}  // namespace

TEST_CASE("many small files and large ones among them come in their order") {
  for (const std::size_t count : {std::size_t{3}, std::size_t{64}, std::size_t{1000}}) {
    const auto entries = files(count);
    EntryReader reader(entries, {});
    for (std::size_t i = 0; i < count; ++i) {
      CAPTURE(i);
      CHECK(read(reader, i) == bytes_of(i));
    }
  }
}

TEST_CASE("a small file that cannot be read fails in its turn, and those before it do not") {
  auto entries = files(1000);
  entries[500].bytes = entry_bytes([]() -> std::unique_ptr<Source> { throw Error(ErrorCode::io, "gone"); });
  EntryReader reader(entries, {});
  for (std::size_t i = 0; i < 500; ++i) REQUIRE(read(reader, i) == bytes_of(i));
  CHECK_THROWS_WITH_AS(reader.open(500), "gone", Error);
}

TEST_CASE("a small file that has grown gives one byte too many") {
  auto entries = files(200);
  entries[100].bytes = entry_bytes([] { return std::make_unique<StringSource>(std::string(1000, 'x')); });
  EntryReader reader(entries, {});
  for (std::size_t i = 0; i < 100; ++i) REQUIRE(read(reader, i) == bytes_of(i));
  CHECK(read(reader, 100).size() == entries[100].entry.size + 1);
}

TEST_CASE("a reader that is given up reads no more than it may be ahead") {
  auto entries = files(0);
  std::atomic<int> opened = 0;
  for (std::size_t i = 0; i < 5000; ++i) {
    auto made = file(0);
    made.bytes = entry_bytes([&opened] {
      ++opened;
      return std::make_unique<StringSource>("");
    });
    entries.push_back(std::move(made));
  }
  {
    EntryReader reader(entries, {});
    reader.open(0);
  }
  CHECK(opened < 1000);
}

TEST_CASE("an interruption comes out of the next small file that was not read yet") {
  std::stop_source stop;
  const auto entries = files(5000);
  EntryReader reader(entries, stop.get_token());
  read(reader, 0);
  stop.request_stop();
  const auto read_on = [&] {
    for (std::size_t i = 1; i < entries.size(); ++i) read(reader, i);
  };
  CHECK_THROWS_WITH_AS(read_on(), "interrupted", Error);
}
