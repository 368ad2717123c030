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
#include <stop_token>
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
  const auto report =
      unpack(image, read_image_root(image, layers.size(), nullptr, {}), layers.size(), root, options, {});
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

TEST_CASE("a folder that a layer replaces by a link stays inside, and so do /proc and /dev as links" *
          doctest::skip(lacks_openat2())) {
  const TestFolder folder;
  folder.write("outside/secret", "untouched");
  const auto outside = folder / "outside";
  RawTar lower;
  lower.folder("d").file("d/secret", "inside").folder("proc").folder("dev");
  RawTar upper;
  upper.symlink("d", outside.string()).file("d/secret", "evil").file("d/.wh.secret");
  upper.symlink("proc", "../outside")
      .symlink("dev", outside.string())
      .file("proc/secret", "evil")
      .file("dev/new", "evil");
  const auto result = unpacked({lower, upper}, folder);
  CHECK(all_files(outside) == std::map<std::string, std::string>{{"secret", "untouched"}});
  CHECK(result.files.at("d") == "-> " + outside.string());
}

TEST_CASE("names are bytes, in UTF-8 or not" * doctest::skip(lacks_openat2())) {
  const TestFolder folder;
  RawTar lower;
  lower.folder("\xff\xfe").file("\xff\xfe/\xe9t\xe9", "latin 1").file("a\nb", "line");
  RawTar upper;
  upper.hard_link("link", "\xff\xfe/\xe9t\xe9").file("\xff\xfe/.wh.\xe9t\xe9");
  const auto result = unpacked({lower, upper}, folder);
  CHECK(result.files == std::map<std::string, std::string>{{"\xff\xfe", "/"}, {"a\nb", "line"}, {"link", "latin 1"}});
}

TEST_CASE("layers whose tree is kept are not read again, and what is laid over them is right" *
          doctest::skip(lacks_openat2())) {
  const TestFolder folder;
  RecordCache trees(folder / "cache");
  RawTar base;
  base.folder("etc").file("etc/a", "a").file("etc/b", "b").file("etc/c", "c");
  RawTar first;
  first.file("app", "one");
  // Names of files below, one after another: the last one counts.
  RawTar second;
  second.hard_link("x", "etc/a")
      .hard_link("x", "etc/b")
      .hard_link("y", "x")
      .file("etc/.wh.c")
      .hard_link("app", "etc/a");
  KeptRoots roots(folder / "roots", {}, &trees);
  roots.shared(image_of({base, first}), false, {});
  const auto image = image_of({base, second});
  const auto two = roots.shared(image, false, {});
  const std::map<std::string, std::string> wanted{{"app", "a"}, {"etc", "/"}, {"etc/a", "a"}, {"etc/b", "b"},
                                                  {"tmp", "/"}, {"x", "b"},   {"y", "b"}};
  CHECK(all_files(two.folder) == wanted);
  CHECK(two.report.bytes == 0);
  CHECK(all_files(roots.shared(image_of({base, first}), false, {}).folder).at("etc/c") == "c");

  // The same where the files below are gone, all or one: they are read again.
  for (const auto* gone : {"", "etc/b"}) {
    CAPTURE(gone);
    const TestFolder other;
    KeptRoots anew(other / "roots", {}, &trees);
    if (*gone != '\0') {
      anew.shared(image_of({base, first}), false, {});
      for (const auto& entry : fs::directory_iterator(other / "roots")) {
        if (entry.is_directory() && !fs::exists(entry.path() / "app")) fs::remove(entry.path() / gone);
      }
    }
    CHECK(all_files(anew.shared(image, false, {}).folder) == wanted);
  }
}

TEST_CASE("a run that was interrupted while it unpacked leaves nothing for long" * doctest::skip(lacks_openat2())) {
  const TestFolder folder;
  RawTar tar;
  tar.folder("etc").file("etc/a", "a");
  std::stop_source stopped;
  stopped.request_stop();
  KeptRoots roots(folder / "roots");
  CHECK_THROWS_AS(roots.shared(image_of({tar}), false, stopped.get_token()), Error);
  // What a kill leaves: a part, and a folder of its own, both with a lock that nobody holds.
  const auto name = std::string(64, 'a');
  folder.write("roots/" + name + ".part/etc/a", "half");
  folder.write("roots/" + name + ".lock", "");
  folder.write("roots/own-123456/etc/a", "half");
  folder.write("roots/own-123456.lock", "");
  KeptRoots(folder / "roots", {.folders = 1, .bytes = 0}).prune();
  CHECK(all_files(folder / "roots").empty());
}

TEST_CASE("a root that may be written to shares no file, and other mounts mean another root" *
          doctest::skip(lacks_openat2())) {
  const TestFolder folder;
  RawTar base;
  base.file("a", "a");
  RawTar top;
  top.file("b", "b");
  KeptRoots roots(folder / "roots");
  const auto image = image_of({base, top});
  const auto plain = roots.shared(image, false, {});
  const auto mounted = roots.shared(image, false, {}, {"/src"});
  CHECK(plain.folder != mounted.folder);
  CHECK(roots.shared(image, false, {}, {"/src"}).folder == mounted.folder);
  const auto own = roots.own(image, false, {});
  struct stat status {};
  REQUIRE(::stat((own.folder / "a").c_str(), &status) == 0);
  CHECK(status.st_nlink == 1);
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
  const auto one = roots.shared(image_of({base, first}), false, {});
  const auto two = roots.shared(image_of({base, second}), false, {});
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
  const auto again = roots.shared(image_of({base, first}), false, {});
  CHECK(again.folder == one.folder);
  CHECK(again.report.bytes == 0);
}

TEST_CASE("kept roots are bounded, and those in use stay" * doctest::skip(lacks_openat2())) {
  const TestFolder folder;
  KeptRoots roots(folder / "roots", {.folders = 2, .bytes = 1U << 20U});
  RawTar in_use;
  in_use.file("f", "used");
  const auto held = roots.shared(image_of({in_use}), false, {});
  for (const auto* text : {"1", "2", "3", "4", "5"}) {
    RawTar tar;
    tar.file("f", text);
    roots.shared(image_of({tar}), false, {});
  }
  std::size_t kept = 0;
  for (const auto& entry : fs::directory_iterator(folder / "roots")) kept += entry.is_directory() ? 1 : 0;
  CHECK(kept <= 3);
  CHECK(bytes_of(held.folder / "f") == "used");
  // One that may be written to is nobody else's, and goes after its use.
  fs::path mine;
  {
    const auto own = roots.own(image_of({in_use}), false, {});
    mine = own.folder;
    CHECK(bytes_of(mine / "f") == "used");
    struct stat status {};
    REQUIRE(::stat((mine / "f").c_str(), &status) == 0);
    CHECK(status.st_nlink == 1);
  }
  roots.own(image_of({in_use}), false, {});
  CHECK_FALSE(fs::exists(mine));
}
