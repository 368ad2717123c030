// SPDX-License-Identifier: Apache-2.0
#include "inputs/input_file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <fstream>

#include "image/cached_layer.hpp"
#include "inputs/folder.hpp"
#include "ociassemble/error.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
namespace fs = std::filesystem;

namespace {

std::string rest_of(Source& source) { return read_all(source, 1U << 20U, "the file"); }

// In place, as the same size; with the mtime as it was.
void overwrite(const fs::path& file, std::string_view bytes) {
  struct stat before {};
  REQUIRE(::stat(file.c_str(), &before) == 0);
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  stream.close();
  const timespec times[2] = {before.st_atim, before.st_mtim};
  REQUIRE(::utimensat(AT_FDCWD, file.c_str(), times, 0) == 0);
}

void check_changed(const std::function<void()>& work) {
  try {
    work();
    FAIL("it was read");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::io);
    CHECK(std::string(error.what()).find("it changed while it was read") != std::string::npos);
  }
}

void read_some(Source& source) {
  std::array<std::byte, 2> some{};
  REQUIRE(source.read(some) == 2);
}

}  // namespace

TEST_CASE("a file at rest gives its bytes") {
  const test::TestFolder folder;
  const auto file = folder.write("file", "one two");
  InputFile source(file, FileIdentity::of(file));
  CHECK(rest_of(source) == "one two");
  CHECK(read_input_file(file, 7) == "one two");
}

TEST_CASE("a file that is written to in place while it is read is an error, not a mixture") {
  const test::TestFolder folder;
  const auto file = folder.write("file", "one two");
  InputFile source(file);
  read_some(source);
  overwrite(file, "ONE TWO");
  check_changed([&] { rest_of(source); });
}

TEST_CASE("a file that was written to after it was looked at is an error even though size and mtime are the same") {
  const test::TestFolder folder;
  const auto file = folder.write("file", "one");
  const auto seen = FileIdentity::of(file);
  InputFile(file, seen).require_unchanged();  // at rest from here on
  overwrite(file, "two");
  check_changed([&] { const InputFile source(file, seen); });
}

TEST_CASE("a path that leads to another file than the one that was looked at is an error") {
  const test::TestFolder folder;
  folder.write("v1/file", "one");
  folder.write("v2/file", "two");
  fs::create_symlink("v1", folder / "current");
  const auto file = folder / "current/file";
  const auto entry = read_regular_file(file, "file", 0);
  fs::remove(folder / "current");
  fs::create_symlink("v2", folder / "current");
  check_changed([&] { entry.bytes->open(); });
}

TEST_CASE("a fifo in the place of a file is an error, not a wait") {
  const test::TestFolder folder;
  const auto file = folder.write("file", "one");
  const auto entry = read_regular_file(file, "file", 0);
  fs::remove(file);
  REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
  check_changed([&] { entry.bytes->open(); });
}

TEST_CASE("where a change need not show in the ctime, a file is read twice") {
  const test::TestFolder folder;
  const auto file = folder.write("file", "one two");
  auto seen = *FileIdentity::of(file);
  // As FAT, SMB and sshfs have it: the clock's grain is longer than the change.
  InputFile source(file, seen, InputFile::Trust::bytes);
  read_some(source);
  SUBCASE("and gives its bytes when they are the same") { CHECK(rest_of(source) == "e two"); }
  SUBCASE("and is an error when another file has taken its place") {
    fs::rename(folder.write("other", "ONE TWO"), file);
    check_changed([&] { rest_of(source); });
  }
}

TEST_CASE("a layer that failed because a file changed is not remembered") {
  const test::TestFolder folder;
  folder.write("v1/file", "one");
  folder.write("v2/file", "two");
  fs::create_symlink("v1", folder / "current");
  ::usleep(60'000);
  LayerCache cache(std::make_shared<RecordCache>(folder / "cache"));
  const auto store = make_memory_store();
  const auto switch_to = [&](const char* version) {
    fs::remove(folder / "current");
    fs::create_symlink(version, folder / "current");
  };
  const std::vector entries{read_regular_file(folder / "current/file", "file", 0)};
  switch_to("v2");
  CHECK_THROWS_AS(build_cached_layer(entries, {}, store, &cache, LayerCache::key(entries, {}), MakeLayer::now, {}),
                  Error);
  switch_to("v1");
  CHECK_FALSE(cache.find(*LayerCache::key(entries, {})));
}

// A page that is mapped for writing is stamped when it is first written to, and then no more; a write in one call when
// it begins. So this is what a write that was under way before looks like.
TEST_CASE("a change that no time shows is seen where somebody has the file open for writing") {
  const test::TestFolder folder;
  const auto file = folder.write("file", std::string(1U << 19U, 'a'));
  const int fd = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  REQUIRE(fd >= 0);
  void* mapped = ::mmap(nullptr, 1U << 19U, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ::close(fd);
  REQUIRE(mapped != MAP_FAILED);
  std::memset(mapped, 'b', 1U << 19U);
  ::usleep(60'000);
  const auto before = *FileIdentity::of(file);
  {
    InputFile source(file, before);
    CHECK(source.may_be_written());
    std::array<std::byte, 4096> start{};
    REQUIRE(source.read(start) == start.size());
    std::memset(mapped, 'c', 1U << 19U);
    REQUIRE(FileIdentity::of(file)->same_as(before));
    check_changed([&] { rest_of(source); });
  }
  // What is read at rest is right, and yet nobody may remember it.
  LayerCache cache(std::make_shared<RecordCache>(folder / "cache"));
  const auto store = make_memory_store();
  const auto is_remembered = [&] {
    const std::vector entries{read_regular_file(file, "file", 0)};
    build_cached_layer(entries, {}, store, &cache, LayerCache::key(entries, {}), MakeLayer::now, {});
    return cache.find(*LayerCache::key(entries, {})).has_value();
  };
  CHECK_FALSE(is_remembered());
  ::munmap(mapped, 1U << 19U);
  CHECK_FALSE(InputFile(file).may_be_written());
  CHECK(is_remembered());
}
