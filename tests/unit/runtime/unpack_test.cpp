// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "ociassemble/error.hpp"
#include "raw_image.hpp"
#include "runtime/image_root.hpp"
#include "runtime/kept_roots.hpp"
#include "runtime/unpack.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using test::image_of;
using test::RawTar;
using test::TestFolder;

namespace {

namespace fs = std::filesystem;

struct Unpacked {
  UnpackReport report;
  std::map<std::string, std::string> files;  // path -> contents, or "-> TARGET", or "/"
};

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::map<std::string, std::string> all_files(const fs::path& root) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    auto& value = files[entry.path().lexically_relative(root).string()];
    if (entry.is_symlink()) {
      value = "-> " + fs::read_symlink(entry.path()).string();
    } else {
      value = entry.is_directory() ? "/" : bytes_of(entry.path());
    }
  }
  return files;
}

Unpacked unpacked(const std::vector<RawTar>& layers, const TestFolder& folder, bool keep_set_id = false) {
  const auto image = image_of(layers);
  const auto root = folder / "root";
  fs::create_directory(root);
  UnpackOptions options;
  options.set_owners = ::geteuid() == 0;
  options.keep_set_id = keep_set_id;
  const auto report = unpack(image, read_image_root(image, {}), layers.size(), root, options, {});
  return {report, all_files(root)};
}

