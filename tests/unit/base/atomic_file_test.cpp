// SPDX-License-Identifier: Apache-2.0
#include "base/atomic_file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ociassemble/error.hpp"
#include "ociassemble/io.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using namespace ociassemble::test;
namespace fs = std::filesystem;

namespace {

std::size_t entries_in(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

// Runs `work` in a child, which is killed as soon as that is done.
template <class Work>
void do_and_be_killed(Work work) {
  std::fflush(nullptr);  // else the child may print what waits in the buffer, too
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    work();
    ::raise(SIGKILL);
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
}

mode_t mode_of(const fs::path& file) {
  struct stat status {};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

class Umask {
 public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;
  ~Umask() { ::umask(before_); }

 private:
  mode_t before_;
};

}  // namespace

TEST_CASE("an atomic file appears with all its bytes when it is committed, and not before") {
  const TestFolder folder;
  auto file = AtomicFile::in_folder(folder.path());
  file.write(as_bytes("one "));
  file.write(as_bytes("two"));
  CHECK_FALSE(fs::exists(folder / "target"));
  CHECK(fs::exists(file.temporary_path()));
  file.commit_as(folder / "target");
  CHECK(read_bytes(folder / "target") == "one two");
  CHECK(entries_in(folder.path()) == 1);
}

TEST_CASE("an atomic file that is not committed leaves nothing") {
  const TestFolder folder;
  folder.write("target", "before");
  {
    auto file = AtomicFile::in_folder(folder.path());
    file.write(as_bytes("after"));
  }
  CHECK(read_bytes(folder / "target") == "before");
  CHECK(entries_in(folder.path()) == 1);
}

TEST_CASE("a commit replaces the file that was there") {
  const TestFolder folder;
  folder.write("target", "before");
  write_file_atomically(folder / "target", as_bytes("after"));
  CHECK(read_bytes(folder / "target") == "after");
}

TEST_CASE("a commit that fails leaves the target as it was and no temporary file") {
  const TestFolder folder;
  folder.write("target/inside", "");
  try {
    write_file_atomically(folder / "target", as_bytes("after"));
    FAIL("replaced a folder");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::io);
    CHECK(error.what() == "cannot write " + (folder / "target").string() + ": Is a directory");
  }
  CHECK(fs::exists(folder / "target/inside"));
  CHECK(entries_in(folder.path()) == 1);
}

TEST_CASE("a folder that is not there is not found") {
  const TestFolder folder;
  try {
    AtomicFile::in_folder(folder / "missing");
    FAIL("was made");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::not_found);
    CHECK(error.what() == "cannot create a file in " + (folder / "missing").string() + ": No such file or directory");
  }
}

TEST_CASE("a full disk is an error with a hint") {
  // Writing to /dev/full fails with ENOSPC.
  if (!fs::exists("/dev/full")) {
    MESSAGE("skipped: no /dev/full here");
    return;
  }
  const TestFolder folder;
  auto file = AtomicFile::in_folder(folder.path());
  const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  REQUIRE(::dup2(full.get(), file.fd()) == file.fd());
  try {
    file.write(as_bytes("bytes"));
    FAIL("was written");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::io);
    CHECK(error.what() == "cannot write to " + folder.path().string() + ": No space left on device");
    CHECK_FALSE(error.hint().empty());
  }
}

TEST_CASE("the mode is what the umask leaves of 0666") {
  const TestFolder folder;
  {
    const Umask umask(022);
    write_file_atomically(folder / "open", {});
  }
  {
    const Umask umask(077);
    write_file_atomically(folder / "closed", {});
  }
  CHECK(mode_of(folder / "open") == 0644);
  CHECK(mode_of(folder / "closed") == 0600);
}

TEST_CASE("a moved atomic file is committed once, and its shell discards nothing") {
  const TestFolder folder;
  auto file = AtomicFile::in_folder(folder.path());
  file.write(as_bytes("x"));
  {
    AtomicFile moved = std::move(file);
    moved.commit_as(folder / "target");
  }
  CHECK(read_bytes(folder / "target") == "x");
  CHECK(entries_in(folder.path()) == 1);
}

TEST_CASE("what a killed process left is removed by the next atomic file in the folder") {
  const TestFolder folder;
  do_and_be_killed([&] {
    static auto file = AtomicFile::in_folder(folder.path());
    static const TemporaryFolder inner(folder.path());
    file.write(as_bytes("half"));
    write_file_atomically(inner.path() / "deep", as_bytes("more"));
  });
  REQUIRE(entries_in(folder.path()) == 2);
  { const auto file = AtomicFile::in_folder(folder.path()); }
  CHECK(entries_in(folder.path()) == 0);
}

