// SPDX-License-Identifier: Apache-2.0
#include "assemble/start_check.hpp"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ociassemble/error.hpp"

using namespace ociassemble;

namespace {

class StartRoot : public RootFiles {
 public:
  std::optional<RootFile> find(std::string_view path) const override {
    const auto found = files.find(path.substr(path.find_first_not_of('/')));
    if (found == files.end()) return {};
    return found->second;
  }
  std::optional<std::string> text(std::string_view) const override { return {}; }
  bool may_reach(std::string_view, std::uint64_t, std::uint64_t) const override { return true; }

  RootFile& put(const std::string& path, const LibraryFacts& facts) {
    auto& file = files[path];
    file = {path, 0755, 0, 0, std::make_shared<const LibraryFacts>(facts)};
    return file;
  }

  std::map<std::string, RootFile, std::less<>> files;
};

// With glibc 2.31.
struct GlibcStartRoot : StartRoot {
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
  start.program.interpreter = "/lib64/ld-linux-x86-64.so.2";
  start.program.uid = start.program.gid = 65532;
  start.program.facts.machine = 62;
  start.program.facts.dynamic.needed = std::move(needed);
  return start;
}

// "CAUSE | HINT"; the words before the cause are the same for all.
std::string refusal_of_start(const CheckedStart& start, const RootFiles& root) {
  const std::string prefix =
      "cannot use build/server: it does not start on this base (debian:11 (Debian GNU/Linux 11 (bullseye))): ";
  try {
    check_start(start, root, {});
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::check_failed);
    const std::string message = error.what();
    REQUIRE(message.substr(0, prefix.size()) == prefix);
    return message.substr(prefix.size()) + " | " + error.hint();
  }
  return "starts";
}

}  // namespace

TEST_CASE("a program that starts is no error") {
  CHECK(refusal_of_start(start_of({"libc.so.6"}), GlibcStartRoot()) == "starts");
}

TEST_CASE("each reason not to start has its message and its remedy") {
  GlibcStartRoot root;
  auto start = start_of({"libz.so.1"});
  CHECK(refusal_of_start(start, root) ==
        "libz.so.1 is not in the image; the program needs it | build with CGO_ENABLED=0, choose a base that has the "
        "library, or add it and those that it needs with --add");

  root.put("lib/libz.so.1", *root.files["lib/libc.so.6"].library).mode = 0600;
  CHECK(refusal_of_start(start, root) ==
        "/lib/libz.so.1 cannot be loaded: the image's user cannot read it; the program needs it | let the image's user "
        "read it (--add SRC:DEST,mode=0444), or take it out of the library path");

  root.files["lib64/ld-linux-x86-64.so.2"].mode = 0644;
  CHECK(refusal_of_start(start, root) ==
        "its loader /lib64/ld-linux-x86-64.so.2 cannot be used: it is not executable | build with CGO_ENABLED=0, or "
        "choose a base with this loader");
  CHECK(refusal_of_start(start, StartRoot()) ==
        "its loader /lib64/ld-linux-x86-64.so.2 is not in the image | build with CGO_ENABLED=0, or choose a base with "
        "this loader");
}

TEST_CASE("of versions of glibc the highest is named, with a base that has it") {
  auto start = start_of({"libc.so.6"});
  start.program.facts.dynamic.version_needs = {{"libc.so.6", "GLIBC_2.32", false}, {"libc.so.6", "GLIBC_2.34", false}};
  CHECK(
      refusal_of_start(start, GlibcStartRoot()) ==
      "libc.so.6 (glibc 2.31) has no GLIBC_2.34; the program needs it | build with CGO_ENABLED=0, or on a system with "
      "glibc 2.31 or older, or choose a base with glibc 2.34 or later (debian:12 has 2.36)");
  start.program.facts.dynamic.version_needs = {{"libc.so.6", "GLIBC_2.99", false}};
  CHECK(
      refusal_of_start(start, GlibcStartRoot()) ==
      "libc.so.6 (glibc 2.31) has no GLIBC_2.99; the program needs it | build with CGO_ENABLED=0, or on a system with "
      "glibc 2.31 or older, or choose a base with glibc 2.99 or later");
}

TEST_CASE("a version of another library is named with what there is of its kind, and who needs it") {
  GlibcStartRoot root;
  LibraryFacts library;
  library.machine = 62;
  library.dynamic.needed = {"libstdc++.so.6"};
  library.dynamic.version_needs = {{"libstdc++.so.6", "GLIBCXX_3.4.30", false}};
  root.put("lib/liba.so.1", library);
  LibraryFacts standard;
  standard.machine = 62;
  standard.dynamic.version_definitions = {{"GLIBCXX_3.4", "GLIBCXX_3.4.28", "GLIBCXX_3.4.9"}};
  root.put("lib/libstdc++.so.6", standard);
  CHECK(refusal_of_start(start_of({"liba.so.1"}), root) ==
        "libstdc++.so.6 (it has GLIBCXX_3.4.28 at the most) has no GLIBCXX_3.4.30; /lib/liba.so.1 needs it | build on "
        "the "
        "system that the base is made of, or choose a newer base");
}

TEST_CASE("symbols that musl lacks are counted") {
  StartRoot root;
  LibraryFacts musl;
  musl.machine = 62;
  musl.musl_symbols = {"__libc_start_main", "printf"};
  root.put("lib64/ld-linux-x86-64.so.2", musl);
  auto start = start_of({"libc.so.6"});
  start.program.facts.undefined = {{"__sprintf_chk", "libc.so.6", true}};
  const std::string remedy = " | build with CGO_ENABLED=0 or on Alpine, or choose a glibc base";
  CHECK(refusal_of_start(start, root) == "musl has no __sprintf_chk, which the program needs" + remedy);
  start.program.facts.undefined.push_back({"backtrace", "libc.so.6", true});
  CHECK(refusal_of_start(start, root) ==
        "musl has no __sprintf_chk and 1 other symbol, which the program needs" + remedy);
}

TEST_CASE("what is not judged and what needs a newer processor is warned of") {
  GlibcStartRoot root;
  root.put("lib/liba.so.1", {}).library = nullptr;
  auto start = start_of({"liba.so.1"});
  start.program.facts.x86_level = 3;
  std::vector<std::string> warnings;
  check_start(start, root, [&](const std::string& warning) { warnings.push_back(warning); });
  CHECK(warnings ==
        std::vector<std::string>{"whether build/server starts was not judged: nothing is known about /lib/liba.so.1",
                                 "build/server starts only on processors of level x86-64-v3 and above"});
}
