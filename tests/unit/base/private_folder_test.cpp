// SPDX-License-Identifier: Apache-2.0
#include "base/private_folder.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "test_folder.hpp"

using namespace ociassemble;
using test::TestFolder;

namespace {

namespace fs = std::filesystem;

std::string reason(const fs::path& folder) { return why_not_private(folder).value_or("private"); }

mode_t private_mode_of(const fs::path& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
}

}  // namespace

TEST_CASE("a folder is private when only the user and root can write to it, to those above and to those in it") {
  const TestFolder folder;
  const auto cache = folder / "above/cache";
  fs::create_directories(cache / "layers");
  const auto above = fs::canonical(folder / "above").string();
  ::chmod((folder / "above").c_str(), 0755);
  ::chmod(cache.c_str(), 0700);
  ::chmod((cache / "layers").c_str(), 0755);
  CHECK(reason(cache) == "private");
  CHECK(reason(cache / "not/there/yet") == "private");
  fs::create_symlink("above/cache", folder / "link");
  CHECK(reason(folder / "link") == "private");

  ::chmod((cache / "layers").c_str(), 0777);
  CHECK(reason(cache) == "others can write to " + above + "/cache/layers");
  ::chmod((cache / "layers").c_str(), 0755);
  ::chmod(cache.c_str(), 01777);
  CHECK(reason(cache) == "others can write to " + above + "/cache");
  ::chmod(cache.c_str(), 0700);
  ::chmod((folder / "above").c_str(), 0777);
  CHECK(reason(cache) == "others can write to " + above);
  CHECK(reason(folder / "link") == "others can write to " + above);
  ::chmod((folder / "above").c_str(), 01777);
  CHECK(reason(cache) == "private");
}

TEST_CASE("what belongs to another user is not private, whatever its mode") {
  if (::geteuid() != 0) return;  // only root can give things away
  const TestFolder folder;
  const auto above = fs::path(fs::canonical(folder.path()) / "above");
  fs::create_directories(above / "cache");
  REQUIRE(::chown(above.c_str(), 65533, 65533) == 0);
  CHECK(reason(above / "cache") == above.string() + " belongs to another user (65533)");
  CHECK(reason(above) == above.string() + " belongs to another user (65533)");
  REQUIRE(::chown(above.c_str(), 0, 65533) == 0);
  ::chmod(above.c_str(), 0775);
  CHECK(reason(above / "cache") == "others can write to " + above.string());
}

TEST_CASE("folders are made private, and those that are there keep their mode") {
  const TestFolder folder;
  fs::create_directory(folder / "old");
  ::chmod((folder / "old").c_str(), 0755);
  const auto before = ::umask(0);
  make_private_folders(folder / "old/new/newer");
  ::umask(before);
  CHECK(private_mode_of(folder / "old") == 0755);
  CHECK(private_mode_of(folder / "old/new") == 0700);
  CHECK(private_mode_of(folder / "old/new/newer") == 0700);
}
