// SPDX-License-Identifier: Apache-2.0
#include "io/streams.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "ociassemble/error.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using namespace ociassemble::test;
using namespace std::string_literals;

namespace {

// Gives its bytes in pieces of at most `piece`.
class SlowSource : public Source {
 public:
  SlowSource(std::string bytes, std::size_t piece) : bytes_(std::move(bytes)), piece_(piece) {}
  std::size_t read(std::span<std::byte> buffer) override {
    return bytes_.read(buffer.first(std::min(buffer.size(), piece_)));
  }

 private:
  StringSource bytes_;
  std::size_t piece_;
};

// Fails where another source ends, as a verifying source does.
class FailingSource : public Source {
 public:
  explicit FailingSource(std::string bytes) : bytes_(std::move(bytes)) {}
  std::size_t read(std::span<std::byte> buffer) override {
    const auto count = bytes_.read(buffer);
    if (count == 0) throw Error(ErrorCode::corrupt, "not what was promised");
    return count;
  }

 private:
  StringSource bytes_;
};

class FailingSink : public Sink {
 public:
  void write(std::span<const std::byte>) override { throw Error(ErrorCode::io, "no room"); }
};

template <class Work>
Error error_of(Work work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  FAIL("did not throw");
  return {ErrorCode::io, ""};
}

std::string read_with_buffer(Source& source, std::size_t size) {
  std::vector<std::byte> buffer(size);
  std::string bytes;
  while (const auto count = source.read(buffer)) bytes += as_text(std::span(buffer).first(count));
  return bytes;
}

}  // namespace

TEST_CASE("copy() moves everything and counts it") {
  const std::string bytes(kCopyBufferSize * 2 + 17, 'x');
  StringSource from(bytes);
  StringSink to;
  CHECK(copy(from, to) == bytes.size());
  CHECK(to.bytes() == bytes);
  StringSource nothing("");
  CHECK(copy(nothing, to) == 0);
}

TEST_CASE("copy() is interrupted by a stop before it reads") {
  std::stop_source stop;
  stop.request_stop();
  StringSource from("bytes");
  StringSink to;
  CHECK(error_of([&] { copy(from, to, stop.get_token()); }).code() == ErrorCode::interrupted);
  CHECK(to.bytes().empty());
}

TEST_CASE("copy() passes on the failures of both ends") {
  StringSource from("bytes");
  FailingSink full;
  CHECK(error_of([&] { copy(from, full); }).what() == "no room"s);
  FailingSource bad("bytes");
  StringSink to;
  CHECK(error_of([&] { copy(bad, to); }).what() == "not what was promised"s);
}

TEST_CASE("read_all() takes up to the limit, and not a byte more") {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{100}}) {
    SlowSource exact("12345", piece);
    CHECK(read_all(exact, 5, "it") == "12345");
    SlowSource more("123456", piece);
    const auto error = error_of([&] { read_all(more, 5, "it"); });
    CHECK(error.code() == ErrorCode::corrupt);
    CHECK(error.what() == "cannot read it: more than 5 bytes"s);
  }
}

TEST_CASE("read_all() with a limit of nothing takes nothing, and one of everything takes all") {
  StringSource empty("");
  CHECK(read_all(empty, 0, "it").empty());
  StringSource one("1");
  CHECK(error_of([&] { read_all(one, 0, "it"); }).code() == ErrorCode::corrupt);
  StringSource all("all");
  CHECK(read_all(all, std::numeric_limits<std::size_t>::max(), "it") == "all");
}

TEST_CASE("read_all() reads to the end, so that a verifying source verifies") {
  FailingSource source("12345");
  CHECK(error_of([&] { read_all(source, 5, "it"); }).what() == "not what was promised"s);
}

TEST_CASE("read_full() fills its buffer over short reads, and stops at the end") {
  SlowSource source("1234567", 2);
  std::vector<std::byte> buffer(5);
  CHECK(read_full(source, buffer) == 5);
  CHECK(as_text(buffer) == "12345");
  CHECK(read_full(source, buffer) == 2);
  CHECK(as_text(buffer).substr(0, 2) == "67");
  CHECK(read_full(source, buffer) == 0);
  CHECK(read_full(source, {}) == 0);
}

