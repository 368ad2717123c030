// SPDX-License-Identifier: Apache-2.0
#include "assemble/start_check.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "memory_root.hpp"
#include "ociassemble/error.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using test::MemoryRoot;

namespace {

// With glibc 2.31.
struct GlibcStartRoot : MemoryRoot {
  GlibcStartRoot() {
    LibraryFacts loader;
    loader.machine = 62;
    loader.dynamic.soname = "ld-linux-x86-64.so.2";
    loader.default_folders = {"/lib/"};
    put("lib64/ld-linux-x86-64.so.2", loader);
    LibraryFacts libc;
    libc.machine = 62;
    libc.dynamic.soname = "libc.so.6";
    libc.dynamic.version_definitions = {{"GLIBC_2.2.5", "GLIBC_2.30"}};
    libc.glibc_release = "2.31";
    put("lib/libc.so.6", libc);
  }
};

CheckedStart start_of(std::vector<std::string> needed) {
  CheckedStart start;
  start.source = "build/server";
  start.base = "debian:11 (Debian GNU/Linux 11 (bullseye))";
  start.program.path = "usr/local/bin/server";
  start.program.interpreter = start.elf.interpreter = "/lib64/ld-linux-x86-64.so.2";
  start.elf.needed = needed;
  start.elf.traits.linkage = ElfLinkage::dynamic;
  start.program.uid = start.program.gid = 65532;
  start.program.facts.machine = 62;
  start.program.facts.dynamic.needed = std::move(needed);
  return start;
}

// A refusal in the form of tests/golden/gates_runs.txt; empty for a program that starts.
std::string refusal_of_start(const CheckedStart& start, const RootFiles& root) {
  try {
    check_start(start, root, {});
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::check_failed);
    return std::string(error.what()) + "\n  " + error.hint() + "\n";
  }
  return {};
}

LibraryFacts amd64_library() {
  LibraryFacts facts;
  facts.machine = 62;
  return facts;
}

struct RefusedStart {
  std::string name;
  std::string text;
};

std::vector<RefusedStart> refused_starts_without_library() {
  std::vector<RefusedStart> all;
  GlibcStartRoot root;
  const auto add = [&](const std::string& name, const CheckedStart& start) {
    all.push_back({name, refusal_of_start(start, root)});
  };
  add("a library that the base lacks", start_of({"libz.so.1"}));
  root.put("opt/libz.so.1", amd64_library());
  add("a library where the loader does not look", start_of({"libz.so.1"}));
  root.put("lib/libz.so.1", LibraryFacts{.machine = 183});
  root.files.erase("opt/libz.so.1");
  add("a library for another machine", start_of({"libz.so.1"}));
  root.put("lib/libz.so.1", amd64_library()).mode = 0600;
  add("a library that the user cannot read", start_of({"libz.so.1"}));
  root.put("lib/libz.so.1", LibraryFacts{.is_elf = false});
  add("a linker script instead of a library", start_of({"libz.so.1"}));
  root.put("lib/libz.so.1", amd64_library());
  auto other = amd64_library();
  other.dynamic.needed = {"libnone.so.2"};
  root.put("lib/libother.so.1", other);
  add("a library that another needs", start_of({"libother.so.1"}));
  return all;
}

std::vector<RefusedStart> refused_starts_without_loader() {
  std::vector<RefusedStart> all;
  GlibcStartRoot root;
  const auto add = [&](const std::string& name, const CheckedStart& start, const RootFiles& files) {
    all.push_back({name, refusal_of_start(start, files)});
  };
  add("a loader that the base lacks", start_of({"libc.so.6"}), MemoryRoot());
  add("Go's position-independent program without its loader", start_of({}), MemoryRoot());
  root.files["lib64/ld-linux-x86-64.so.2"].mode = 0644;
  add("a loader that is not executable", start_of({"libc.so.6"}), root);
  root.put("lib64/ld-linux-x86-64.so.2", LibraryFacts{.machine = 183});
  add("a loader for another machine", start_of({"libc.so.6"}), root);
  root.put("lib64/ld-linux-x86-64.so.2", LibraryFacts{.is_elf = false});
  add("a loader that is a script", start_of({"libc.so.6"}), root);
  return all;
}

std::vector<RefusedStart> refused_starts_by_versions() {
  std::vector<RefusedStart> all;
  GlibcStartRoot root;
  auto start = start_of({"libc.so.6"});
  const auto add = [&](const std::string& name, const std::string& library, const std::vector<std::string>& versions) {
    start.program.facts.dynamic.version_needs.clear();
    for (const auto& version : versions) start.program.facts.dynamic.version_needs.push_back({library, version, false});
    all.push_back({name, refusal_of_start(start, root)});
  };
  add("of versions of glibc the highest", "libc.so.6", {"GLIBC_2.32", "GLIBC_2.34", "GLIBC_2.33"});
  add("a version of glibc that no known base has", "libc.so.6", {"GLIBC_2.99"});
  add("relocations that glibc does not know", "libc.so.6", {"GLIBC_ABI_DT_RELR"});
  auto standard = amd64_library();
  standard.dynamic.version_definitions = {{"GLIBCXX_3.4", "GLIBCXX_3.4.28", "GLIBCXX_3.4.9"}};
  root.put("lib/libstdc++.so.6", standard);
  start = start_of({"libstdc++.so.6", "libc.so.6"});
  add("a version of the C++ library", "libstdc++.so.6", {"GLIBCXX_3.4.30"});
  auto library = amd64_library();
  library.dynamic.needed = {"libstdc++.so.6"};
  library.dynamic.version_needs = {{"libstdc++.so.6", "CXXABI_1.3.13", false}};
  root.put("lib/liba.so.1", library);
  start = start_of({"liba.so.1"});
  add("a version that a library needs", "", {});
  return all;
}