unsigned mode_of(const fs::path& path) {
  struct stat status {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

// As emulators of other processors do.
bool lacks_openat2() { return ::syscall(SYS_openat2, -1, nullptr, nullptr, 0) != 0 && errno == ENOSYS; }

}  // namespace

TEST_CASE("layers are laid over each other as the specification has it" * doctest::skip(lacks_openat2())) {
  const TestFolder folder;
  RawTar lower;
  lower.folder("a").file("a/x", "lower x").file("a/y", "lower y").folder("b").file("b/z", "z").symlink("l", "a");
  RawTar upper;
  upper.file("a/.wh.x").file("l/new", "through a link").folder("b").file("b/.wh..wh..opq").file("b/w", "w");
  upper.hard_link("hard", "a/y");
  const auto result = unpacked({lower, upper}, folder);
  CHECK(result.files == std::map<std::string, std::string>{{"a", "/"},
                                                           {"a/new", "through a link"},
                                                           {"a/y", "lower y"},
                                                           {"b", "/"},
                                                           {"b/w", "w"},
                                                           {"hard", "lower y"},
                                                           {"l", "-> a"}});
}

TEST_CASE("a file that later layers moved is found where it is" * doctest::skip(lacks_openat2())) {
  const TestFolder folder;
  RawTar first;
  first.folder("a").file("a/data", "the bytes").symlink("way", "a");
  RawTar second;
  second.hard_link("kept", "way/data").file("a/.wh.data");
  RawTar third;
  third.folder("c").file(".wh.way").symlink("way", "c").file("way/data", "others");
  const auto result = unpacked({first, second, third}, folder);
  CHECK(result.files.at("kept") == "the bytes");
  CHECK(result.files.at("c/data") == "others");
  CHECK(result.files.count("a/data") == 0);
}

TEST_CASE("nothing outside the root is touched, whatever the layers hold" * doctest::skip(lacks_openat2())) {
  const TestFolder folder;
  const auto secret = folder.write("outside/secret", "untouched");
  const auto outside = folder / "outside";
  const auto before = fs::last_write_time(secret);
  RawTar lower;
  lower.symlink("abs", outside.string())
      .symlink("up", "../outside")
      .symlink("deep", "../../../../../../" + outside.string());
  lower.symlink("loop", "loop2").symlink("loop2", "abs");
  RawTar upper;
  upper.file("abs/secret", "evil").file("up/secret", "evil").file("deep/secret", "evil").file("loop/other", "evil");
  upper.file("up/.wh.secret").file("abs/.wh..wh..opq");
  unpacked({lower, upper}, folder);
  CHECK(bytes_of(secret) == "untouched");
  CHECK(fs::last_write_time(secret) == before);
  CHECK(all_files(outside) == std::map<std::string, std::string>{{"secret", "untouched"}});
  // What was written through the links lies inside.
  CHECK(bytes_of((folder / "root").string() + outside.string() + "/other") == "evil");
}

TEST_CASE("hard links to this machine's files and whiteouts of the parent are refused") {
  for (const auto* target : {"/etc/passwd", "../../../../etc/passwd", "abs/passwd"}) {
    const TestFolder folder;
    RawTar tar;
    tar.symlink("abs", "/etc").hard_link("stolen", target);
    CAPTURE(target);
    CHECK_THROWS_AS(unpacked({tar}, folder), Error);
    CHECK_FALSE(fs::exists(folder / "root" / "stolen"));
  }
  for (const auto* name : {".wh...", "a/.wh...", ".wh..", "../.wh.x"}) {
    const TestFolder folder;
    RawTar tar;
    tar.folder("a").file(name);
    CAPTURE(name);
    CHECK_THROWS_AS(unpacked({tar}, folder), Error);
  }
}

TEST_CASE("devices are left out, and set-user-ID bits unless they are asked for" * doctest::skip(lacks_openat2())) {
  RawTar tar;
  tar.special("null", RawTar::kCharacterDevice)
      .special("pipe", RawTar::kFifo)
      .file("su", "x", 04755)
      .file("sg", "x", 02755);
  tar.folder("shared", 03777);
  const TestFolder folder;
  const auto result = unpacked({tar}, folder);
  CHECK(result.report.devices == 2);
  CHECK(result.report.set_id == 2);
  CHECK(result.files.count("null") == 0);
  CHECK(result.files.count("pipe") == 0);
  CHECK(mode_of(folder / "root/su") == 0755);
  CHECK(mode_of(folder / "root/sg") == 0755);
  CHECK(mode_of(folder / "root/shared") == 01777);
  const TestFolder other;
  unpacked({tar}, other, true);
  CHECK(mode_of(other / "root/su") == 04755);
}

TEST_CASE("a root is kept, shares files with the one below, and is never changed by it" *
          doctest::skip(lacks_openat2())) {
  const TestFolder folder;
  RawTar base;
  base.folder("etc").file("etc/a", "a").file("etc/b", "b").folder("closed", 0555).file("closed/c", "c");
  RawTar first;
  first.file("app", "one");
  RawTar second;
  second.file("app", "two").file("etc/b", "changed").file("etc/.wh.a");
  KeptRoots roots(folder / "roots");
  auto tree = empty_image_root();
  const auto one = roots.shared(image_of({base, first}), false, tree, {});
  tree = empty_image_root();
  const auto two = roots.shared(image_of({base, second}), false, tree, {});
  CHECK(all_files(one.folder).at("app") == "one");
  CHECK(all_files(one.folder).at("etc/b") == "b");
  CHECK(all_files(two.folder) ==
        std::map<std::string, std::string>{
            {"app", "two"}, {"closed", "/"}, {"closed/c", "c"}, {"etc", "/"}, {"etc/b", "changed"}, {"tmp", "/"}});
  struct stat left {};
  struct stat right {};
  REQUIRE(::stat((one.folder / "closed/c").c_str(), &left) == 0);
  REQUIRE(::stat((two.folder / "closed/c").c_str(), &right) == 0);
  CHECK(left.st_ino == right.st_ino);
  tree = empty_image_root();
  const auto again = roots.shared(image_of({base, first}), false, tree, {});
  CHECK(again.folder == one.folder);
  CHECK(again.report.bytes == 0);
}

TEST_CASE("kept roots are bounded, and those in use stay" * doctest::skip(lacks_openat2())) {
  const TestFolder folder;
  KeptRoots roots(folder / "roots", {.folders = 2, .bytes = 1U << 20U});
  RawTar in_use;
  in_use.file("f", "used");
  auto tree = empty_image_root();
  const auto held = roots.shared(image_of({in_use}), false, tree, {});
  for (const auto* text : {"1", "2", "3", "4", "5"}) {
    RawTar tar;
    tar.file("f", text);
    auto files = empty_image_root();
    roots.shared(image_of({tar}), false, files, {});
  }
  std::size_t kept = 0;
  for (const auto& entry : fs::directory_iterator(folder / "roots")) kept += entry.is_directory() ? 1 : 0;
  CHECK(kept <= 3);
  CHECK(bytes_of(held.folder / "f") == "used");
  // One that may be written to is nobody else's, and goes after its use.
  fs::path mine;
  {
    auto files = empty_image_root();
    const auto own = roots.own(image_of({in_use}), false, files, {});
    mine = own.folder;
    CHECK(bytes_of(mine / "f") == "used");
    struct stat status {};
    REQUIRE(::stat((mine / "f").c_str(), &status) == 0);
    CHECK(status.st_nlink == 1);
  }
  auto files = empty_image_root();
  roots.own(image_of({in_use}), false, files, {});
  CHECK_FALSE(fs::exists(mine));
}
