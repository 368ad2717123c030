// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "inspect/go_build_info.hpp"
#include "inspect/go_functions.hpp"
#include "raw_elf.hpp"

using namespace ociassemble;
using namespace ociassemble::test;
using namespace std::string_literals;

namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

// An unsigned LEB128 length below 16384, and the text.
std::string counted(const std::string& text) {
  std::string length;
  if (text.size() >= 128) length += static_cast<char>(0x80U | (text.size() & 0x7FU));
  length += static_cast<char>(text.size() < 128 ? text.size() : text.size() >> 7U);
  return length + text;
}

std::string build_info_of(const std::string& version, const std::string& modules) {
  const std::string sentinel(16, '\x30');
  return "\xff Go buildinf:\x08\x02"s + std::string(16, '\0') + counted(version) +
         counted(modules.empty() ? "" : sentinel + modules + sentinel);
}

std::optional<GoBuild> build_of(const RawElf& raw) {
  const std::string bytes = raw.bytes();
  const BoundedFile file("program", bytes);
  return read_go_build(ElfFile(file), file);
}

RawElf go_program(std::string info) {
  RawElf raw;
  raw.segments = {{1, 5, 0x400000, "code"}};
  raw.sections = {{".go.buildinfo", std::move(info)}};
  return raw;
}

GoBuild parsed(std::string_view text) {
  GoBuild build;
  parse_go_modules(text, build);
  return build;
}

// A table of Go 1.16 and later: header, words, names.
std::string function_table(const RawElf& raw, std::uint64_t magic, const std::vector<std::uint64_t>& words,
                           const std::string& names) {
  std::string table = raw.number(magic, 4) + "\0\0\1"s + (raw.wide ? '\x08' : '\x04');
  for (const auto word : words) table += raw.word(word);
  return table + names;
}

struct FoundFunctions {
  GoTable form = GoTable::none;
  std::vector<std::string> names;
};

FoundFunctions functions_of(const RawElf& raw) {
  const std::string bytes = raw.bytes();
  const BoundedFile file("program", bytes);
  FoundFunctions found;
  found.form =
      for_each_go_function(ElfFile(file), file, [&](std::string_view name) { found.names.emplace_back(name); });
  return found;
}

const std::string kTwoNames = "main.main\0net/http.(*Server).Serve\0"s;
const std::vector<std::string> kTwoNameList{"main.main", "net/http.(*Server).Serve"};

}  // namespace

TEST_CASE("build information holds modules, replacements and settings") {
  // As go1.23 writes it; a replaced module has no sum of its own, and an empty line after its replacement.
  const auto build = build_of(go_program(build_info_of("go1.23.5",
                                                       "path\texample.com/app/cmd/app\n"
                                                       "mod\texample.com/app\t(devel)\t\n"
                                                       "dep\texample.com/lib\tv1.2.3\th1:abc=\n"
                                                       "dep\texample.com/old\tv1.0.0\n"
                                                       "=>\texample.com/new\tv1.1.0\th1:def=\n\n"
                                                       "dep\texample.com/local\tv0.0.0\n"
                                                       "=>\t./local\t\t\n\n"
                                                       "later\tword\n"
                                                       "build\t-compiler=gc\n"
                                                       "build\t-ldflags=\"-s -w -X 'main.name=a b'\"\n"
                                                       "build\tvcs.modified=false\n")));
  REQUIRE(build);
  CHECK(build->go_version == "go1.23.5");
  CHECK(build->path == "example.com/app/cmd/app");
  REQUIRE(build->main);
  CHECK(build->main->required.path == "example.com/app");
  CHECK(build->main->required.version == "(devel)");
  CHECK(build->main->required.sum.empty());
  REQUIRE(build->dependencies.size() == 3);
  CHECK(build->dependencies[0].required.sum == "h1:abc=");
  CHECK_FALSE(build->dependencies[0].replacement);
  REQUIRE(build->dependencies[1].replacement);
  CHECK(build->dependencies[1].required.path == "example.com/old");
  CHECK(build->dependencies[1].replacement->path == "example.com/new");
  CHECK(build->dependencies[1].replacement->version == "v1.1.0");
  CHECK(build->dependencies[1].replacement->sum == "h1:def=");
  REQUIRE(build->dependencies[2].replacement);
  CHECK(build->dependencies[2].replacement->path == "./local");
  CHECK(build->dependencies[2].replacement->version.empty());
  CHECK(build->settings ==
        Settings{{"-compiler", "gc"}, {"-ldflags", "-s -w -X 'main.name=a b'"}, {"vcs.modified", "false"}});
  REQUIRE(build->setting("vcs.modified"));
  CHECK(*build->setting("vcs.modified") == "false");
  CHECK(build->setting("vcs") == nullptr);
}

