// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "compare/go_causes.hpp"
#include "compare_support.hpp"
#include "inspect/go_build_info.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

using Texts = std::vector<std::string>;

// A build with these lines of build information; as many builds as have the same code and ID are the same.
GoSide build(const std::string& lines, const std::string& version = "go1.24.6") {
  GoSide side{{}, {Digest::of("file"), Digest::of("text"), 4, Digest::of("functions"), {}}};
  side.program.build.go_version = version;
  parse_go_modules(lines, side.program.build);
  return side;
}
GoSide with_id(GoSide side, const Texts& parts, const std::string& file, const std::string& text = "text") {
  side.program.build_id =
      GoBuildId{parts[0] + "/" + parts[1] + "/" + parts[2] + "/" + parts[3], parts[0], parts[1], parts[2], parts[3]};
  side.code = {Digest::of(file), Digest::of(text), text.size(), Digest::of("functions"), side.code.files};
  return side;
}

// "KIND[?] NAME BEFORE>AFTER…".
Texts texts(const std::vector<Cause>& causes) {
  Texts result;
  for (const auto& cause : causes) {
    std::string text = cause_name(cause.kind);
    if (!cause.is_certain) text += "?";
    for (const auto& change : cause.changes) text += " " + change.name + "|" + change.before + ">" + change.after;
    result.push_back(text);
  }
  return result;
}
Texts between(const GoSide& before, const GoSide& after) {
  CauseList causes;
  compare_go_programs("app", before, after, causes);
  return texts(causes.take());
}
Texts between(const std::string& before, const std::string& after) { return between(build(before), build(after)); }

std::vector<Cause> causes_of(const Image& before, const Image& after) { return compare_images(before, after).causes; }

}  // namespace

TEST_CASE("each recorded setting is one cause, and what follows from it is none") {
  CHECK(between("build\t-trimpath=true\n", "build\t-ldflags=-s\nbuild\tCGO_CFLAGS=-O2\n") ==
        Texts{"go-trimpath -trimpath|true>"});
  CHECK(between("build\t-ldflags=-s\n", "build\t-ldflags=\"-s -w\"\n") == Texts{"go-link-flags -ldflags|-s>-s -w"});
  CHECK(between("build\t-tags=a\n", "") == Texts{"go-tags -tags|a>"});
  CHECK(between("build\tGOARM=6\n", "build\tGOARM=7\n") == Texts{"go-level GOARM|6>7"});
  CHECK(between("build\tGOARCH=amd64\nbuild\tGOAMD64=v1\nbuild\tCGO_ENABLED=1\n",
                "build\tGOARCH=arm64\nbuild\tGOARM64=v8.0\nbuild\tCGO_ENABLED=0\n") ==
        Texts{"go-platform |/amd64>/arm64"});
  CHECK(between("build\tCGO_ENABLED=0\n", "build\tCGO_ENABLED=1\nbuild\tCGO_CFLAGS=\n") ==
        Texts{"go-cgo CGO_ENABLED|0>1"});
  CHECK(between("", "build\t-race=true\nbuild\t-buildmode=pie\n") == Texts{"go-setting -buildmode|>pie -race|>true"});
  CHECK(between("path\ta\n", "path\tb\n") == Texts{"go-package |a>b"});
}

TEST_CASE("another toolchain is one cause, also where it records more") {
  CHECK(between(build("build\tDefaultGODEBUG=a=1\n", "go1.24.6"),
                build("build\t-buildmode=exe\nbuild\tGOAMD64=v1\nbuild\tDefaultGODEBUG=b=1\n", "go1.25.0")) ==
        Texts{"go-toolchain |go1.24.6>go1.25.0"});
  CHECK(between(build("", "go1.24.6"), build("build\t-race=true\n", "go1.25.0")) ==
        Texts{"go-toolchain |go1.24.6>go1.25.0", "go-setting -race|>true"});
}

