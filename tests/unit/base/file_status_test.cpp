// SPDX-License-Identifier: Apache-2.0
#include "base/file_status.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "ociassemble/error.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using test::TestFolder;
namespace fs = std::filesystem;

TEST_CASE("what is not there is told from what cannot be looked at") {
  const TestFolder folder;
  folder.write("file", "x");
  CHECK(!is_there(folder / "none"));
  CHECK(!is_there(folder / "file/below"));
  CHECK(is_there(folder / "file"));
  CHECK(!is_folder(folder / "file"));
  fs::create_directory_symlink(".", folder / "link");
  CHECK(is_folder(folder / "link"));
  // Root is refused nothing, but nobody follows a circle.
  fs::create_symlink("circle", folder / "circle");
  CHECK_THROWS_WITH_AS(
      file_status(folder / "circle"),
      ("cannot look at " + (folder / "circle").string() + ": Too many levels of symbolic links").c_str(), Error);
}

TEST_CASE("folders are made with those above them, and an error names its cause") {
  const TestFolder folder;
  make_folders(folder / "a/b/c");
  make_folders(folder / "a/b/c");
  CHECK(is_folder(folder / "a/b/c"));
  make_folders("");  // the working folder, which is there
  folder.write("file", "x");
  CHECK_THROWS_WITH_AS(make_folders(folder / "file/below"),
                       ("cannot create " + (folder / "file/below").string() + ": Not a directory").c_str(), Error);
}
