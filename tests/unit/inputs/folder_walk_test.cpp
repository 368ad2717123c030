// SPDX-License-Identifier: Apache-2.0
#include "inputs/folder_walk.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace ociassemble;

namespace {

// More than are ever kept ahead.
constexpr int kMany = 5000;

LayerEntry named(int number) {
  LayerEntry made;
  made.entry.path = std::to_string(number);
  return made;
}

void find_many(const FolderWalk::Visit& visit) {
  for (int number = 0; number < kMany; ++number) visit(named(number));
}

}  // namespace

TEST_CASE("a walk visits what is found, in its order, in the thread that asks") {
  const auto here = std::this_thread::get_id();
  std::vector<std::string> paths;
  FolderWalk(find_many).run([&](LayerEntry found) {
    REQUIRE(std::this_thread::get_id() == here);
    paths.push_back(found.entry.path);
  });
  REQUIRE(paths.size() == kMany);
  for (int number = 0; number < kMany; ++number)
    REQUIRE(paths[static_cast<std::size_t>(number)] == std::to_string(number));
}

TEST_CASE("a walk of nothing visits nothing") {
  FolderWalk([](const FolderWalk::Visit&) {}).run([](LayerEntry) { FAIL("nothing was found"); });
}

TEST_CASE("what cannot be read is told after what was found before it") {
  int visited = 0;
  FolderWalk walk([](const FolderWalk::Visit& visit) {
    for (int number = 0; number < 300; ++number) visit(named(number));
    throw std::runtime_error("no permission");
  });
  CHECK_THROWS_WITH(walk.run([&](LayerEntry) { ++visited; }), "no permission");
  CHECK(visited == 300);
}

TEST_CASE("a visit that fails ends the walk") {
  int visited = 0;
  bool found_all = false;
  {
    FolderWalk walk([&](const FolderWalk::Visit& visit) {
      find_many(visit);
      found_all = true;
    });
    CHECK_THROWS_WITH(walk.run([&](LayerEntry) {
      if (++visited == 10) throw std::runtime_error("the place is taken");
    }),
                      "the place is taken");
  }
  CHECK(visited == 10);
  CHECK_FALSE(found_all);
}