TEST_CASE("a commit's time and a main module's version belong to the commit") {
  const std::string one =
      "mod\tm\tv0.0.0-20240501-aaaa\nbuild\tvcs.revision=aaaa\nbuild\tvcs.time=1\nbuild\tvcs.modified=false\n";
  const std::string two =
      "mod\tm\tv0.0.0-20240601-bbbb\nbuild\tvcs.revision=bbbb\nbuild\tvcs.time=2\nbuild\tvcs.modified=false\n";
  const std::string dirty =
      "mod\tm\tv0.0.0-20240501-aaaa+dirty\nbuild\tvcs.revision=aaaa\nbuild\tvcs.time=1\nbuild\tvcs.modified=true\n";
  CHECK(between(one, two) == Texts{"go-vcs-revision vcs.revision|aaaa>bbbb vcs.time|1>2"});
  CHECK(between(one, dirty) == Texts{"go-vcs-modified vcs.modified|false>true"});
  CHECK(between("mod\tm\t(devel)\n", one) == Texts{"go-vcs-stamp vcs.revision|>aaaa"});
  CHECK(between("mod\tm\tv1.0.0\n", "mod\tm\tv1.1.0\n") == Texts{"go-module-changed m|v1.0.0>v1.1.0"});
}

TEST_CASE("modules are added, removed, changed, replaced, or have other sums") {
  const std::string main = "mod\tm\t(devel)\n";
  CHECK(between(main, main + "dep\ta\tv1\th1:x\ndep\tb\tv2\th1:y\n") == Texts{"go-module-added a|>v1 b|>v2"});
  CHECK(between(main + "dep\ta\tv1\th1:x\n", main) == Texts{"go-module-removed a|v1>"});
  CHECK(between(main + "dep\ta\tv1\th1:x\n", main + "dep\ta\tv2\th1:y\n") == Texts{"go-module-changed a|v1>v2"});
  CHECK(between(main + "dep\ta\tv1\th1:x\n", main + "dep\ta\tv1\n=>\t../a\t\n") ==
        Texts{"go-module-changed a|v1>v1 => ../a"});
  CHECK(between(main + "dep\ta\tv1\th1:x\n", main + "dep\ta\tv1\th1:y\n") ==
        Texts{"go-module-changed a|v1 h1:x>v1 h1:y"});
  CHECK(between(main + "dep\ta\tv1\th1:x\ndep\tb\tv1\th1:x\n", main + "dep\ta\tv1\ndep\tb\tv1\n") ==
        Texts{"go-module-sums |recorded>not recorded"});
  CHECK(between("", main + "dep\ta\tv1\th1:x\n") == Texts{"go-setting modules|not recorded>recorded"});
}

TEST_CASE("where the record is the same, build IDs and code tell") {
  const auto trimmed = build("build\t-trimpath=true\n");
  const auto one = with_id(trimmed, {"a", "b", "c", "d"}, "one");
  CHECK(between(one, with_id(trimmed, {"a", "x", "c", "d"}, "one")) == Texts{"go-build-id |a/b/c/d>a/x/c/d"});
  CHECK(between(one, with_id(trimmed, {"a", "b", "c", "d"}, "two")) == Texts{"go-edited"});
  CHECK(between(one, with_id(trimmed, {"x", "b", "c", "y"}, "two")) == Texts{"go-link-flags"});
  CHECK(between(one, with_id(trimmed, {"x", "b", "c", "y"}, "two", "next")) == Texts{"go-link-flags?"});
  CHECK(between(one, with_id(trimmed, {"x", "b", "c", "y"}, "two", "longer")) == Texts{"go-code"});
  CHECK(between(one, with_id(trimmed, {"x", "y", "z", "y"}, "two")) == Texts{"go-code"});
  auto other_functions = with_id(trimmed, {"x", "b", "c", "y"}, "two", "next");
  other_functions.code.functions = Digest::of("others");
  CHECK(between(one, other_functions) == Texts{"go-code"});
  auto dynamic = with_id(trimmed, {"x", "b", "c", "y"}, "two", "longer");
  dynamic.program.is_static = false;
  CHECK(between(one, dynamic) == Texts{"go-link-flags linkage|static>dynamic"});
  auto pie = with_id(trimmed, {"x", "y", "z", "y"}, "two", "longer");
  pie.program.is_position_independent = true;
  CHECK(between(one, pie) == Texts{"go-setting -buildmode|exe>pie"});
  // Recorded flags that are the same did not change.
  const auto plain = build("build\t-ldflags=-s\n");
  CHECK(between(with_id(plain, {"a", "b", "c", "d"}, "one"), with_id(plain, {"x", "b", "c", "y"}, "two")) ==
        Texts{"go-code"});
}

