// SPDX-License-Identifier: Apache-2.0
#include "gates/runs.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "gates/glibc_version.hpp"
#include "gates/musl_names.hpp"
#include "memory_root.hpp"

using namespace ociassemble;
using test::MemoryRoot;
using namespace std::string_literals;

namespace {

using Names = std::vector<std::string>;

LibraryFacts library(const std::string& soname, Names needed = {}) {
  LibraryFacts facts;
  facts.machine = 62;
  if (!soname.empty()) facts.dynamic.soname = soname;
  facts.dynamic.needed = std::move(needed);
  return facts;
}

LibraryFacts versioned(const std::string& soname, Names definitions) {
  auto facts = library(soname);
  facts.dynamic.version_definitions = std::move(definitions);
  facts.dynamic.has_symbol_versions = true;
  return facts;
}

struct GlibcRoot : MemoryRoot {
  GlibcRoot() {
    auto loader = versioned("ld-linux-x86-64.so.2", {"GLIBC_2.2.5"});
    loader.default_folders = {"/lib/", "/usr/lib/"};
    put("lib64/ld-linux-x86-64.so.2", loader);
    auto libc = versioned("libc.so.6", {"GLIBC_2.2.5", "GLIBC_2.9", "GLIBC_2.30", "GLIBC_PRIVATE"});
    libc.glibc_release = "2.31";
    libc.dynamic.needed = {"ld-linux-x86-64.so.2"};
    put("lib/libc.so.6", libc);
  }
};

struct MuslRoot : MemoryRoot {
  MuslRoot() {
    auto loader = library("");
    loader.musl_symbols = {"__libc_start_main", "open", "printf", "readdir_r"};
    put("lib/ld-musl-x86_64.so.1", loader);
  }
};

ProgramStart program_with(Names needed, const std::string& interpreter = "/lib64/ld-linux-x86-64.so.2") {
  ProgramStart program;
  program.path = "usr/local/bin/server";
  program.interpreter = interpreter;
  program.facts = library("", std::move(needed));
  return program;
}

ProgramStart musl_program(Names needed) { return program_with(std::move(needed), "/lib/ld-musl-x86_64.so.1"); }

// "no-library libz.so.1" and so on, one for each obstacle.
Names obstacles_of(const ProgramStart& program, const RootFiles& root) {
  const std::map<StartFailure, std::string> kWords{
      {StartFailure::no_interpreter, "no interpreter"}, {StartFailure::bad_interpreter, "bad interpreter"},
      {StartFailure::no_library, "no library"},         {StartFailure::bad_library, "bad library"},
      {StartFailure::no_version, "no version"},         {StartFailure::no_symbol, "no symbol"}};
  Names words;
  for (const auto& obstacle : judge_start(program, root).obstacles)
    words.push_back(kWords.at(obstacle.kind) + " " + obstacle.name);
  return words;
}

}  // namespace

TEST_CASE("a static program starts on nothing") { CHECK(obstacles_of(program_with({}, ""), MemoryRoot()).empty()); }

TEST_CASE("a program without its interpreter does not start") {
  CHECK(obstacles_of(program_with({}), MuslRoot()) == Names{"no interpreter /lib64/ld-linux-x86-64.so.2"});
}

TEST_CASE("an interpreter that the kernel refuses is named") {
  GlibcRoot root;
  root.files["lib64/ld-linux-x86-64.so.2"].mode = 0644;
  CHECK(obstacles_of(program_with({}), root) == Names{"bad interpreter /lib64/ld-linux-x86-64.so.2"});
  auto other = library("ld-linux-aarch64.so.1");
  other.machine = 183;
  root.put("lib64/ld-linux-x86-64.so.2", other);
  CHECK(obstacles_of(program_with({}), root) == Names{"bad interpreter /lib64/ld-linux-x86-64.so.2"});
  LibraryFacts text;
  text.is_elf = false;
  root.put("lib64/ld-linux-x86-64.so.2", text);
  CHECK(obstacles_of(program_with({}), root) == Names{"bad interpreter /lib64/ld-linux-x86-64.so.2"});
}

TEST_CASE("an interpreter that nobody knows is not judged") {
  GlibcRoot root;
  root.put("lib64/ld-linux-x86-64.so.2", library("libodd.so"));
  const auto verdict = judge_start(program_with({"libz.so.1"}), root);
  CHECK(verdict.loader == LoaderKind::other);
  CHECK(verdict.obstacles.empty());
  CHECK(verdict.not_judged == Names{"lib64/ld-linux-x86-64.so.2"});
}

