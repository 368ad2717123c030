// SPDX-License-Identifier: Apache-2.0
#include "inputs/folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "test_folder.hpp"

using namespace ociassemble;
using test::TestFolder;

namespace {

std::vector<std::string> sorted_paths(const std::vector<LayerEntry>& entries) {
  std::vector<std::string> paths;
  for (const auto& made : entries) paths.push_back(made.entry.path);
  std::ranges::sort(paths);
  return paths;
}

}  // namespace

TEST_CASE("a folder's members come with their kinds, sizes and targets, links not followed") {
  const TestFolder folder;
  folder.write("below/file", "text");
  std::filesystem::create_symlink("file", folder / "below/link");
  std::filesystem::create_symlink("below", folder / "other");
  const auto entries = read_folder(folder / "", 7);
  CHECK(sorted_paths(entries) == std::vector<std::string>{"below", "below/file", "below/link", "other"});
  for (const auto& made : entries) {
    CAPTURE(made.entry.path);
    CHECK(made.entry.mtime == 7);
    CHECK((made.bytes != nullptr) == (made.entry.path == "below/file"));
    if (made.entry.path == "below/file") CHECK(made.entry.size == 4);
    if (made.entry.path == "below/link") CHECK(made.entry.link_target == "file");
    if (made.entry.path == "other") CHECK(made.entry.link_target == "below");
  }
}

TEST_CASE("folders that are deeper than the reader keeps open are read whole") {
  const TestFolder folder;
  std::vector<std::string> expected;
  std::string path;
  for (int depth = 0; depth < 150; ++depth) {
    path += (depth == 0 ? "" : "/") + std::string("d");
    expected.push_back(path);
    for (const char* name : {"/a", "/z"}) {
      folder.write(path + name, "text");
      expected.push_back(path + name);
    }
  }
  std::ranges::sort(expected);
  CHECK(sorted_paths(read_folder(folder / "", 0)) == expected);
}
