// SPDX-License-Identifier: Apache-2.0
#include "tree/tree_node.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

using namespace ociassemble;

namespace {

// The names, each with its node's size.
std::map<std::string, std::uint64_t> sizes_in(const TreeChildren& children) {
  std::map<std::string, std::uint64_t> sizes;
  std::string last;
  for (const auto& [name, node] : children) {
    CHECK((sizes.empty() || last < name));
    last = name;
    sizes[last] = node.size;
  }
  CHECK(sizes.size() == children.size());
  return sizes;
}

TreeNode sized(std::uint64_t size) {
  TreeNode node;
  node.size = size;
  return node;
}

}  // namespace

TEST_CASE("children are those of a map, in whatever order they come and go") {
  for (const bool is_rising : {true, false}) {
    TreeChildren children;
    std::map<std::string, std::uint64_t> expected;
    std::uint32_t number = 1;
    for (std::uint32_t i = 0; i < 2000; ++i) {
      number = is_rising ? number + 1 : number * 1664525 + 1013904223;
      auto name = std::to_string(number % 5000);
      if (is_rising) name.insert(0, 5 - name.size(), '0');
      children[name].size = i;
      expected[name] = i;
      if (i % 7 == 3) {
        children.erase(name);
        expected.erase(name);
      }
    }
    CHECK(sizes_in(children) == expected);
    const auto copy = children;
    children.remove_if([](TreeNode& node) { return node.size % 3 != 0; });
    CHECK(sizes_in(copy) == expected);
    std::erase_if(expected, [](const auto& entry) { return entry.second % 3 != 0; });
    CHECK(sizes_in(children) == expected);
    for (const auto& [name, size] : expected) {
      REQUIRE(children.find(name) != nullptr);
      CHECK(children.find(name)->size == size);
    }
    CHECK(children.find("none") == nullptr);
    children.remove_if([](TreeNode&) { return true; });
    CHECK(children.empty());
    CHECK(children.begin() == children.end());
  }
}

TEST_CASE("a child is put where there is none, and found by its beginning") {
  TreeChildren children;
  CHECK_FALSE(children.has_prefix(""));
  CHECK(children.try_emplace("b", sized(1)).second);
  CHECK_FALSE(children.try_emplace("b", sized(2)).second);
  CHECK(children.find("b")->size == 1);
  for (int i = 100; i < 400; ++i) children.append("c" + std::to_string(i), sized(0));
  for (const auto* prefix : {"", "b", "c1", "c163", "c399"}) CHECK(children.has_prefix(prefix));
  for (const auto* prefix : {"a", "ba", "c0", "c4", "c3990", "d"}) CHECK_FALSE(children.has_prefix(prefix));
}

TEST_CASE("children are made when they are looked at, once") {
  int made = 0;
  TreeChildren children([&made] {
    ++made;
    TreeChildren some;
    some.append("a", sized(1));
    return some;
  });
  auto copy = children;
  CHECK(made == 0);
  CHECK(children.size() == 1);
  CHECK(children.find("a")->size == 1);
  CHECK(made == 1);
  copy["b"].size = 2;
  CHECK(made == 2);
  CHECK(sizes_in(copy) == std::map<std::string, std::uint64_t>{{"a", 1}, {"b", 2}});
  CHECK(children.find("b") == nullptr);
}

TEST_CASE("a node is copied with all that few have") {
  TreeNode node;
  node.set_link_target("to");
  node.set_xattrs({{"user.a", "1"}});
  node.set_contents("text");
  auto copy = node;
  node.set_link_target("");
  node.set_contents({});
  node.set_xattrs({});
  CHECK(copy.link_target() == "to");
  CHECK(copy.xattrs().at("user.a") == "1");
  CHECK(copy.contents() == "text");
  CHECK(node.link_target().empty());
  CHECK(node.xattrs().empty());
  CHECK_FALSE(node.contents());
  CHECK(TreeNode().link_target().empty());
}