TEST_CASE("libraries are found transitively, each once, and the loader is one") {
  GlibcRoot root;
  root.put("usr/lib/liba.so.1", library("liba.so.1", {"libb.so.1", "libc.so.6"}));
  root.put("usr/lib/libb.so.1", library("libb.so.1", {"liba.so.1", "libmissing.so.1"}));
  const auto verdict = judge_start(program_with({"liba.so.1", "ld-linux-x86-64.so.2", "libc.so.6"}), root);
  REQUIRE(verdict.obstacles.size() == 1);
  CHECK(verdict.obstacles[0].kind == StartFailure::no_library);
  CHECK(verdict.obstacles[0].name == "libmissing.so.1");
  CHECK(verdict.obstacles[0].needed_by == "usr/lib/libb.so.1");
  CHECK(verdict.glibc_version == "2.31");
}

TEST_CASE("a version that the library does not define is missing, unless it is weak") {
  auto program = program_with({"libc.so.6"});
  program.facts.dynamic.version_needs = {
      {"libc.so.6", "GLIBC_2.34", false}, {"libc.so.6", "GLIBC_2.9", false}, {"libc.so.6", "GLIBC_2.35", true}};
  const auto verdict = judge_start(program, GlibcRoot());
  REQUIRE(verdict.obstacles.size() == 1);
  CHECK(verdict.obstacles[0].name == "GLIBC_2.34");
  CHECK(verdict.obstacles[0].library == "libc.so.6");
  CHECK(verdict.obstacles[0].found == "GLIBC_2.30");  // by number, not as text
}

TEST_CASE("a library without versions is taken with its table of symbol versions only") {
  GlibcRoot root;
  auto plain = library("libplain.so.1");
  root.put("lib/libplain.so.1", plain);
  auto program = program_with({"libplain.so.1"});
  program.facts.dynamic.version_needs = {{"libplain.so.1", "PLAIN_1", false}};
  CHECK(obstacles_of(program, root) == Names{"no version PLAIN_1"});
  plain.dynamic.has_symbol_versions = true;
  root.put("lib/libplain.so.1", plain);
  CHECK(obstacles_of(program, root).empty());
}

TEST_CASE("relative relocations in the new form need glibc's word for them") {
  auto program = program_with({"libc.so.6"});
  program.facts.dynamic.has_relative_relocations = true;
  program.facts.dynamic.version_needs = {{"libc.so.6", "GLIBC_2.9", false}};
  CHECK(obstacles_of(program, GlibcRoot()) == Names{"no version GLIBC_ABI_DT_RELR"});
  program.facts.dynamic.version_needs.push_back({"libc.so.6", "GLIBC_ABI_DT_RELR", false});
  CHECK(obstacles_of(program, GlibcRoot()) == Names{"no version GLIBC_ABI_DT_RELR"});  // 2.31 has none
}

TEST_CASE("RPATH is inherited and RUNPATH is not") {
  GlibcRoot root;
  root.put("opt/app/liba.so", library("liba.so", {"libb.so"}));
  root.put("opt/app/libb.so", library("libb.so"));
  auto program = program_with({"liba.so"});
  program.path = "opt/app/bin/server";
  program.facts.dynamic.rpath = "$ORIGIN/..";
  CHECK(obstacles_of(program, root) == Names{"no library liba.so"});  // "/opt/app/bin/.." is for who follows ".."
  program.facts.dynamic.rpath = "/opt/app";
  CHECK(obstacles_of(program, root).empty());
  program.facts.dynamic.runpath = "/opt/app";
  CHECK(obstacles_of(program, root) == Names{"no library libb.so"});
}

TEST_CASE("$ORIGIN is the folder of the file that says it") {
  GlibcRoot root;
  root.put("usr/local/bin/lib/liba.so", library("liba.so"));
  auto program = program_with({"liba.so"});
  program.facts.dynamic.runpath = "/none:${ORIGIN}/lib";
  CHECK(obstacles_of(program, root).empty());
}