TEST_CASE("a temporary file that a live process holds is not removed") {
  const TestFolder folder;
  auto held = AtomicFile::in_folder(folder.path());
  const TemporaryFolder held_folder(folder.path());
  remove_stale_temporaries(folder.path());
  do_and_be_killed([&] { remove_stale_temporaries(folder.path()); });
  CHECK(fs::exists(held.temporary_path()));
  CHECK(fs::exists(held_folder.path()));
  held.commit_as(folder / "target");
}

TEST_CASE("removing stale files touches nothing else and never throws") {
  const TestFolder folder;
  folder.write("other", "x");
  folder.write(".ociassemble", "x");
  fs::create_symlink("other", folder / ".ociassemble-tmp-link");
  remove_stale_temporaries(folder.path());
  CHECK(entries_in(folder.path()) == 3);
  remove_stale_temporaries(folder / "missing");
}

TEST_CASE("many threads write the same file, and one of the whole versions is there") {
  const TestFolder folder;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&folder, i] {
      const std::string bytes(100000, static_cast<char>('a' + i));
      for (int round = 0; round < 10; ++round) write_file_atomically(folder / "target", as_bytes(bytes));
    });
  }
  for (auto& thread : threads) thread.join();
  const auto bytes = read_bytes(folder / "target");
  REQUIRE(bytes.size() == 100000);
  CHECK(bytes == std::string(100000, bytes[0]));
  CHECK(entries_in(folder.path()) == 1);
}

TEST_CASE("many processes write into one folder and none removes another's file") {
  const TestFolder folder;
  std::vector<pid_t> children;
  for (int i = 0; i < 6; ++i) {
    std::fflush(nullptr);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      try {
        for (int round = 0; round < 20; ++round) {
          const auto name = std::to_string(i) + "-" + std::to_string(round);
          const TemporaryFolder inner(folder.path());
          write_file_atomically(inner.path() / "x", as_bytes("x"));
          write_file_atomically(folder / name, as_bytes(name));
        }
      } catch (...) {
        ::_exit(1);
      }
      ::_exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  CHECK(entries_in(folder.path()) == 120);
  CHECK(read_bytes(folder / "5-19") == "5-19");
}

TEST_CASE("a temporary folder is private, and goes with all that is in it") {
  const TestFolder folder;
  fs::path path;
  {
    const TemporaryFolder temporary(folder.path());
    path = temporary.path();
    CHECK(mode_of(path) == 0700);
    CHECK(path.parent_path() == folder.path());
    fs::create_directories(path / "a/b");
    write_file_atomically(path / "a/b/c", as_bytes("x"));
  }
  CHECK_FALSE(fs::exists(path));
  CHECK(entries_in(folder.path()) == 0);
}

TEST_CASE("a temporary folder in a folder that is not there is not found") {
  const TestFolder folder;
  try {
    const TemporaryFolder temporary(folder / "missing");
    FAIL("was made");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::not_found);
  }
}

TEST_CASE("what somebody else could have made is not taken for a stale temporary") {
  const TestFolder folder;
  fs::create_directory(folder / ".ociassemble-tmp-shared");
  ::chmod((folder / ".ociassemble-tmp-shared").c_str(), 0755);
  const auto kept = folder.write("precious", "x");
  fs::create_hard_link(kept, folder / ".ociassemble-tmp-0123456789abcdef");
  folder.write(".ociassemble-tmp-fedcba9876543210", "left by a killed process");
  remove_stale_temporaries(folder.path());
  CHECK(fs::exists(folder / ".ociassemble-tmp-shared"));
  CHECK(fs::exists(folder / ".ociassemble-tmp-0123456789abcdef"));
  CHECK_FALSE(fs::exists(folder / ".ociassemble-tmp-fedcba9876543210"));
}

TEST_CASE("a temporary folder is not made where everybody could put another in its place") {
  const TestFolder folder;
  ::chmod(folder.path().c_str(), 0777);
  CHECK_THROWS_AS(TemporaryFolder(folder.path()), Error);
  ::chmod(folder.path().c_str(), 01777);
  CHECK_NOTHROW(TemporaryFolder(folder.path()));
}

TEST_CASE("a file for its owner alone is that from its creation on") {
  const TestFolder folder;
  const auto before = ::umask(0);
  auto file = AtomicFile::in_folder(folder.path(), Durability::synced, Visibility::owner);
  ::umask(before);
  struct stat status {};
  REQUIRE(::fstat(file.fd(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
}