TEST_CASE("a file is read to its end, in buffers of any size") {
  const TestFolder folder;
  const auto path = folder.write("file", "0123456789");
  for (const std::size_t size : {std::size_t{1}, std::size_t{3}, std::size_t{100}}) {
    FileSource file(path);
    CHECK(read_with_buffer(file, size) == "0123456789");
    std::byte byte{};
    CHECK(file.read({&byte, 1}) == 0);
  }
}

TEST_CASE("a missing file is not found, and a folder cannot be read") {
  const TestFolder folder;
  const auto missing = error_of([&] { FileSource file(folder / "missing"); });
  CHECK(missing.code() == ErrorCode::not_found);
  CHECK(missing.what() == "cannot open " + (folder / "missing").string() + ": No such file or directory");
  FileSource file(folder.path());
  const auto directory = error_of([&] { read_all(file, 10, "it"); });
  CHECK(directory.code() == ErrorCode::io);
  CHECK(directory.what() == "cannot read " + folder.path().string() + ": Is a directory");
}

TEST_CASE("slices of one file are read beside each other") {
  const TestFolder folder;
  const auto fd = std::make_shared<const UniqueFd>(open_for_reading(folder.write("file", "0123456789")));
  FileSliceSource first(fd, 2, 3, "first");
  FileSliceSource second(fd, 5, 5, "second");
  FileSliceSource none(fd, 10, 0, "none");
  std::byte byte{};
  CHECK(first.read({&byte, 1}) == 1);
  CHECK(read_with_buffer(second, 2) == "56789");
  CHECK(read_with_buffer(first, 100) == "34");
  CHECK(read_with_buffer(none, 100).empty());
}

TEST_CASE("a slice that the file does not have is corrupt") {
  const TestFolder folder;
  const auto fd = std::make_shared<const UniqueFd>(open_for_reading(folder.write("file", "0123456789")));
  FileSliceSource slice(fd, 8, 5, "it");
  const auto error = error_of([&] { read_with_buffer(slice, 100); });
  CHECK(error.code() == ErrorCode::corrupt);
  CHECK(error.what() == "cannot read it: 3 bytes are missing"s);
}

TEST_CASE("a small file is read whole, and one over the limit is corrupt") {
  const TestFolder folder;
  const auto path = folder.write("file", "12345");
  CHECK(read_file(path, 5) == "12345");
  CHECK(error_of([&] { read_file(path, 4); }).what() == "cannot read " + path.string() + ": more than 4 bytes");
}

TEST_CASE("a file that need not be there is nothing when it is not") {
  const TestFolder folder;
  CHECK(read_file_if_exists(folder.write("file", "12345"), 5) == "12345");
  CHECK_FALSE(read_file_if_exists(folder / "missing", 5).has_value());
  CHECK_FALSE(read_file_if_exists(folder / "file/below", 5).has_value());
  // The kernel says 4096 bytes of each file here, and gives a line.
  const std::filesystem::path short_one = "/sys/devices/system/cpu/online";
  if (std::filesystem::exists(short_one) && std::filesystem::file_size(short_one) == 4096) {
    CHECK(std::string(error_of([&] { read_file_if_exists(short_one, 5000); }).what()).find("it ended after ") !=
          std::string::npos);
    CHECK(std::string(error_of([&] { read_file(short_one, 5000); }).what()).find(" of 4096 bytes") !=
          std::string::npos);
  } else {
    MESSAGE("no file here is shorter than its size");
  }
  CHECK(error_of([&] { read_file_if_exists(folder / "file", 4); }).code() == ErrorCode::corrupt);
}

TEST_CASE("a tee writes to all of its sinks") {
  StringSink first;
  StringSink second;
  NullSink nowhere;
  TeeSink tee({&first, &nowhere, &second});
  tee.write(as_bytes("one "));
  tee.write(as_bytes("two"));
  CHECK(first.bytes() == "one two");
  CHECK(second.take() == "one two");
}
