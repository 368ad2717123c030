// SPDX-License-Identifier: Apache-2.0
#include "base/made_once.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using ociassemble::MadeOnce;

TEST_SUITE("made once") {
  TEST_CASE("a key's value is made at the first call only") {
    MadeOnce<int, std::string> values;
    CHECK(values.get(1, [] { return "one"; }) == "one");
    CHECK(values.get(1, [] { return "another"; }) == "one");
    CHECK(values.get(2, [] { return "two"; }) == "two");
  }

  TEST_CASE("what making it threw is thrown to all who ask") {
    MadeOnce<int, int> values;
    const auto fail = []() -> int { throw std::runtime_error("no"); };
    CHECK_THROWS_WITH(values.get(1, fail), "no");
    CHECK_THROWS_WITH(values.get(1, [] { return 1; }), "no");
  }

  TEST_CASE("threads that ask at the same time get one value") {
    MadeOnce<int, int> values;
    std::atomic<int> made = 0;
    std::vector<std::jthread> threads;
    std::vector<int> seen(8);
    for (auto& each : seen) {
      threads.emplace_back([&] { each = values.get(7, [&] { return ++made; }); });
    }
    threads.clear();
    CHECK(made == 1);
    CHECK(seen == std::vector<int>(8, 1));
  }
}
