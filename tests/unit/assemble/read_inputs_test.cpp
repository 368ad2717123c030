// SPDX-License-Identifier: Apache-2.0
#include "assemble/read_inputs.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace ociassemble;

TEST_CASE("what was read of folders comes back as it was, sorted and each once") {
  ReadInputs inputs;
  inputs.add("/z/file");
  inputs.add_member("/a/", "b");
  inputs.add_member("/a/", "b/c");
  inputs.add_member("/a/", "b/c");
  inputs.add_member("/a/", "b/cd");
  inputs.add_member("/a/", "");
  inputs.add_member("/", "other");
  inputs.add_member("relative/", "a\nb\xFF");
  inputs.add("/a/b");
  const std::vector<std::string> expected = {"/a/",    "/a/b",    "/a/b/c",           "/a/b/cd",
                                             "/other", "/z/file", "relative/a\nb\xFF"};
  CHECK(inputs.all() == expected);
}

TEST_CASE("paths that have more in common than two bytes count come back, too") {
  ReadInputs inputs;
  const std::string longest(0x1FFFF, 'x');
  inputs.add_member(longest, "a");
  inputs.add_member(longest, "b");
  inputs.add_member(longest.substr(0, 0x1FF), "c");
  CHECK(inputs.all() == std::vector<std::string>{longest.substr(0, 0x1FF) + "c", longest + "a", longest + "b"});
}
