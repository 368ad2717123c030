// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/error.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <clocale>
#include <string>
#include <utility>

#include "base/placed_error.hpp"
#include "base/system_error.hpp"
#include "base/unique_fd.hpp"

using namespace ociassemble;
using namespace std::string_literals;

namespace {

Error error_for(int error_number) {
  try {
    throw_errno("cannot do it", error_number);
  } catch (const Error& error) {
    return error;
  }
}

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

}  // namespace

TEST_CASE("the text of an errno value is English whatever the locale") {
  std::setlocale(LC_ALL, "de_DE.UTF-8");
  CHECK(errno_text(ENOENT) == "No such file or directory");
  CHECK(errno_text(ENOSPC) == "No space left on device");
  std::setlocale(LC_ALL, "C");
  CHECK(errno_text(123456) == "error 123456");
}

TEST_CASE("a system error says action and cause, and has the code of its kind") {
  CHECK(error_for(EIO).what() == "cannot do it: Input/output error"s);
  CHECK(error_for(EIO).code() == ErrorCode::io);
  CHECK(error_for(EIO).hint().empty());
  CHECK(error_for(ENOENT).code() == ErrorCode::not_found);
  CHECK(error_for(ENOTDIR).code() == ErrorCode::not_found);
  errno = EACCES;
  CHECK_THROWS_WITH_AS(throw_errno("cannot do it"), "cannot do it: Permission denied", Error);
}

TEST_CASE("no space and no permission have a hint") {
  CHECK(error_for(ENOSPC).hint() == "free some space, or choose another place for the output");
  CHECK(error_for(EDQUOT).hint() == "free some space, or choose another place for the output");
  CHECK(error_for(EACCES).hint() == "check the owner and mode of the file and of the folders above it");
}

TEST_CASE("the exit status follows from the code") {
  CHECK(exit_status(ErrorCode::invalid_argument) == 2);
  CHECK(exit_status(ErrorCode::check_failed) == 3);
  for (const auto code : {ErrorCode::not_found, ErrorCode::io, ErrorCode::network, ErrorCode::unauthorized,
                          ErrorCode::corrupt, ErrorCode::unsupported, ErrorCode::interrupted}) {
    CHECK(exit_status(code) == 1);
  }
}

TEST_CASE("a digest mismatch carries both digests, and names its subject") {
  const DigestMismatch error("the blob", "sha256:aa", "sha256:bb");
  CHECK(error.code() == ErrorCode::corrupt);
  CHECK(error.expected() == "sha256:aa");
  CHECK(error.actual() == "sha256:bb");
  CHECK(error.what() == "cannot trust the blob: expected sha256:aa, got sha256:bb"s);
}

TEST_CASE("an HTTP error carries its status") {
  const HttpError error(ErrorCode::not_found, 404, "cannot get it", "look elsewhere");
  CHECK(error.status() == 404);
  CHECK(error.hint() == "look elsewhere");
}

TEST_CASE("a file descriptor is closed once, by its last owner") {
  const int raw = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  REQUIRE(raw >= 0);
  {
    UniqueFd first(raw);
    UniqueFd second(std::move(first));
    CHECK_FALSE(first);  // NOLINT(bugprone-use-after-move): that it is empty is the point
    CHECK(second.get() == raw);
    first = std::move(second);
    CHECK(is_open(raw));
    auto& same = first;
    first = std::move(same);
    CHECK(first.get() == raw);
  }
  CHECK_FALSE(is_open(raw));
}

TEST_CASE("an error gets a place once, and an interruption none") {
  const auto message_of = [](const auto& use) -> std::string {
    try {
      use();
      return "none";
    } catch (const Error& error) {
      return error.what() + (error.hint().empty() ? ""s : "; " + error.hint());
    }
  };
  const auto fail = [] { throw Error(ErrorCode::not_found, "no file", "make it"); };
  CHECK(message_of([&] { at_place("r.json:1:2: base", fail); }) == "r.json:1:2: base: no file; make it");
  CHECK(message_of([&] { at_place("", fail); }) == "no file; make it");
  CHECK(message_of([&] { at_place("outer", [&] { at_place("inner", fail); }); }) == "inner: no file; make it");
  CHECK(message_of([] { at_place("r.json", [] { throw Error(ErrorCode::interrupted, "interrupted"); }); }) ==
        "interrupted");
  CHECK(at_place("r.json", [] { return 7; }) == 7);
}