TEST_CASE("another folder of the build is told by the source files") {
  auto one = with_id(build(""), {"a", "b", "c", "d"}, "one");
  auto two = with_id(build(""), {"w", "x", "y", "z"}, "two");
  one.code.files = {"/usr/lib/go/fmt.go", "/home/a/src/main.go", "/home/a/src/sub/x.go"};
  two.code.files = {"/usr/lib/go/fmt.go", "/build/main.go", "/build/sub/x.go"};
  CHECK(between(one, two) == Texts{"go-folder |/home/a/src>/build"});
  two.code.files[2] = "/build/sub/y.go";
  CHECK(between(one, two) == Texts{"go-code"});
}

TEST_CASE("symbols that were taken are a cause, unless recorded flags say so") {
  auto stripped = build("");
  stripped.program.has_symbols = stripped.program.has_debug_info = false;
  CHECK(between(build(""), stripped) == Texts{"go-stripped |with symbols>stripped"});
  auto by_flags = build("build\t-ldflags=-s\n");
  by_flags.program.has_symbols = by_flags.program.has_debug_info = false;
  CHECK(between(build(""), by_flags) == Texts{"go-link-flags -ldflags|>-s"});
}

TEST_CASE("programs with the same cause are told together") {
  CauseList causes;
  compare_go_programs("a", build("", "go1.1"), build("", "go1.2"), causes);
  compare_go_programs("b", build("", "go1.1"), build("", "go1.2"), causes);
  compare_go_programs("c", build("", "go1.1"), build("", "go1.3"), causes);
  const auto all = causes.take();
  REQUIRE(all.size() == 2);
  CHECK(all[0].paths == Texts{"a", "b"});
  CHECK(all[0].count == 2);
  CHECK(all[1].paths == Texts{"c"});
}

TEST_CASE("files that differ in time, mode or owner only are counted, others are not") {
  const Images images;
  const auto before = images.layer(RawTar().file("a", "1", 0644).file("b", "1", 0644).file("c", "1", 0644));
  const auto after = images.layer(RawTar().file("a", "1", 0600).file("b", "2", 0600).file("c", "1", 0644, {5, 5}));
  const auto causes = causes_of(Images::image({{before, "x"}}), Images::image({{after, "x"}}));
  REQUIRE(texts(causes) == Texts{"file-modes", "file-owners"});
  CHECK(causes[0].paths == Texts{"a"});
  CHECK(causes[1].paths == Texts{"c"});
}

TEST_CASE("the same files in other tar bytes are a cause") {
  const Images images;
  const auto before = images.layer(RawTar().file("a", "1").file("b", "2"));
  const auto after = images.layer(RawTar().file("b", "2").file("a", "1"));
  CHECK(texts(causes_of(Images::image({{before, "x"}}), Images::image({{after, "x"}}))) ==
        Texts{"tar-bytes layer 1|>"});
}

TEST_CASE("a layer that cannot be read again leaves the compressor unknown") {
  const Images images;
  const auto tar = RawTar().file("a", "1");
  auto one = images.layer(tar);
  auto two = images.layer(tar, Compression::zstd);
  one.blobs = two.blobs = make_memory_store();
  CHECK(texts(causes_of(Images::image({{one, "x"}}), Images::image({{two, "x"}}))) ==
        Texts{"compressor layer 1|gzip>zstd"});
}

TEST_CASE("without reading layers only the documents' causes are told") {
  const Images images;
  auto one = images.layer(RawTar().file("a", "1"));
  auto two = images.layer(RawTar().file("a", "2"));
  one.blobs = two.blobs = std::make_shared<Untouchable>();
  ImageConfig config;
  config.created = "2024-01-01T00:00:00Z";
  const auto result = compare_images(Images::image({{one, "x"}}), Images::image({{two, "x"}}, config),
                                     {.read_layers = false, .stop = {}});
  CHECK(texts(result.causes) == Texts{"created |>2024-01-01T00:00:00Z"});
}
