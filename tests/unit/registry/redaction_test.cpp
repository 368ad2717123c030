// SPDX-License-Identifier: Apache-2.0
#include "registry/redaction.hpp"

#include <doctest/doctest.h>

using namespace ociassemble;

TEST_CASE("a secret is redacted in every form in which a server can repeat it") {
  // U+00E9 and U+1F511; base64 and hexadecimal by coreutils' base64 and xxd.
  const Secret secret("top<s/\xC3\xA9&\"\xF0\x9F\x94\x91 x");
  struct Row {
    const char* form;
    const char* text;
    const char* expected;
  };
  const Row rows[] = {
      {"as it is", "no: top<s/\xC3\xA9&\"\xF0\x9F\x94\x91 x!", "no: ***!"},
      {"twice", "top<s/\xC3\xA9&\"\xF0\x9F\x94\x91 xtop<s/\xC3\xA9&\"\xF0\x9F\x94\x91 x", "******"},
      {"JSON of Go", R"(top\u003cs/\u00e9\u0026\"\ud83d\udd11 x)", "***"},
      {"JSON of PHP", R"(top<s\/\u00E9&\"\uD83D\uDD11 x)", "***"},
      {"a URL", "?p=top%3Cs%2F%C3%A9%26%22%F0%9F%94%91%20x&q", "?p=***&q"},
      {"a form", "p=top%3cs%2f%c3%a9%26%22%f0%9f%94%91+x", "p=***"},
      {"HTML", "top&lt;s/&#233;&amp;&quot;&#x1f511; x", "***"},
      {"C", R"(top\x3cs/\u00e9&\"\ud83d\udd11 x)", "***"},
      {"base64", "dG9wPHMvw6kmIvCflJEgeA==", "***A=="},
      {"base64 behind \"me:\"", "bWU6dG9wPHMvw6kmIvCflJEgeA==", "bWU6***A=="},
      {"base64 behind \"u:\"", "dTp0b3A8cy/DqSYi8J+UkSB4", "dTp***"},
      {"base64 for URLs", "dTp0b3A8cy_DqSYi8J-UkSB4", "dTp***"},
      {"hexadecimal", "746F703C732FC3A92622F09F94912078", "***"},
      {"another", "top<s/e&\" x", "top<s/e&\" x"},
      {"its beginning", "top<s/", "top<s/"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.form);
    CHECK(secret.redact(row.text) == row.expected);
  }
}

TEST_CASE("escape signs in a secret are themselves, or escaped") {
  const Secret secret("50%25\\n&lt;");
  CHECK(secret.redact("a 50%25\\n&lt; b") == "a *** b");
  CHECK(secret.redact("50%2525%5Cn%26lt%3B") == "***");
  CHECK(secret.redact("50%25\\\\n&amp;lt;") == "***");
}