TEST_CASE("settings are unquoted as Go quotes them") {
  CHECK(parsed("build\t\"a b\"=\"c\\td\\\"\\x41\\101\\u00e9\\U0001F600\\\\\"\n").settings ==
        Settings{{"a b", "c\td\"AA\xc3\xa9\xf0\x9f\x98\x80\\"}});
  CHECK(parsed("build\t`a=b`=`c\\n`\n").settings == Settings{{"a=b", "c\\n"}});
  CHECK(parsed("build\tCGO_CFLAGS=\n").settings == Settings{{"CGO_CFLAGS", ""}});
  CHECK(parsed("build\t-tags=a,b=c\n").settings == Settings{{"-tags", "a,b=c"}});
}

TEST_CASE("settings that are none are skipped") {
  for (const auto* line : {"build\tnothing\n", "build\t=value\n", "build\t\"open=value\n", "build\tkey=\"open\n",
                           "build\tkey=\"a\"b\n", "build\tkey=\"\\q\"\n", "build\tkey=\"\\x4\"\n",
                           "build\tkey=\"\\400\"\n", "build\tkey=\"\\UFFFFFFFF\"\n", "build\t\"key\"\n", "build\n"}) {
    CAPTURE(line);
    CHECK(parsed(line).settings.empty());
  }
  CHECK_FALSE(parsed("=>\ta\tb\tc\n").main);
}

TEST_CASE("build information without its sentinels names no modules") {
  const auto build = build_of(go_program("\xff Go buildinf:\x08\x02"s + std::string(16, '\0') + counted("go1.20") +
                                         counted("path\texample.com/app\n")));
  REQUIRE(build);
  CHECK(build->go_version == "go1.20");
  CHECK(build->path.empty());
}

TEST_CASE("build information is found far into a segment where there are no sections") {
  RawElf raw;
  const auto info = build_info_of("go1.24.6", "path\tmain\n");
  // 3 MiB of which a decoy is part: the magic alone, as programs that read build information hold it.
  std::string data(std::size_t{3} << 20U, 'x');
  data.replace(4096, 16, "\xff Go buildinf:\x08\x02"s);
  for (const std::size_t at : {std::size_t{0}, std::size_t{65536}, (std::size_t{1} << 20U) - 16, data.size()}) {
    CAPTURE(at);
    raw.segments = {{1, 5, 0x400000, "code"},
                    {1, 6, 0x500000, std::string(data).insert(at, info + std::string(8, ' '))}};
    const auto build = build_of(raw);
    REQUIRE(build);
    CHECK(build->go_version == "go1.24.6");
    CHECK(build->path == "main");
  }
  raw.segments[1] = {1, 4, 0x500000, data + info};  // data that cannot be written
  CHECK(build_of(raw));
  raw.segments[1] = {1, 6, 0x500000, data};
  CHECK_FALSE(build_of(raw));
}

TEST_CASE("a section of build information that claims to be endless is read to the file's end") {
  auto raw = go_program("nothing");
  std::string bytes = raw.bytes();
  // sh_size of the first section behind the null one: three headers of 64 bytes end the file.
  bytes.replace(bytes.size() - 2 * 64 + 32, 8, 8, '\x7f');
  const BoundedFile file("program", bytes);
  CHECK_FALSE(read_go_build(ElfFile(file), file));
}

TEST_CASE("the build ID has four parts") {
  RawElf raw;
  const std::string id = "action/main/content/binary";
  const auto note = raw.number(4, 4) + raw.number(id.size(), 4) + raw.number(4, 4) + "Go\0\0"s + id + "\0\0"s;
  const auto id_of = [](const RawElf& program) {
    const std::string bytes = program.bytes();
    const BoundedFile file("program", bytes);
    return read_go_build_id(ElfFile(file), file);
  };
  raw.segments = {{1, 5, 0x400000, "code"}, {4, 4, 0x500000, note}};
  auto found = id_of(raw);
  REQUIRE(found);
  CHECK(found->text == id);
  CHECK(found->binary_action == "action");
  CHECK(found->main_action == "main");
  CHECK(found->main_content == "content");
  CHECK(found->binary_content == "binary");

  raw.segments = {{1, 5, 0x400000, "\xff Go build ID: \"a/b/c/d\"\n \xff"}};  // where the linker dropped the note
  found = id_of(raw);
  REQUIRE(found);
  CHECK(found->main_content == "c");

  raw.segments = {{1, 5, 0x400000, "\xff Go build ID: \"redacted\"\n \xff"}};
  found = id_of(raw);
  REQUIRE(found);
  CHECK(found->text == "redacted");
  CHECK(found->binary_content.empty());

  raw.segments = {{1, 5, 0x400000, "\xff Go build ID: \"a/\x1b/c/d\"\n \xff"}};
  CHECK_FALSE(id_of(raw));
}