std::vector<RefusedStart> refused_starts_on_musl() {
  MemoryRoot root;
  auto musl = amd64_library();
  musl.musl_symbols = {"__libc_start_main", "printf"};
  root.put("lib64/ld-linux-x86-64.so.2", musl);
  auto start = start_of({"libc.so.6"});
  start.program.facts.undefined = {{"__sprintf_chk", "libc.so.6", true}};
  std::vector<RefusedStart> all{{"a symbol that musl lacks", refusal_of_start(start, root)}};
  start.program.facts.undefined.push_back({"backtrace", "libc.so.6", true});
  all.push_back({"two symbols that musl lacks", refusal_of_start(start, root)});
  return all;
}

GateResult result_of_start(const CheckedStart& start, const RootFiles& root, std::vector<std::string>& warnings) {
  return check_start(start, root, [&](const std::string& warning) { warnings.push_back(warning); });
}

}  // namespace

TEST_CASE("a program that starts passes, without a word") {
  std::vector<std::string> warnings;
  const GateResult passed{"runs", "", "/usr/local/bin/server", GateVerdict::pass, "", ""};
  CHECK(result_of_start(start_of({"libc.so.6"}), GlibcStartRoot(), warnings) == passed);
  CHECK(warnings.empty());
}

TEST_CASE("each kind of refusal has the words and the remedy of the golden file") {
  std::string text;
  for (const auto& refused : {refused_starts_without_loader(), refused_starts_without_library(),
                              refused_starts_by_versions(), refused_starts_on_musl()}) {
    for (const auto& one : refused) text += "\n=== " + one.name + "\n" + one.text;
  }
  auto golden = test::read_bytes(GOLDEN_FOLDER "/gates_runs.txt");
  CHECK(text == golden.substr(golden.find("\n=== ")));
}

TEST_CASE("what was not judged is said, and counts as nothing else") {
  GlibcStartRoot root;
  root.put("lib/liba.so.1", {}).library = nullptr;
  std::vector<std::string> warnings;
  auto result = result_of_start(start_of({"liba.so.1"}), root, warnings);
  CHECK(result.verdict == GateVerdict::not_judged);
  CHECK(result.reason == "nothing is known about /lib/liba.so.1");
  CHECK(warnings ==
        std::vector<std::string>{"whether build/server starts was not judged: nothing is known about /lib/liba.so.1"});

  auto packed = start_of({});
  packed.elf.interpreter = packed.program.interpreter = "";
  packed.elf.traits.is_packed = true;
  warnings.clear();
  result = result_of_start(packed, root, warnings);
  CHECK(result.verdict == GateVerdict::not_judged);
  CHECK(result.reason == "it is packed by UPX");
  CHECK(warnings == std::vector<std::string>{"whether build/server starts, and what it needs, was not judged: it is "
                                             "packed by UPX; layers are compressed without that"});
}

TEST_CASE("what the machine must be like is warned of, of static programs too") {
  auto start = start_of({});
  start.elf.interpreter = start.program.interpreter = "";
  start.elf.x86_level = 3;
  start.elf.traits.has_executable_stack = true;
  std::vector<std::string> warnings;
  const auto result = result_of_start(start, MemoryRoot(), warnings);
  CHECK(result.verdict == GateVerdict::pass);
  CHECK(result.reason ==
        "it starts only on processors of level x86-64-v3 and above; it wants an executable stack, which kernels with "
        "SELinux may forbid");
  CHECK(warnings ==
        std::vector<std::string>{"build/server starts only on processors of level x86-64-v3 and above",
                                 "build/server wants an executable stack, which kernels with SELinux may forbid"});

  auto arm = start_of({});
  arm.elf.interpreter = arm.program.interpreter = "";
  arm.elf.machine = 183;
  arm.elf.arm64 = "v8.1";
  arm.elf.traits.page_size = 4096;
  warnings.clear();
  result_of_start(arm, MemoryRoot(), warnings);
  CHECK(warnings == std::vector<std::string>{
                        "build/server runs only on processors of ARM v8.1 and above",
                        "build/server does not start on kernels with pages of 64 KiB: it is aligned to 4096 bytes"});
  arm.elf.arm64 = "";
  arm.elf.traits.page_size = 65536;
  warnings.clear();
  result_of_start(arm, MemoryRoot(), warnings);
  CHECK(warnings.empty());
}
