// SPDX-License-Identifier: Apache-2.0
#include "io/sorted_records.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

using namespace ociassemble;

namespace {

std::vector<std::pair<std::string, std::string>> read(const SortedRecords& records) {
  std::vector<std::pair<std::string, std::string>> all;
  for (auto reader = records.read(); reader.next();) all.emplace_back(reader.key(), reader.value());
  return all;
}

}  // namespace

TEST_CASE("records come in the order of their keys' bytes, and of one key the last counts") {
  // As much memory as a single record takes, some, and all.
  for (const std::size_t memory : {1U, 40U, 1000U, 1'000'000U}) {
    CAPTURE(memory);
    RecordSorter sorter(memory);
    for (const auto* key : {"b", "a", "c", "a", "\xff", "", "b", "a/b", "a", "a.b"}) {
      sorter.add(key, std::string(key) + std::to_string(memory));
    }
    sorter.add("a", "last");
    sorter.add("z", std::string(100'000, 'z'));
    sorter.add("z", "");
    const auto records = sorter.finish();
    const auto with = [&](const char* key) { return std::pair(std::string(key), key + std::to_string(memory)); };
    const std::vector<std::pair<std::string, std::string>> expected = {
        with(""), {"a", "last"}, with("a.b"), with("a/b"), with("b"), with("c"), {"z", ""}, with("\xff")};
    CHECK(read(records) == expected);
    CHECK(read(records) == expected);
  }
}

TEST_CASE("no records are none") {
  CHECK(read(SortedRecords()).empty());
  CHECK(read(RecordSorter().finish()).empty());
}

TEST_CASE("records in many runs are those of a map") {
  RecordSorter sorter(1000);
  std::map<std::string, std::string> expected;
  std::uint32_t number = 1;
  for (int i = 0; i < 5000; ++i) {
    number = number * 1664525 + 1013904223;
    const auto key = std::to_string(number % 3000);
    const auto value = std::string(number % 50, static_cast<char>('a' + i % 26));
    sorter.add(key, value);
    expected[key] = value;
  }
  const auto all = read(sorter.finish());
  CHECK(std::map<std::string, std::string>(all.begin(), all.end()) == expected);
  CHECK(all.size() == expected.size());
}
