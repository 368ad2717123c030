// SPDX-License-Identifier: Apache-2.0
#include "base/output_file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>
#include <future>
#include <string>

#include "base/waiting.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/io.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using test::read_bytes;
using test::TestFolder;

namespace fs = std::filesystem;

TEST_CASE("a file is replaced whole, and not touched when it holds the bytes already") {
  const TestFolder folder;
  const auto file = folder.write("file", "old");
  struct stat before {};
  write_output(file, as_bytes("new"));
  CHECK(read_bytes(file) == "new");
  REQUIRE(::stat(file.c_str(), &before) == 0);
  write_output(file, as_bytes("new"));
  struct stat after {};
  REQUIRE(::stat(file.c_str(), &after) == 0);
  CHECK(after.st_ino == before.st_ino);
}

TEST_CASE("a symlink is followed, also one that leads nowhere yet") {
  const TestFolder folder;
  folder.write("real/file", "old");
  fs::create_symlink("real/file", folder / "link");
  fs::create_symlink("link", folder / "chain");
  fs::create_symlink("real/none", folder / "dangling");
  write_output(folder / "chain", as_bytes("new"));
  write_output(folder / "dangling", as_bytes("made"));
  CHECK(fs::is_symlink(folder / "chain"));
  CHECK(fs::is_symlink(folder / "dangling"));
  CHECK(read_bytes(folder / "real/file") == "new");
  CHECK(read_bytes(folder / "real/none") == "made");
  fs::create_symlink("loop", folder / "loop");
  CHECK_THROWS_AS(write_output(folder / "loop", as_bytes("x")), Error);
}

TEST_CASE("into a pipe and a device the bytes are written") {
  const TestFolder folder;
  const auto pipe = folder / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  auto reader = std::async(std::launch::async, [&] { return read_bytes(pipe); });
  const std::string bytes(300000, 'x');  // more than a pipe holds
  write_output(pipe, as_bytes(bytes));
  CHECK(reader.get() == bytes);
  CHECK(fs::is_fifo(pipe));
  write_output("/dev/null", as_bytes("x"));
  CHECK(fs::is_character_file("/dev/null"));
}

TEST_CASE("a file that is a descriptor of ours is written to where it stands, and not replaced") {
  const TestFolder folder;
  const auto file = folder.write("log", "");
  const UniqueFd ours(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  REQUIRE(::write(ours.get(), "first\n", 6) == 6);
  const auto number = std::to_string(ours.get());
  fs::create_symlink("/dev/fd/" + number, folder / "link");
  write_output("/dev/fd/" + number, as_bytes("second\n"));
  write_output("/proc/self/fd/" + number, as_bytes("third\n"));
  write_output("/proc/thread-self/fd/" + number, as_bytes("fourth\n"));
  write_output(folder / "link", as_bytes("fifth\n"));
  REQUIRE(::write(ours.get(), "last\n", 5) == 5);
  CHECK(read_bytes(file) == "first\nsecond\nthird\nfourth\nfifth\nlast\n");
  // A name of digits alone is no descriptor.
  write_output(folder / number, as_bytes("file"));
  CHECK(read_bytes(folder / number) == "file");
}

TEST_CASE("- is the standard output, whatever that is") {
  const TestFolder folder;
  const auto file = folder.write("out", "");
  const UniqueFd was(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10));
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  const UniqueFd near(ends[0]);
  const UniqueFd far(ends[1]);
  const UniqueFd target(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  for (const int end : {target.get(), near.get()}) {
    REQUIRE(::dup2(end, STDOUT_FILENO) == STDOUT_FILENO);
    write_output("-", as_bytes("bytes"));
  }
  ::dup2(was.get(), STDOUT_FILENO);
  CHECK(read_bytes(file) == "bytes");
  char text[6] = {};
  CHECK(::read(far.get(), text, 5) == 5);
  CHECK(std::string(text) == "bytes");
}

TEST_CASE("a folder is refused, and what cannot be written is an error with the path and the cause") {
  const TestFolder folder;
  CHECK_THROWS_WITH_AS(write_output(folder.path(), as_bytes("x")),
                       ("cannot write " + folder.path().string() + ": it is a folder").c_str(), Error);
  const auto long_name = (folder / std::string(300, 'x')).string();
  CHECK_THROWS_WITH_AS(write_output(long_name, as_bytes("x")),
                       ("cannot write " + long_name + ": File name too long").c_str(), Error);
  CHECK_THROWS_AS(write_output(folder / "none/file", as_bytes("x")), Error);
}

TEST_CASE(
    "waiting for a pipe's reader, a writer or a lock ends with the stop, and says after a second what it waits for") {
  const TestFolder folder;
  const auto pipe = folder / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const UniqueFd held(::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const UniqueFd other(::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  lock_file(held.get(), "it");
  const UniqueFd silent(::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const UniqueFd writer(::open(pipe.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  const auto second = folder / "second";
  REQUIRE(::mkfifo(second.c_str(), 0600) == 0);
  struct Row {
    std::string says;
    std::function<void()> wait;
  };
  const Row rows[] = {
      {"waiting for the lock of the folder, which another process holds",
       [&] { lock_file(other.get(), "the folder"); }},
      {"waiting for input from a pipe", [&] { wait_until_readable(silent.get(), "a pipe"); }},
      {"waiting for a reader of " + second.string(), [&] { write_output(second, as_bytes("x")); }},
  };
  for (const auto& row : rows) {
    std::stop_source stop;
    std::string said;
    // What it says is what ends it: no test knows how long a second is.
    const ScopedWaitListener listener(stop.get_token(), [&](const std::string& line) {
      said = line;
      stop.request_stop();
    });
    CHECK_THROWS_WITH_AS(row.wait(), "interrupted", Error);
    CHECK(said == row.says);
  }
}
