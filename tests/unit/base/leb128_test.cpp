// SPDX-License-Identifier: Apache-2.0
#include "base/leb128.hpp"

#include <doctest/doctest.h>

using namespace ociassemble;

TEST_CASE("numbers are written as DWARF has them, and read back") {
  // DWARF 5, table 7.7, and the largest.
  const std::pair<std::uint64_t, std::string> cases[] = {
      {2, "\x02"},       {127, "\x7f"},       {128, "\x80\x01"},
      {129, "\x81\x01"}, {12857, "\xb9\x64"}, {UINT64_MAX, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"}};
  for (const auto& [number, bytes] : cases) {
    std::string written = "before";
    append_leb128(written, number);
    CHECK(written == "before" + bytes);
    const auto text = bytes + "behind";
    std::string_view rest = text;
    CHECK(take_leb128(rest) == number);
    CHECK(rest == "behind");
  }
}

TEST_CASE("what breaks off, or does not end, is no number") {
  for (const std::string_view text : {"", "\x80", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"}) {
    auto rest = text;
    CHECK_FALSE(take_leb128(rest).has_value());
  }
}
