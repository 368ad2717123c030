// SPDX-License-Identifier: Apache-2.0
#include "image/layer_builder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "ociassemble/error.hpp"

using namespace ociassemble;

namespace {

std::vector<LayerEntry> numbered(std::size_t count) {
  std::vector<LayerEntry> entries(count);
  for (std::size_t i = 0; i < count; ++i) entries[i].entry.path = std::to_string(i);
  return entries;
}

std::vector<std::string> paths_of(const std::vector<LayerEntry>& entries) {
  std::vector<std::string> paths;
  for (const auto& made : entries) paths.push_back(made.entry.path);
  return paths;
}

}  // namespace

TEST_CASE("entries are put into any order without a copy of them") {
  std::mt19937 random(7);  // NOLINT: the same at every run
  for (std::size_t count = 0; count < 40; ++count) {
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::shuffle(order.begin(), order.end(), random);
    std::vector<std::string> expected;
    for (const auto at : order) expected.push_back(std::to_string(at));
    auto entries = numbered(count);
    put_in_order(entries, order);
    CHECK(paths_of(entries) == expected);
  }
}

TEST_CASE("entries are sorted with a folder before what is below it, and that before its neighbours") {
  std::vector<LayerEntry> entries;
  for (const char* path : {"b", "a-b", "a/c", "a", "a.c", "a/b/c"}) entries.emplace_back().entry.path = path;
  sort_entries(entries);
  CHECK(paths_of(entries) == std::vector<std::string>{"a", "a/b/c", "a/c", "a-b", "a.c", "b"});
  entries.emplace_back().entry.path = "a";
  CHECK_THROWS_WITH_AS(sort_entries(entries), doctest::Contains("two entries for /a"), Error);
}