TEST_CASE("LD_LIBRARY_PATH comes before RUNPATH, and names with a slash are paths") {
  GlibcRoot root;
  LibraryFacts text;
  text.is_elf = false;
  root.put("first/liba.so", text);
  root.put("second/liba.so", library("liba.so"));
  auto program = program_with({"liba.so"});
  program.facts.dynamic.runpath = "/second";
  CHECK(obstacles_of(program, root).empty());
  program.library_path = "/none;/first";
  CHECK(obstacles_of(program, root) == Names{"bad library /first/liba.so"});
  CHECK(obstacles_of(program_with({"/second/liba.so"}), root).empty());
  CHECK(obstacles_of(program_with({"/third/liba.so"}), root) == Names{"no library /third/liba.so"});
}

TEST_CASE("a library for another machine is passed over") {
  GlibcRoot root;
  auto other = library("liba.so");
  other.machine = 183;
  root.put("lib/liba.so", other);
  CHECK(obstacles_of(program_with({"liba.so"}), root) == Names{"no library liba.so"});
  root.put("usr/lib/liba.so", library("liba.so"));
  CHECK(obstacles_of(program_with({"liba.so"}), root).empty());
}

TEST_CASE("folders for better processors count") {
  GlibcRoot root;
  auto fast = library("liba.so");
  fast.x86_level = 3;
  root.put("usr/lib/glibc-hwcaps/x86-64-v3/liba.so", fast);
  const auto verdict = judge_start(program_with({"liba.so"}), root);
  CHECK(verdict.obstacles.empty());
  CHECK(verdict.x86_level == 3);
}

TEST_CASE("the cache finds what no folder does, and DF_1_NODEFLIB leaves its default folders out") {
  // One entry: liba.so in /lib/deep, for amd64.
  const auto cache_with = [](const std::string& path) {
    std::string texts = "liba.so\0"s + path + '\0';
    std::string bytes = "glibc-ld.so.cache1.1\1\0\0\0"s + static_cast<char>(texts.size()) + "\0\0\0\2\0\0\0"s +
                        std::string(16, '\0') + "\3\3\0\0\x48\0\0\0\x50\0\0\0\0\0\0\0"s + std::string(8, '\0');
    return bytes + texts;
  };
  GlibcRoot root;
  root.put("lib/deep/liba.so", library("liba.so"));
  root.put("opt/liba.so", library("liba.so"));
  CHECK(obstacles_of(program_with({"liba.so"}), root) == Names{"no library liba.so"});
  root.texts["etc/ld.so.cache"] = cache_with("/lib/deep/liba.so");
  CHECK(obstacles_of(program_with({"liba.so"}), root).empty());
  auto program = program_with({"liba.so"});
  program.facts.dynamic.skips_default_folders = true;
  CHECK(obstacles_of(program, root) == Names{"no library liba.so"});
  root.texts["etc/ld.so.cache"] = cache_with("/opt/liba.so");
  CHECK(obstacles_of(program, root).empty());
}

TEST_CASE("a library that the image's user cannot read does not load") {
  GlibcRoot root;
  root.files["lib/libc.so.6"].mode = 0600;
  auto program = program_with({"libc.so.6"});
  CHECK(obstacles_of(program, root).empty());  // root reads it
  program.uid = program.gid = 65532;
  CHECK(obstacles_of(program, root) == Names{"bad library /lib/libc.so.6"});
  root.files["lib/libc.so.6"].mode = 0644;
  CHECK(obstacles_of(program, root).empty());
  root.is_reachable = false;
  CHECK(obstacles_of(program, root) == Names{"bad library /lib/libc.so.6"});
}

TEST_CASE("the search goes on behind a library that cannot be read") {
  GlibcRoot root;
  root.put("lib/liba.so", library("liba.so")).mode = 0600;
  root.put("usr/lib/liba.so", library("liba.so"));
  auto program = program_with({"liba.so"});
  program.uid = program.gid = 65532;
  CHECK(obstacles_of(program, root).empty());
  root.files.erase("usr/lib/liba.so");
  CHECK(obstacles_of(program, root) == Names{"bad library /lib/liba.so"});
}

TEST_CASE("a library that nobody looked into is not judged") {
  GlibcRoot root;
  root.put("lib/liba.so", library("liba.so")).library = nullptr;
  auto program = program_with({"liba.so"});
  program.facts.dynamic.version_needs = {{"liba.so", "A_1", false}};
  const auto verdict = judge_start(program, root);
  CHECK(verdict.obstacles.empty());
  CHECK(verdict.not_judged == Names{"lib/liba.so"});
}

