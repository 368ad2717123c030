// SPDX-License-Identifier: Apache-2.0
#include "base/base64.hpp"

#include <doctest/doctest.h>

using namespace ociassemble;

TEST_CASE("base64 is that of RFC 4648") {
  // Section 10's test vectors.
  const std::pair<const char*, const char*> rows[] = {{"", ""},
                                                      {"f", "Zg=="},
                                                      {"fo", "Zm8="},
                                                      {"foo", "Zm9v"},
                                                      {"foob", "Zm9vYg=="},
                                                      {"fooba", "Zm9vYmE="},
                                                      {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : rows) {
    CHECK(encode_base64(bytes) == text);
    CHECK(decode_base64(text) == bytes);
  }
  CHECK(decode_base64("Zm8") == "fo");
  CHECK(decode_base64("-_8") == "\xfb\xff");
  for (const char* text : {"Z", "Zm9vY", "Zm 9", "Zm9v!"}) CHECK_FALSE(decode_base64(text).has_value());
}
