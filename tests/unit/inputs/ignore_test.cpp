// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/ignore.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "../../support/test_folder.hpp"
#include "inputs/folder.hpp"
#include "ociassemble/error.hpp"

using namespace ociassemble;
using test::TestFolder;

TEST_CASE("empty lines and the blanks of Unicode around a pattern are nothing") {
  // As Go's strings.TrimSpace: U+00A0, U+2003, U+3000.
  const auto rules = IgnoreRules::parse(
      "\n\r\n  \n\xC2\xA0\xE2\x80\x83 a \xE3\x80\x80\n\xC2\xA0\n!\xC2\xA0"
      "b\n",
      "rules");
  CHECK(rules.size() == 2);
  CHECK(rules.decide("a").excluded);
  CHECK(rules.decide("a").rule->line == 4);
  CHECK_FALSE(rules.decide("b").excluded);
  CHECK(IgnoreRules::parse("\xA0"
                           "a\n",
                           "rules")
            .decide("\xA0"
                    "a")
            .excluded);  // no UTF-8, and no blank
}

namespace {

struct Row {
  const char* rules;
  const char* path;
  bool excluded;
};

// Expectations from Docker's documentation (https://docs.docker.com/build/concepts/context/#dockerignore-files), which
// is quoted, and from that of Go's path/filepath.Match, to which it refers.
constexpr std::array kRows{
    // The page's table: a comment, "*/temp*" one level down, "*/*/temp*" two, "temp?" with one more character.
    Row{"# scratch files\n*/temp*\n*/*/temp*\ntemp?", "cache/temporary.db", true},
    Row{"# scratch files\n*/temp*\n*/*/temp*\ntemp?", "cache/temp", true},
    Row{"# scratch files\n*/temp*\n*/*/temp*\ntemp?", "cache/pages/temp-7", true},
    Row{"# scratch files\n*/temp*\n*/*/temp*\ntemp?", "tempX", true},
    Row{"# scratch files\n*/temp*\n*/*/temp*\ntemp?", "temp1/inside", true},
    Row{"# scratch files\n*/temp*\n*/*/temp*\ntemp?", "temp", false},
    Row{"# scratch files\n*/temp*\n*/*/temp*\ntemp?", "temporary", false},
    Row{"# scratch files\n*/temp*\n*/*/temp*\ntemp?", "one/two/three/temp1", false},
    Row{"# scratch files\n*/temp*\n*/*/temp*\ntemp?", "# scratch files", false},
    Row{"# scratch files\n*/temp*\n*/*/temp*\ntemp?", "cache/attempt", false},
    // "the patterns /foo/bar and foo/bar both exclude a file or directory named bar in the foo subdirectory".
    Row{"/build/out", "build/out", true},
    Row{"build/out", "build/out", true},
    Row{"build/out/", "build/out", true},
    Row{"/build/out", "out", false},
    Row{"build/out", "old/build/out", false},
    Row{"out", "build/out", false},
    Row{"build", "build/out/app", true},
    Row{"build/", "build/out/app", true},
    Row{"/build", "build/out/app", true},
    Row{"buil", "build/out/app", false},
    // "a special wildcard string ** that matches any number of directories (including zero)".
    Row{"**/*.pem", "key.pem", true},
    Row{"**/*.pem", "tls/old/key.pem", true},
    Row{"**/*.pem", "key.pem.txt", false},
    Row{"**/vendor", "vendor/modules.txt", true},
    Row{"**/vendor", "tools/lint/vendor/x/y.go", true},
    Row{"**/vendor", "tools/vendored", false},
    Row{"assets/**", "assets/logo.svg", true},
    Row{"assets/**", "assets/fonts/a/b.woff", true},
    Row{"assets/**", "assets", false},
    Row{"assets/**/*.psd", "assets/cover.psd", true},
    Row{"assets/**/*.psd", "assets/print/large/cover.psd", true},
    Row{"assets/**/*.psd", "cover.psd", false},
    Row{"assets/**/raw", "assets/draw", false},
    Row{"**", "go.mod", true},
    Row{"**", "cmd/api/main.go", true},
    Row{"**/", "cmd", true},
    Row{"**/**", "cmd/api", true},
    Row{"**/testdata/**", "pkg/testdata/in.json", true},
    Row{"**/testdata/**", "pkg/testdata", false},
    Row{"**~", "notes~", true},
    Row{"**~", "doc/notes~", true},
    Row{"v1**v2", "v1v2", true},
    Row{"v1**v2", "v1/beta/v2", true},
    Row{"v1**v2", "v1-v2", false},
    // "Lines starting with ! (exclamation mark) can be used to make exceptions to exclusions".
    Row{"*.yml\n!compose.yml", "ci.yml", true},
    Row{"*.yml\n!compose.yml", "compose.yml", false},
    Row{"*.yml\n!compose.yml", "main.go", false},
    // "the last line of the .dockerignore that matches a particular file determines".
    Row{"*.yml\n!app*.yml\napp-local.yml", "app-local.yml", true},
    Row{"*.yml\n!app*.yml\napp-local.yml", "app-base.yml", false},
    Row{"*.yml\napp-local.yml\n!app*.yml", "app-local.yml", false},
    Row{"!bin\nbin", "bin/api", true},
    Row{"bin/api\n!bin", "bin/api", false},
    // "specify which files to include ... specify * as the first pattern, followed by one or more ! exception
    // patterns".
    Row{"*\n!api", "api", false},
    Row{"*\n!api", "Makefile", true},
    Row{"*\n!ui/build", "ui", true},
    Row{"*\n!ui/build", "ui/sources/a.ts", true},
    Row{"*\n!ui/build", "ui/build", false},
    Row{"*\n!ui/build", "ui/build/a.js", false},
    Row{"guide\n!guide/index.html", "guide/index.html", false},
    Row{"guide/\n!guide/index.html", "guide/draft.html", true},
    Row{"guide\n!guide/public\nguide/public/todo", "guide/public/todo/list", true},
    // "If a line in .dockerignore file starts with # in column 1, then this line is considered as a comment"; and
    // strings.TrimSpace.
    Row{" #draft", "#draft", true},
    Row{"#draft", "#draft", false},
    Row{"\\#draft", "#draft", true},
    Row{"\t secrets \t", "secrets", true},
    Row{"old copy", "old copy", true},
    Row{"logs\r\ndumps\r\n", "logs", true},
    Row{"logs\r\ndumps\r\n", "dumps", true},
    Row{"\n \t\n\nlogs", "logs", true},
    Row{"*\n!  go.mod", "go.mod", false},
    Row{"*\n! /go.mod", "go.mod", false},
    // A byte order mark is no part of the first line.
    Row{"\xEF\xBB\xBF# only a comment\nlogs", "logs", true},
    Row{"\xEF\xBB\xBFlogs", "logs", true},
    // "trims leading and trailing whitespace and eliminates . and .. elements using Go's filepath.Clean"; "For
    // historical
    // reasons, the pattern . is ignored".
    Row{".", "go.mod", false},
    Row{"/", "go.mod", false},
    Row{"./", "go.mod", false},
    Row{"./logs", "logs", true},
    Row{"web/./css//old", "web/css/old", true},
    Row{"web/../logs", "logs", true},
    Row{"web/../logs", "web", false},
    Row{"/../logs", "logs", true},
    Row{"../logs", "logs", false},
    // filepath.Match: "*" is any sequence of characters but "/", "?" one of them.
    Row{"core*", "core", true},
    Row{"core*", "core.1234", true},
    Row{"core*", "core/dump", true},
    Row{"*", ".env", true},
    Row{".*", "env", false},
    Row{".*", ".env", true},
    Row{"day-*/log", "day-2/log", true},
    Row{"day-*/log", "day-2/night/log", false},
    Row{"*-*-*/x", "2024-01-31/x", true},
    Row{"*-*-*/x", "2024-01/x", false},
    Row{"*port*s?n", "report.json", true},
    Row{"*port*s?n", "report.json5", false},
    Row{"a?c", "a/c", false},
    Row{"?", "x", true},
    Row{"?", "xy", false},
    Row{"??", "x", false},
    // One character is one of UTF-8; a byte that is no UTF-8 counts as one.
    Row{"caf?", "caf\xC3\xA9", true},
    Row{"caf??", "caf\xC3\xA9", false},
    Row{"x?z",
        "x\xFE"
        "z",
        true},
    // filepath.Match: classes of characters, ranges, "^" for the others; "!" is a character like any other.
    Row{"disk[012]", "disk1", true},
    Row{"disk[0-4]", "disk3", true},
    Row{"disk[5-9]", "disk3", false},
    Row{"disk[^3]", "disk3", false},
    Row{"disk[^5-9]", "disk3", true},
    Row{"disk[!3]", "disk3", true},
    Row{"disk[!3]", "disk!", true},
    Row{"disk[!3]", "disk4", false},
    Row{"x[^y]z", "x/z", true},
    Row{"[\\]q]", "]", true},
    Row{"[q\\-]", "-", true},
    Row{"[q\\-]", "z", false},
    Row{"[?]", "?", true},
    Row{"[?]", "x", false},
    Row{"[\xC3\xA0-\xC3\xBC]", "\xC3\xA9", true},
    Row{"[\xC3\xA0-\xC3\xBC]", "e", false},
    // filepath.Match: "\\" takes the meaning from the character after it. No others have a meaning.
    Row{"star\\*", "star*", true},
    Row{"star\\*", "starry", false},
    Row{"\\!important", "!important", true},
    Row{"end\\\\", "end\\", true},
    Row{"v1.0", "v1x0", false},
    Row{"(a|b)+${c}^", "(a|b)+${c}^", true},
    Row{"*.c++", "vector.c++", true},
    Row{"README", "readme", false},
};

std::vector<std::string> paths_of(const std::vector<LayerEntry>& entries) {
  std::vector<std::string> paths;
  for (const auto& made : entries) paths.push_back(made.entry.path);
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string message_of(const std::string& rules) {
  try {
    IgnoreRules::parse(rules, ".dockerignore");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::invalid_argument);
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace

TEST_CASE("rules mean what Docker's documentation says") {
  static_assert(kRows.size() >= 80);
  for (const auto& row : kRows) {
    INFO("rules \"", row.rules, "\", path \"", row.path, "\"");
    CHECK(IgnoreRules::parse(row.rules, "rules").decide(row.path).excluded == row.excluded);
  }
}

TEST_CASE("a decision names the line that decided") {
  const auto rules = IgnoreRules::parse("# comment\n\n  *.md  \n!README.md\n", "rules");
  CHECK(rules.decide("x.md").rule->line == 3);
  CHECK(rules.decide("x.md").rule->text == "*.md");
  CHECK(rules.decide("README.md").rule->line == 4);
  CHECK_FALSE(rules.decide("main.go").rule.has_value());
}

TEST_CASE("an excluded directory tells whether an exception may hold below it") {
  const auto below = [](const char* rules, const char* path) {
    return IgnoreRules::parse(rules, "rules").decide(path).may_include_below;
  };
  CHECK(below("docs\n!docs/README.md", "docs"));
  CHECK(below("*\n!**/*.go", "any/thing"));
  CHECK(below("*\n!a/*/c", "a/b"));
  CHECK_FALSE(below("docs\n!docs/README.md", "docs/old"));
  CHECK_FALSE(below("!docs/README.md\ndocs", "docs"));
  CHECK_FALSE(below("*\n!a/*/c", "b"));
  CHECK_FALSE(below("docs\n!doc", "docs"));
}

TEST_CASE("a malformed rule is refused with its line") {
  CHECK(message_of("a\n!") == "cannot parse .dockerignore:2: a \"!\" without a pattern");
  CHECK(message_of("a[") == "cannot parse .dockerignore:1: pattern \"a[\": no ']' ends the class");
  CHECK(message_of("[^bc") == "cannot parse .dockerignore:1: pattern \"[^bc\": no ']' ends the class");
  CHECK(message_of("[]a]") ==
        "cannot parse .dockerignore:1: pattern \"[]a]\": a '-' or ']' in a class needs a '\\' before it");
  for (const char* rules : {"[-]", "[x-]", "[-x]", "[a-b-c]", "[", "[^", "[]", "\\", "a\\", "[z-a]", "! "}) {
    INFO(rules);
    CHECK(message_of(rules).rfind("cannot parse .dockerignore:1: ", 0) == 0);
  }
  CHECK(message_of(std::string(4097, 'a')) == "cannot parse .dockerignore:1: a pattern of over 4096 bytes");
}

TEST_CASE("a hostile pattern costs its length times the path's, not more") {
  std::string pattern;
  for (int i = 0; i < 1000; ++i) pattern += "**/*a";
  const auto rules = IgnoreRules::parse(pattern.substr(0, 4095), "rules");
  CHECK_FALSE(rules.decide(std::string(1000, 'a') + "b/" + std::string(1000, 'b')).excluded);
}

TEST_CASE("a folder is read without what its .dockerignore leaves out") {
  const TestFolder folder;
  for (const char* name : {"a.txt", "docs/README.md", "docs/old/notes.md", "src/main.go", "empty/keep"}) {
    folder.write(name, "x");
  }
  std::filesystem::remove(folder / "empty/keep");
  folder.write(".dockerignore", "docs\n!docs/README.md\nsrc\n!src/*.c\n");
  const auto found = read_folder(folder.path(), 0, FolderIgnore::read(folder.path(), std::nullopt));
  CHECK(paths_of(found) == std::vector<std::string>{".dockerignore", "a.txt", "docs", "docs/README.md", "empty"});
}

TEST_CASE("what is left out is not even looked at: a device or an unreadable folder may be there") {
  const TestFolder folder;
  folder.write("in", "x");
  REQUIRE(std::system(("mkfifo " + (folder / "pipe").string()).c_str()) == 0);
  folder.write(".dockerignore", "*\n!in\n");
  const auto found = read_folder(folder.path(), 0, FolderIgnore::read(folder.path(), std::nullopt));
  CHECK(paths_of(found) == std::vector<std::string>{"in"});
}

TEST_CASE("a named file's patterns are relative to its own folder where the added one is in it") {
  const TestFolder project;
  const auto rules = project.write(".dockerignore", "web/node_modules\n");
  project.write("web/index.html", "x");
  project.write("web/node_modules/x.js", "x");
  const auto ignore = FolderIgnore::read(project / "web", rules.string());
  CHECK(ignore.decide("node_modules").excluded);
  CHECK_FALSE(ignore.decide("index.html").excluded);
  CHECK_FALSE(ignore.decide("").excluded);
  const auto whole = FolderIgnore::read(project / "web", project.write("all.ignore", "web").string());
  CHECK(whole.decide("").excluded);
}

TEST_CASE("a named file elsewhere is about the added folder, \"none\" is no rule at all") {
  const TestFolder project;
  const auto rules = project.write("build/rules", "*.map\n");
  project.write("web/x.map", "x");
  project.write("web/.dockerignore", "x.map\n");
  CHECK(FolderIgnore::read(project / "web", rules.string()).decide("x.map").excluded);
  CHECK_FALSE(FolderIgnore::read(project / "web", "none").decide("x.map").excluded);
  CHECK(FolderIgnore::read(project / "web", "none").file().empty());
  CHECK_THROWS_AS(FolderIgnore::read(project / "web", (project / "missing").string()), Error);
}