TEST_CASE("of what nobody looked into the mode is not known either") {
  GlibcRoot root;
  auto& library_file = root.put("lib/liba.so", library("liba.so"));
  library_file.library = nullptr;
  library_file.mode = 0;
  auto program = program_with({"liba.so"});
  program.uid = program.gid = 65532;
  CHECK(judge_start(program, root).not_judged == Names{"lib/liba.so"});
  auto& loader = root.files["lib64/ld-linux-x86-64.so.2"];
  loader.library = nullptr;
  loader.mode = 0;
  const auto verdict = judge_start(program, root);
  CHECK(verdict.obstacles.empty());
  CHECK(verdict.not_judged == Names{"lib64/ld-linux-x86-64.so.2"});
}

TEST_CASE("musl is its own libraries, and versions do not matter to it") {
  auto program = musl_program({"libc.so.6", "libpthread.so.0", "libdl.so.2", "libc.musl-x86_64.so.1"});
  program.facts.dynamic.version_needs = {{"libc.so.6", "GLIBC_2.34", false}};
  const auto verdict = judge_start(program, MuslRoot());
  CHECK(verdict.loader == LoaderKind::musl);
  CHECK(verdict.obstacles.empty());
}

TEST_CASE("musl misses the symbols that only glibc has") {
  auto program = musl_program({"libc.so.6"});
  program.facts.undefined = {{"__vfprintf_chk", "libc.so.6", true},
                             {"open64", "libc.so.6", true},
                             {"printf", "libc.so.6", true},
                             {"readdir64_r", "libc.so.6", true},
                             {"strtol64", "libc.so.6", true}};
  CHECK(obstacles_of(program, MuslRoot()) == Names{"no symbol __vfprintf_chk", "no symbol strtol64"});
}

TEST_CASE("symbols of other libraries are not looked for in musl") {
  MuslRoot root;
  root.put("usr/lib/libz.so.1", library("libz.so.1"));
  auto program = musl_program({"libz.so.1"});
  program.facts.undefined = {{"deflate", "", true}, {"inflate", "libz.so.1", true}, {"backtrace", "libc.so.6", true}};
  CHECK(obstacles_of(program, root) == Names{"no symbol backtrace"});
}

TEST_CASE("musl's own file of folders takes the place of the default ones") {
  MuslRoot root;
  root.put("usr/lib/liba.so", library("liba.so"));
  const auto program = musl_program({"liba.so"});
  CHECK(obstacles_of(program, root).empty());
  root.texts["etc/ld-musl-x86_64.path"] = "/lib\n/opt/lib\n";
  CHECK(obstacles_of(program, root) == Names{"no library liba.so"});
  root.put("opt/lib/liba.so", library("liba.so"));
  CHECK(obstacles_of(program, root).empty());
}

TEST_CASE("musl inherits RUNPATH, and takes LD_LIBRARY_PATH first") {
  MuslRoot root;
  root.put("opt/liba.so", library("liba.so", {"libb.so"}));
  root.put("opt/libb.so", library("libb.so"));
  auto program = musl_program({"liba.so"});
  program.facts.dynamic.runpath = "/opt";
  CHECK(obstacles_of(program, root).empty());
  program.facts.dynamic.runpath.reset();
  program.library_path = "/opt";
  CHECK(obstacles_of(program, root).empty());
}

TEST_CASE("musl ignores a path with anything but $ORIGIN in it") {
  MuslRoot root;
  root.put("opt/liba.so", library("liba.so"));
  root.put("usr/local/bin/libb.so", library("libb.so"));
  auto program = musl_program({"liba.so"});
  program.facts.dynamic.rpath = "/none/$LIB:/opt";
  CHECK(obstacles_of(program, root) == Names{"no library liba.so"});
  program.facts.dynamic.rpath = "/none/$ORIGIN:/opt";
  CHECK(obstacles_of(program, root).empty());
  program.facts.dynamic.needed = {"libb.so"};
  program.facts.dynamic.rpath = "${ORIGIN}";
  CHECK(obstacles_of(program, root).empty());
  program.facts.dynamic.needed = {"$ORIGIN/libb.so"};
  CHECK(obstacles_of(program, root) == Names{"no library $ORIGIN/libb.so"});
}

