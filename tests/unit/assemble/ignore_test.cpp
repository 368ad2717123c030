// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/ignore.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "../../support/test_folder.hpp"
#include "assemble/folder.hpp"
#include "ociassemble/error.hpp"

using namespace ociassemble;
using test::TestFolder;

namespace {

struct Row {
  const char* rules;
  const char* path;
  bool excluded;
};

// Expectations from "Dockerfile reference", ".dockerignore file", and Go's path/filepath.Match, to which it refers.
constexpr std::array kRows{
    // The reference's first example: "# comment", "*/temp*", "*/*/temp*", "temp?".
    Row{"# comment\n*/temp*\n*/*/temp*\ntemp?", "somedir/temporary.txt", true},
    Row{"# comment\n*/temp*\n*/*/temp*\ntemp?", "somedir/temp", true},
    Row{"# comment\n*/temp*\n*/*/temp*\ntemp?", "somedir/subdir/temporary.txt", true},
    Row{"# comment\n*/temp*\n*/*/temp*\ntemp?", "tempa", true},
    Row{"# comment\n*/temp*\n*/*/temp*\ntemp?", "tempb", true},
    Row{"# comment\n*/temp*\n*/*/temp*\ntemp?", "temp", false},
    Row{"# comment\n*/temp*\n*/*/temp*\ntemp?", "temporary.txt", false},
    Row{"# comment\n*/temp*\n*/*/temp*\ntemp?", "a/b/c/temporary.txt", false},
    Row{"# comment\n*/temp*\n*/*/temp*\ntemp?", "# comment", false},
    // "/foo/bar and foo/bar both exclude bar in the foo subdirectory".
    Row{"/foo/bar", "foo/bar", true},
    Row{"foo/bar", "foo/bar", true},
    Row{"/foo/bar", "bar", false},
    Row{"foo/bar", "x/foo/bar", false},
    Row{"bar", "foo/bar", false},
    // "**" is any number of directories, also none.
    Row{"**/*.go", "main.go", true},
    Row{"**/*.go", "cmd/server/main.go", true},
    Row{"**/*.go", "main.goo", false},
    Row{"**/node_modules", "node_modules", true},
    Row{"**/node_modules", "web/app/node_modules/x/index.js", true},
    Row{"**/node_modules", "web/old_node_modules", false},
    Row{"web/**", "web/app.js", true},
    Row{"web/**", "web/a/b/c.js", true},
    Row{"web/**", "web", false},
    Row{"web/**/*.map", "web/app.map", true},
    Row{"web/**/*.map", "web/a/b/app.map", true},
    Row{"web/**/*.map", "app.map", false},
    Row{"web/**/a", "web/ba", false},
    Row{"**", "any/thing", true},
    Row{"**/", "any", true},
    Row{"**/**", "any/thing", true},
    Row{"**/a/**", "x/a/y", true},
    Row{"**/a/**", "x/a", false},
    Row{"**.log", "var/app.log", true},
    Row{"**.log", "app.log", true},
    Row{"a**b", "ab", true},
    Row{"a**b", "a/x/b", true},
    Row{"a**b", "axb", false},
    Row{"***", "a/b", true},
    // Exceptions: "*.md" and "!README.md".
    Row{"*.md\n!README.md", "notes.md", true},
    Row{"*.md\n!README.md", "README.md", false},
    Row{"*.md\n!README.md", "main.go", false},
    // "the last line that matches decides".
    Row{"*.md\n!README*.md\nREADME-secret.md", "README-secret.md", true},
    Row{"*.md\n!README*.md\nREADME-secret.md", "README-public.md", false},
    Row{"*.md\nREADME-secret.md\n!README*.md", "README-secret.md", false},
    // "specify which files to include: * as the first pattern, then ! exceptions".
    Row{"*\n!server", "server", false},
    Row{"*\n!server", "Makefile", true},
    Row{"*\n!web/dist", "web", true},
    Row{"*\n!web/dist", "web/src/x.js", true},
    Row{"*\n!web/dist", "web/dist", false},
    Row{"*\n!web/dist", "web/dist/x.js", false},
    Row{"docs\n!docs/README.md", "docs/README.md", false},
    Row{"docs/\n!docs/README.md", "docs/other.md", true},
    Row{"docs\n!docs/keep\ndocs/keep/secret", "docs/keep/secret/key", true},
    Row{"!a\na", "a", true},
    Row{"a/b\n!a", "a/b", false},
    // A comment begins in the first column; blanks around a pattern do not count.
    Row{"  # x", "# x", true},
    Row{"#x", "#x", false},
    Row{"\\#x", "#x", true},
    Row{"  a  ", "a", true},
    Row{"a b", "a b", true},
    Row{"a\r\nb\r\n", "a", true},
    Row{"a\r\nb\r\n", "b", true},
    Row{"\n\n \t\na", "a", true},
    Row{"!  keep", "keep", false},
    Row{"*\n! /keep", "keep", false},
    Row{"\xEF\xBB\xBF# x\na", "a", true},
    Row{"\xEF\xBB\xBF"
        "a",
        "a", true},
    // filepath.Clean: "." and ".." go, and "for historical reasons, the pattern . is ignored".
    Row{".", "a", false},
    Row{"/", "a", false},
    Row{"./", "a", false},
    Row{"./a", "a", true},
    Row{"a/./b//c", "a/b/c", true},
    Row{"a/../b", "b", true},
    Row{"a/../b", "a", false},
    Row{"/../a", "a", true},
    Row{"../a", "a", false},
    Row{"a/", "a/b", true},
    // filepath.Match.
    Row{"a*", "a", true},
    Row{"a*", "abc", true},
    Row{"a*", "ab/c", true},
    Row{"*", ".hidden", true},
    Row{".*", "hidden", false},
    Row{"a*/b", "abc/b", true},
    Row{"a*/b", "a/c/b", false},
    Row{"a*b*c*d*e*/f", "axbxcxdxexxx/f", true},
    Row{"a*b*c*d*e*/f", "axbxcxdxexxx/fff", false},
    Row{"a*b?c*x", "abxbbxdbxebxczzx", true},
    Row{"a*b?c*x", "abxbbxdbxebxczzy", false},
    Row{"a?b", "a/b", false},
    Row{"a?b",
        "a\xE2\x98\xBA"
        "b",
        true},
    Row{"a???b",
        "a\xE2\x98\xBA"
        "b",
        false},
    Row{"a?b",
        "a\xFF"
        "b",
        true},
    Row{"ab[c]", "abc", true},
    Row{"ab[b-d]", "abc", true},
    Row{"ab[e-g]", "abc", false},
    Row{"ab[^c]", "abc", false},
    Row{"ab[^e-g]", "abc", true},
    Row{"a[!c]", "ab", false},
    Row{"a[!c]", "a!", true},
    Row{"[a-\xCE\xB6]*", "\xCE\xB1", true},
    Row{"*[a-\xCE\xB6]", "A", false},
    Row{"a[^b]c", "a/c", true},
    Row{"[\\]a]", "]", true},
    Row{"[x\\-]", "-", true},
    Row{"[x\\-]", "z", false},
    Row{"[*]", "*", true},
    Row{"[*]", "x", false},
    Row{"a\\*b", "a*b", true},
    Row{"a\\*b", "axb", false},
    Row{"a\\\\", "a\\", true},
    // No character has a meaning of its own besides those.
    Row{"abc.def", "abcZdef", false},
    Row{"a(b)c|$+{}^", "a(b)c|$+{}^", true},
    Row{"*.c++", "a.c++", true},
    Row{"A", "a", false},
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

TEST_CASE("rules mean what Docker's reference says") {
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
  const auto found = read_folder(folder.path(), 0, FolderIgnore::find(folder.path(), std::nullopt));
  CHECK(paths_of(found) == std::vector<std::string>{".dockerignore", "a.txt", "docs", "docs/README.md", "empty"});
}

TEST_CASE("what is left out is not even looked at: a device or an unreadable folder may be there") {
  const TestFolder folder;
  folder.write("in", "x");
  REQUIRE(std::system(("mkfifo " + (folder / "pipe").string()).c_str()) == 0);
  folder.write(".dockerignore", "*\n!in\n");
  const auto found = read_folder(folder.path(), 0, FolderIgnore::find(folder.path(), std::nullopt));
  CHECK(paths_of(found) == std::vector<std::string>{"in"});
}

TEST_CASE("a named file's patterns are relative to its own folder where the added one is in it") {
  const TestFolder project;
  const auto rules = project.write(".dockerignore", "web/node_modules\n");
  project.write("web/index.html", "x");
  project.write("web/node_modules/x.js", "x");
  const auto ignore = FolderIgnore::find(project / "web", rules.string());
  CHECK(ignore.decide("node_modules").excluded);
  CHECK_FALSE(ignore.decide("index.html").excluded);
  CHECK_FALSE(ignore.decide("").excluded);
  const auto whole = FolderIgnore::find(project / "web", project.write("all.ignore", "web").string());
  CHECK(whole.decide("").excluded);
}

TEST_CASE("a named file elsewhere is about the added folder, \"none\" is no rule at all") {
  const TestFolder project;
  const auto rules = project.write("build/rules", "*.map\n");
  project.write("web/x.map", "x");
  project.write("web/.dockerignore", "x.map\n");
  CHECK(FolderIgnore::find(project / "web", rules.string()).decide("x.map").excluded);
  CHECK_FALSE(FolderIgnore::find(project / "web", "none").decide("x.map").excluded);
  CHECK(FolderIgnore::find(project / "web", "none").file().empty());
  CHECK_THROWS_AS(FolderIgnore::find(project / "web", (project / "missing").string()), Error);
}

TEST_CASE("an explanation names file, line and rule") {
  const TestFolder folder;
  const auto file = folder.write(".dockerignore", "*.map\ndocs\n!docs/a\n").string();
  const auto ignore = FolderIgnore::find(folder.path(), std::nullopt);
  CHECK(explain_ignored(ignore, {"x.map", "/docs/", "docs/a", "y"}) ==
        "x.map: out (" + file + ":1: *.map)\n" + "docs: out (" + file +
            ":2: docs; a later exception may hold below)\n" + "docs/a: in (" + file + ":3: !docs/a)\n" +
            "y: in (no rule of " + file + " matches)\n");
  CHECK(explain_ignored_json(ignore, {"x.map"}) ==
        "[\n  {\n    \"path\": \"x.map\",\n    \"included\": false,\n    \"file\": \"" + file +
            "\",\n    \"line\": 1,\n    \"rule\": \"*.map\"\n  }\n]\n");
  CHECK_THROWS_AS(explain_ignored(ignore, {"../x"}), Error);
}