TEST_CASE("functions are read from the tables of Go 1.16, 1.18 and 1.20") {
  for (const bool wide : {true, false}) {
    for (const bool little : {true, false}) {
      RawElf raw;
      raw.wide = wide;
      raw.little = little;
      const std::uint64_t head = 8 + (wide ? 8U : 4U) * 8;
      const auto end = head + kTwoNames.size();
      const auto with = [&](const std::string& table) {
        raw.segments = {{1, 5, 0x400000, "code"}, {1, 4, 0x500000, std::string(52, 'x') + table}};
        return functions_of(raw);
      };
      // nfunc, nfiles, names, the next table
      auto found = with(function_table(raw, 0xFFFFFFFA, {1000, 2, head, end, 0, 0, 0, 0}, kTwoNames));
      CHECK(found.form == GoTable::go1_16);
      CHECK(found.names == kTwoNameList);
      // nfunc, nfiles, textStart, names, the next table
      found = with(function_table(raw, 0xFFFFFFF0, {1000, 2, 0x400000, head, end, 0, 0, 0}, kTwoNames));
      CHECK(found.form == GoTable::go1_18);
      CHECK(found.names == kTwoNameList);
      found = with(function_table(raw, 0xFFFFFFF1, {1000, 2, 0x400000, head, end, 0, 0, 0}, kTwoNames));
      CHECK(found.form == GoTable::go1_20);
      CHECK(found.names == kTwoNameList);
    }
  }
}

TEST_CASE("functions are read from the table of Go 1.2 to 1.15") {
  RawElf raw;
  // Ten functions: all but the last have the first name. Records (address, name) behind the pairs, names behind those.
  std::string table = raw.number(0xFFFFFFFB, 4) + "\0\0\1\x08"s + raw.word(10);
  const std::uint64_t records = 16 + 10 * 16;
  const std::uint64_t names = records + 2 * 12;
  for (std::uint64_t i = 0; i < 10; ++i) table += raw.word(0x400000 + i) + raw.word(records + (i < 9 ? 0 : 12));
  table += raw.word(0x400000) + raw.number(names, 4) + raw.word(0x400009) + raw.number(names + 10, 4) + kTwoNames;
  raw.segments = {{1, 5, 0x400000, "code"}};
  raw.sections = {{".gopclntab", table}};
  const auto found = functions_of(raw);
  CHECK(found.form == GoTable::go1_2);
  REQUIRE(found.names.size() == 10);
  CHECK(found.names[0] == "main.main");
  CHECK(found.names[9] == "net/http.(*Server).Serve");
  for (std::size_t size = 0; size < table.size(); size += 7) {  // cut anywhere
    raw.sections = {{".gopclntab", table.substr(0, size)}};
    CHECK(functions_of(raw).names.size() < 10);
  }
}

TEST_CASE("tables that make no sense are none") {
  RawElf raw;
  const std::uint64_t head = 8 + 8 * 8;
  const auto end = head + kTwoNames.size();
  const auto form = [&](const std::string& table) {
    raw.segments = {{1, 5, 0x400000, "code"}, {1, 4, 0x500000, table}};
    return functions_of(raw).form;
  };
  const auto packed = [&](std::uint64_t count, std::uint64_t from, std::uint64_t to) {
    return function_table(raw, 0xFFFFFFF1, {count, 2, 0x400000, from, to, 0, 0, 0}, kTwoNames);
  };
  CHECK(form(packed(1000, head, end)) == GoTable::go1_20);
  CHECK(form("x" + packed(1000, head, end)) == GoTable::none);  // off its alignment
  CHECK(form(packed(9, head, end)) == GoTable::none);
  CHECK(form(packed(1000, end, head)) == GoTable::none);
  CHECK(form(packed(1000, head, end + 1)) == GoTable::none);
  CHECK(form(packed(1000, 0, end)) == GoTable::none);
  CHECK(form(packed(~std::uint64_t{0}, head, end)) == GoTable::none);
  auto changed = packed(1000, head, end);
  changed[6] = 3;  // no machine has such instructions
  CHECK(form(changed) == GoTable::none);
  changed[6] = 4;
  CHECK(form(changed) == GoTable::go1_20);
  changed[7] = 4;  // the pointers of another class
  CHECK(form(changed) == GoTable::none);
  CHECK(form("") == GoTable::none);
}

TEST_CASE("names that cross the pieces that are read stay whole") {
  RawElf raw;
  const std::uint64_t head = 8 + 8 * 8;
  std::string names;
  for (int i = 0; i < 200000; ++i) names += "f" + std::to_string(i) + '\0';
  raw.segments = {{1, 5, 0x400000, "code"}};
  raw.sections = {
      {".gopclntab", function_table(raw, 0xFFFFFFF1, {1000, 2, 0x400000, head, head + names.size(), 0, 0, 0}, names)}};
  const auto found = functions_of(raw);
  REQUIRE(found.names.size() == 200000);
  for (std::size_t i = 0; i < found.names.size(); ++i) REQUIRE(found.names[i] == "f" + std::to_string(i));
}