TEST_CASE("versions are compared number by number") {
  CHECK(family_of_version("GLIBC_2.34") == "GLIBC_2.");
  CHECK(family_of_version("GLIBC_2.2.5") == "GLIBC_2.");
  CHECK(family_of_version("GLIBCXX_3.4.30") == "GLIBCXX_3.");
  CHECK(family_of_version("GLIBC_ABI_DT_RELR").empty());
  CHECK(family_of_version("").empty());
  CHECK(highest_version({"GLIBC_2.9", "GLIBC_2.30", "GLIBC_2.4", "GLIBC_PRIVATE"}, "GLIBC_2.") == "GLIBC_2.30");
  CHECK(highest_version({"GLIBC_PRIVATE"}, "GLIBC_2.").empty());
  CHECK(is_below("2.9", "2.30"));
  CHECK(is_below("2.2", "2.2.5"));
  CHECK_FALSE(is_below("2.30", "2.30"));
  CHECK_FALSE(is_below("3", "2.99"));
}

TEST_CASE("musl's loader knows its names") {
  CHECK(is_musl_itself("libc.so.6"));
  CHECK(is_musl_itself("libm.so.6"));
  CHECK_FALSE(is_musl_itself("libcrypto.so.3"));
  CHECK_FALSE(is_musl_itself("libmine.so"));
  CHECK_FALSE(is_musl_itself("c.so"));
  CHECK(musl_offers({"stat"}, "stat64"));
  CHECK_FALSE(musl_offers({"strtol"}, "strtol64"));
  CHECK_FALSE(musl_offers({}, "stat64"));
}

TEST_CASE("facts of a library survive their record") {
  auto facts = versioned("liba.so.1", {"A_1", "A_2"});
  facts.x86_level = 2;
  facts.dynamic.needed = {"libc.so.6"};
  facts.dynamic.rpath = "";
  facts.dynamic.runpath = "$ORIGIN";
  facts.dynamic.version_needs = {{"libc.so.6", "GLIBC_2.9", false}, {"libc.so.6", "GLIBC_2.30", true}};
  facts.dynamic.skips_default_folders = true;
  facts.dynamic.has_relative_relocations = true;
  facts.musl_symbols = {"a", "b"};
  facts.default_folders = {"/lib/"};
  facts.glibc_release = "2.36";
  const auto again = decode_library(encode_library(facts));
  REQUIRE(again);
  CHECK(encode_library(*again) == encode_library(facts));
  CHECK(again->machine == 62);
  CHECK(again->x86_level == 2);
  CHECK(again->dynamic.soname == "liba.so.1");
  CHECK(again->dynamic.needed == Names{"libc.so.6"});
  CHECK(again->dynamic.rpath == "");
  CHECK(again->dynamic.runpath == "$ORIGIN");
  REQUIRE(again->dynamic.version_needs.size() == 2);
  CHECK(again->dynamic.version_needs[1].version == "GLIBC_2.30");
  CHECK(again->dynamic.version_needs[1].is_weak);
  CHECK_FALSE(again->dynamic.version_needs[0].is_weak);
  CHECK(again->dynamic.version_definitions == Names{"A_1", "A_2"});
  CHECK(again->dynamic.skips_default_folders);
  CHECK(again->musl_symbols == Names{"a", "b"});
  CHECK(again->default_folders == Names{"/lib/"});
  CHECK(again->glibc_release == "2.36");
}

TEST_CASE("records that nobody wrote are none") {
  for (const auto& text : {"", "library 1", "library 2\n", "library 1\nq\n", "library 1\n\n", "library 1\nnopen",
                           "library 1\nmx\n", "library 1\nm99999\n", "library 1\nvno tab\n", "library 1\ndversion\n"}) {
    CAPTURE(text);
    CHECK_FALSE(decode_library(text));
  }
  const auto none = decode_library(encode_library(facts_of_library("INPUT(libc.so.6)")));
  REQUIRE(none);
  CHECK_FALSE(none->is_elf);
}

TEST_CASE("libraries are known by their names") {
  for (const auto* path : {"lib/libc.so.6", "usr/lib/libz.so", "lib/ld-musl-x86_64.so.1", "lib64/ld-linux-x86-64.so.2",
                           "libpython3.11.so.1.0"}) {
    CHECK(is_library_path(path));
  }
  for (const auto* path :
       {"etc/ld.so.cache", "etc/ld.so.conf", "usr/bin/sort", "a.sound", ".so", "lib.so.d/readme", ""})
    CHECK_FALSE(is_library_path(path));
}
