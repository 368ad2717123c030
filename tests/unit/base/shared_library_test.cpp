// SPDX-License-Identifier: Apache-2.0
#include "base/shared_library.hpp"

#include <doctest/doctest.h>

#include <string>

#include "ociassemble/error.hpp"

using namespace ociassemble;
using namespace std::string_literals;

TEST_CASE("a function of a shared library is found by its name") {
  const SharedLibrary library("libc.so.6", "install it");
  int (*absolute)(int) = nullptr;
  library.find("abs", absolute);
  CHECK(absolute(-3) == 3);
}

TEST_CASE("a library that is not there is named, with the loader's words and what to do") {
  try {
    const SharedLibrary library("libnobody-has-this.so.1", "install it");
    FAIL("it was loaded");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::unsupported);
    CHECK(error.what() ==
          "cannot load libnobody-has-this.so.1: cannot open shared object file: No such file or directory"s);
    CHECK(error.hint() == "install it");
  }
}

TEST_CASE("a library without the wanted function says which") {
  const SharedLibrary library("libc.so.6", "install another");
  void (*function)() = nullptr;
  try {
    library.find("nobody_has_this", function);
    FAIL("it was found");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::unsupported);
    CHECK(std::string(error.what()).starts_with("cannot load libc.so.6: "));
    CHECK(std::string(error.what()).ends_with("undefined symbol: nobody_has_this"));
    CHECK(error.hint() == "install another");
  }
}
