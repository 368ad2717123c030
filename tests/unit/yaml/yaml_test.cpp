// SPDX-License-Identifier: Apache-2.0
#include "yaml/yaml.hpp"

#include <doctest/doctest.h>

#include <string>

#include "base/shared_library.hpp"
#include "ociassemble/error.hpp"

using namespace ociassemble;

namespace {

bool can_read_yaml() {
  try {
    parse_yaml("a", "a");
    return true;
  } catch (const Error& error) {
    MESSAGE("skipped: " << error.what());
    return error.code() != ErrorCode::unsupported;
  }
}

std::string refusal_of(const std::string& text) {
  try {
    parse_yaml(text, "a.yaml");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::corrupt);
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("mappings, sequences and scalars, with their lines and styles") {
  if (!can_read_yaml()) return;
  const auto value = parse_yaml(
      "# a comment\nschemaVersion: '2.0.0'\nfiles:\n  - path: /etc/passwd\n    isWorldReadable: true\n"
      "  - {path: \"a\\tb\", list: [x, 'y']}\ntext: |\n  one\n  two\n",
      "a.yaml");
  CHECK(value.find("schemaVersion")->scalar()->text == "2.0.0");
  CHECK(!value.find("schemaVersion")->scalar()->is_plain);
  const auto& files = *value.find("files")->sequence();
  REQUIRE(files.size() == 2);
  CHECK(files[0].line == 4);
  CHECK(files[0].find("isWorldReadable")->scalar()->is_plain);
  CHECK(files[1].find("path")->scalar()->text == "a\tb");
  CHECK(files[1].find("list")->sequence()->size() == 2);
  CHECK(value.find("text")->scalar()->text == "one\ntwo\n");
  CHECK(value.find("nothing") == nullptr);
}

TEST_CASE("aliases are copies, and cannot grow past the limit") {
  if (!can_read_yaml()) return;
  const auto value = parse_yaml("a: &one [x, y]\nb: *one\n", "a.yaml");
  CHECK(value.find("b")->sequence()->size() == 2);
  // Each line ten times the one before.
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 10; ++i) {
    const auto before = std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j == 0 ? "*a" : ",*a") + before;
    bomb += "]\n";
  }
  CHECK(refusal_of(bomb).find("more than 100,000 values") != std::string::npos);
  CHECK(refusal_of("a: *nothing\n").find("a.yaml") != std::string::npos);
  CHECK(!refusal_of("a: &x [*x]\n").empty());
}

TEST_CASE("what is no YAML, or more than is read, is refused with its line") {
  if (!can_read_yaml()) return;
  CHECK(refusal_of("a: 1\nb: [1, 2\n").starts_with("cannot parse a.yaml:"));
  CHECK(refusal_of("a: 1\na: 2\n").find("twice") != std::string::npos);
  CHECK(refusal_of("{[a]: b}\n").find("a name is no scalar") != std::string::npos);
  CHECK(refusal_of("x: &x {a: 1}\ny:\n  <<: *x\n") == "cannot parse a.yaml:3: merge keys (<<) are not read");
  CHECK(refusal_of("a\n---\nb\n").find("more than one document") != std::string::npos);
  CHECK(!refusal_of("").empty());
  CHECK(refusal_of(std::string(100, '[') + std::string(100, ']')).find("deep") != std::string::npos);
  CHECK(refusal_of(std::string(2000000, 'a')).find("1 MiB") != std::string::npos);
  CHECK(refusal_of("\xff").find("UTF-8") != std::string::npos);
  CHECK(!refusal_of(std::string("a\0b", 3)).empty());
}
