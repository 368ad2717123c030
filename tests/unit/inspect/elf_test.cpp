// SPDX-License-Identifier: Apache-2.0
// Long because all of it builds its programs by one set of helpers.
#include "inspect/elf.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ociassemble/error.hpp"
#include "raw_elf.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using namespace ociassemble::test;
using namespace std::string_literals;

namespace {

constexpr std::uint32_t kLoad = 1;
constexpr std::uint32_t kDynamic = 2;
constexpr std::uint32_t kInterp = 3;

RawElf static_program() {
  RawElf elf;
  elf.segments = {{kLoad, 5, 0x400000, "code"}};
  return elf;
}

// Loads "\0libc.so.6\0libm.so.6\0" at 0x1000.
RawElf dynamic_program() {
  RawElf elf;
  elf.type = 3;
  const std::string strings = "\0libc.so.6\0libm.so.6\0"s;
  const auto tag = [&](std::uint64_t name, std::uint64_t value) { return elf.word(name) + elf.word(value); };
  elf.segments = {{kLoad, 4, 0x1000, strings},
                  {kInterp, 4, 0x2000, "/lib64/ld-linux-x86-64.so.2\0"s},
                  {kDynamic, 6, 0x3000, tag(1, 11) + tag(1, 1) + tag(5, 0x1000) + tag(0, 0) + tag(1, 1)}};
  return elf;
}

std::string inline_build_info(const std::string& version) {
  return "\xff Go buildinf:\x08\x02"s + std::string(16, '\0') + static_cast<char>(version.size()) + version + '\0';
}

std::vector<std::string> output_lines(const char* command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command, "r"), &::pclose);
  std::vector<std::string> lines;
  std::string line;
  for (int c = 0; pipe && (c = std::fgetc(pipe.get())) != EOF;) {
    if (c != '\n') {
      line += static_cast<char>(c);
      continue;
    }
    lines.push_back(std::exchange(line, {}));
  }
  return lines;
}

struct Refusal {
  std::string message;
  std::string hint;
};

Refusal refusal_of(const std::filesystem::path& file) {
  try {
    read_elf(file);
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::check_failed);
    const std::string message = error.what();
    const std::string prefix = "cannot use " + file.string() + ": ";
    REQUIRE(message.substr(0, prefix.size()) == prefix);
    return {message.substr(prefix.size()), error.hint()};
  }
  FAIL("was not refused");
  return {};
}

Refusal refusal_of_bytes(std::string_view bytes) {
  const TestFolder folder;
  return refusal_of(folder.write("file", bytes));
}

ElfInfo read_bytes_as_elf(std::string_view bytes) {
  const TestFolder folder;
  return read_elf(folder.write("file", bytes));
}

std::string architecture(std::uint16_t machine, bool wide, bool little) {
  ElfInfo elf;
  elf.machine = machine;
  elf.is_64_bit = wide;
  elf.is_little_endian = little;
  return elf_architecture(elf);
}

}  // namespace

TEST_CASE("a static program needs nothing") {
  const auto elf = read_bytes_as_elf(static_program().bytes());
  CHECK(elf.is_64_bit);
  CHECK(elf.is_little_endian);
  CHECK(elf.machine == 62);
  CHECK(elf.interpreter.empty());
  CHECK(elf.needed.empty());
  CHECK(elf.go_version.empty());
}

TEST_CASE("both classes and both byte orders are read") {
  for (const bool wide : {true, false}) {
    for (const bool little : {true, false}) {
      CAPTURE(wide);
      CAPTURE(little);
      RawElf raw;
      raw.wide = wide;
      raw.little = little;
      raw.machine = 8;
      const auto tag = [&](std::uint64_t name, std::uint64_t value) { return raw.word(name) + raw.word(value); };
      raw.segments = {{kLoad, 4, 0x10000, "..\0libc.musl.so\0"s},
                      {kInterp, 4, 0x20000, "/lib/ld.so\0"s},
                      {kDynamic, 6, 0x30000, tag(5, 0x10000) + tag(1, 3) + tag(0, 0)}};
      const auto elf = read_bytes_as_elf(raw.bytes());
      CHECK(elf.is_64_bit == wide);
      CHECK(elf.is_little_endian == little);
      CHECK(elf.machine == 8);
      CHECK(elf.interpreter == "/lib/ld.so");
      CHECK(elf.needed == std::vector<std::string>{"libc.musl.so"});
    }
  }
}

TEST_CASE("a dynamic program names its interpreter and its libraries in order, up to DT_NULL") {
  const auto elf = read_bytes_as_elf(dynamic_program().bytes());
  CHECK(elf.interpreter == "/lib64/ld-linux-x86-64.so.2");
  CHECK(elf.needed == std::vector<std::string>{"libm.so.6", "libc.so.6"});
}

TEST_CASE("a static position-independent program is a program") {
  auto raw = static_program();
  raw.type = 3;
  CHECK(read_bytes_as_elf(raw.bytes()).interpreter.empty());
  // DT_FLAGS_1 with DF_1_PIE.
  raw.segments.push_back(
      {kDynamic, 6, 0x3000, raw.word(0x6FFFFFFB) + raw.word(0x08000000) + raw.word(0) + raw.word(0)});
  CHECK(read_bytes_as_elf(raw.bytes()).interpreter.empty());
}

TEST_CASE("a shared library is refused, with an entry point or without") {
  auto raw = dynamic_program();
  raw.segments.erase(raw.segments.begin() + 1);
  CHECK(refusal_of_bytes(raw.bytes()).message == "a shared library, not a program");
  raw.entry = 0;
  CHECK(refusal_of_bytes(raw.bytes()).message == "a shared library, not a program");
}

TEST_CASE("object files, core dumps and unknown types are refused by name") {
  auto raw = static_program();
  raw.segments.clear();  // Object files have none.
  raw.type = 1;
  CHECK(refusal_of_bytes(raw.bytes()).message == "an object file, not linked");
  raw.type = 4;
  CHECK(refusal_of_bytes(raw.bytes()).message == "a core dump, not a program");
  raw.type = 77;
  CHECK(refusal_of_bytes(raw.bytes()).message == "a damaged ELF file: type 77");
}

TEST_CASE("what is no ELF file is named for what it is, with a hint") {
  const auto cause = [](std::string_view bytes) { return refusal_of_bytes(bytes).message; };
  CHECK(cause("") == "the file is empty");
  CHECK(cause("#!/bin/sh -e\necho\n") == "a script (#!/bin/sh -e), not a compiled program");
  CHECK(cause("#!/bin/\x1b[31msh\r\n") == "a script (#!/bin/?[31msh), not a compiled program");
  CHECK(cause("#!" + std::string(500, 'x')) == "a script (#!" + std::string(78, 'x') + "...), not a compiled program");
  CHECK(cause("\xcf\xfa\xed\xfe\x07\0\0\1"s) == "built for macOS (a Mach-O file), not for Linux");
  CHECK(cause("\xfe\xed\xfa\xce\0\0\0\7"s) == "built for macOS (a Mach-O file), not for Linux");
  CHECK(cause("\xca\xfe\xba\xbe\0\0\0\2"s) == "built for macOS (a universal Mach-O file), not for Linux");
  CHECK(cause("\xca\xfe\xba\xbe\0\0\0\x3d"s) == "a Java class, not a compiled program");
  CHECK(cause("MZ\x90\0"s) == "built for Windows (a PE file), not for Linux");
  CHECK(cause("!<arch>\n__.PKGDEF") == "an archive, not a program");
  CHECK(cause("\0asm\1\0\0\0"s) == "a WebAssembly module, not a Linux program");
  CHECK(cause("\x1f\x8b\x08") == "gzip-compressed data, not a program");
  CHECK(cause("hello") == "not an ELF file, so no Linux program");
  CHECK(cause("\x7f\x45\x4c") == "not an ELF file, so no Linux program");

  CHECK(refusal_of_bytes("\xcf\xfa\xed\xfe").hint == "build it with GOOS=linux");
  CHECK(refusal_of_bytes("MZ").hint == "build it with GOOS=linux");
  CHECK(refusal_of_bytes("!<arch>\n").hint.find("name a main package") == 0);
  CHECK(refusal_of_bytes("#!/bin/sh").hint.find("--any-binary") != std::string::npos);
}

TEST_CASE("a folder, a pipe and a missing file are refused") {
  const TestFolder folder;
  CHECK(refusal_of(folder.path()).message == "a directory, not a program");
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(refusal_of(folder / "pipe").message == "not a regular file");
  try {
    read_elf(folder / "missing");
    FAIL("was read");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::not_found);
    CHECK(error.what() == "cannot open " + (folder / "missing").string() + ": No such file or directory");
  }
}

TEST_CASE("a file that is cut anywhere is truncated") {
  auto raw = dynamic_program();
  raw.sections = {{".text", "code"}};
  const std::string whole = raw.bytes();
  REQUIRE(read_bytes_as_elf(whole).needed.size() == 2);
  for (std::size_t size = 4; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK(refusal_of_bytes(whole.substr(0, size)).message.find("a truncated ELF file: ") == 0);
  }
}

TEST_CASE("a truncated file says what is missing") {
  auto raw = static_program();
  raw.segments[0].size = 1000;
  // 64 bytes of header, 56 of program header, 4 of "code"; the segment claims 1000 from byte 120 on.
  CHECK(refusal_of_bytes(raw.bytes()).message ==
        "a truncated ELF file: a segment would end at byte 1120, and the file has 124");
  CHECK(refusal_of_bytes(raw.bytes()).hint == "build or copy it again");
}

TEST_CASE("offsets and sizes that overflow are past the end") {
  for (const std::uint64_t size : {std::uint64_t{16}, ~std::uint64_t{0}}) {
    for (const std::uint32_t type : {kLoad, kDynamic, kInterp}) {
      auto raw = static_program();
      raw.segments[0].type = type;
      raw.segments[0].offset = ~std::uint64_t{0} - 3;
      raw.segments[0].size = size;
      CHECK(refusal_of_bytes(raw.bytes()).message.find("a truncated ELF file: a segment") == 0);
    }
  }
  auto bytes = static_program().bytes();
  bytes.replace(32, 8, 8, '\xff');  // e_phoff
  CHECK(refusal_of_bytes(bytes).message.find("a truncated ELF file: the program headers") == 0);
  bytes = static_program().bytes();
  bytes.replace(40, 8, 8, '\xff');  // e_shoff
  bytes.replace(60, 2, 2, '\xff');  // e_shnum
  CHECK(refusal_of_bytes(bytes).message.find("a truncated ELF file: the section headers") == 0);
}

TEST_CASE("65535 program headers are read") {
  RawElf raw;
  raw.segments.assign(65535, {kLoad, 4, 0x1000, ""});
  raw.segments.back() = {kInterp, 4, 0, "/lib/ld.so\0"s};
  CHECK(read_bytes_as_elf(raw.bytes()).interpreter == "/lib/ld.so");
}

TEST_CASE("a header that follows no specification is damage") {
  const auto changed = [](std::size_t at, char value) {
    auto bytes = static_program().bytes();
    bytes[at] = value;
    return refusal_of_bytes(bytes).message;
  };
  CHECK(changed(4, 3) == "a damaged ELF file: class 3");
  CHECK(changed(5, 0) == "a damaged ELF file: byte order 0");
  CHECK(changed(6, 9) == "a damaged ELF file: version 9");
  CHECK(changed(54, 55) == "a damaged ELF file: program headers of 55 bytes");
  CHECK(changed(56, 0) == "a damaged ELF file: no program headers");
}

TEST_CASE("an interpreter that is no path is damage") {
  const auto with = [](std::string interpreter) {
    auto raw = static_program();
    raw.segments.push_back({kInterp, 4, 0, std::move(interpreter)});
    return refusal_of_bytes(raw.bytes()).message;
  };
  CHECK(with("/lib/ld.so") == "a damaged ELF file: the interpreter's name does not end");
  CHECK(with("\0\0"s) == "a damaged ELF file: the interpreter is no path");
  CHECK(with("/lib/\x1b[2Jld\0"s) == "a damaged ELF file: the interpreter is no path");
  CHECK(with("") == "a damaged ELF file: an interpreter of 0 bytes");
  CHECK(with(std::string(4096, 'x') + '\0') == "a damaged ELF file: an interpreter of 4097 bytes");
  auto raw = static_program();
  raw.segments.push_back({kInterp, 4, 0, std::string(4095, 'x') + '\0'});
  CHECK(read_bytes_as_elf(raw.bytes()).interpreter == std::string(4095, 'x'));
}

TEST_CASE("library names outside their table are damage") {
  const auto with = [](std::uint64_t strings, std::uint64_t name, std::string table) {
    RawElf raw;
    raw.segments = {{kLoad, 4, 0x1000, std::move(table)},
                    {kDynamic, 6, 0x3000, raw.word(1) + raw.word(name) + raw.word(5) + raw.word(strings)}};
    return refusal_of_bytes(raw.bytes()).message;
  };
  CHECK(with(0x9000, 1, "\0a\0"s) == "a damaged ELF file: the string table of its dynamic section is in no segment");
  CHECK(with(0x1000, 3, "\0a\0"s) == "a damaged ELF file: a library's name is outside its string table");
  CHECK(with(0x1000, ~std::uint64_t{0}, "\0a\0"s) ==
        "a damaged ELF file: a library's name is outside its string table");
  CHECK(with(0x1000, 1, "\0abc"s) == "a damaged ELF file: a library's name does not end");
  CHECK(with(0x1000, 0, "\0abc"s) == "a damaged ELF file: a library has no proper name");
  CHECK(with(0x1000, 1, "\0a\nb\0"s) == "a damaged ELF file: a library has no proper name");
}

TEST_CASE("more libraries than any program has are damage") {
  RawElf raw;
  std::string tags;
  for (int i = 0; i < 4097; ++i) tags += raw.word(1) + raw.word(1);
  raw.segments = {{kLoad, 4, 0x1000, "\0a\0"s}, {kDynamic, 6, 0x3000, tags}};
  CHECK(refusal_of_bytes(raw.bytes()).message == "a damaged ELF file: it needs 4097 libraries");
}

TEST_CASE("Go's version is read from its section") {
  auto raw = static_program();
  raw.sections = {{".text", "code"}, {".go.buildinfo", inline_build_info("go1.21.5")}};
  CHECK(read_bytes_as_elf(raw.bytes()).go_version == "go1.21.5");
}

TEST_CASE("Go's version is found in the data segment where there are no sections") {
  auto raw = static_program();
  raw.segments.push_back({kLoad, 6, 0x500000, std::string(48, 'x') + inline_build_info("go1.18")});
  CHECK(read_bytes_as_elf(raw.bytes()).go_version == "go1.18");
  raw.segments.back().bytes.insert(0, 1, 'x');  // off its alignment
  CHECK(read_bytes_as_elf(raw.bytes()).go_version.empty());
}

TEST_CASE("Go's version is found behind pointers, as before Go 1.18") {
  for (const bool wide : {true, false}) {
    for (const bool little : {true, false}) {
      RawElf raw;
      raw.wide = wide;
      raw.little = little;
      const std::string info = "\xff Go buildinf:"s + (wide ? '\x08' : '\x04') + (little ? '\0' : '\1') +
                               raw.word(0x20000) + raw.word(0) + std::string(wide ? 0 : 8, '\0');
      raw.segments = {{kLoad, 6, 0x10000, info},
                      {kLoad, 4, 0x20000, raw.word(0x30000) + raw.word(8)},
                      {kLoad, 4, 0x30000, "go1.13.4 and more"}};
      CHECK(read_bytes_as_elf(raw.bytes()).go_version == "go1.13.4");
      raw.segments[1].bytes = raw.word(0x30000) + raw.word(18);  // one more than the segment has
      CHECK(read_bytes_as_elf(raw.bytes()).go_version.empty());
      raw.segments[1].bytes = raw.word(0x90000) + raw.word(8);
      CHECK(read_bytes_as_elf(raw.bytes()).go_version.empty());
    }
  }
}

TEST_CASE("build information that makes no sense is none") {
  const auto version = [](std::string info) {
    auto raw = static_program();
    raw.sections = {{".go.buildinfo", std::move(info)}};
    return read_bytes_as_elf(raw.bytes()).go_version;
  };
  const std::string head = "\xff Go buildinf:\x08\x02"s + std::string(16, '\0');
  CHECK(version(head + "\x08go1.2").empty());                 // shorter than it says
  CHECK(version(head + "\xff\xff\xff\xff\xff\xff").empty());  // a number without an end
  CHECK(version(head).empty());
  CHECK(version(head + "\x05go1\x1b[").empty());
  CHECK(version(head + "\x03"
                       "abc")
            .empty());
  CHECK(version("\xff Go buildinf:\x08\x02").empty());
  CHECK(version("").empty());
  CHECK(version(head + "\x05go1.2") == "go1.2");
}

TEST_CASE("machines have Go's names, by class and byte order") {
  CHECK(architecture(62, true, true) == "amd64");
  CHECK(architecture(62, false, true) == "amd64p32");
  CHECK(architecture(3, false, true) == "386");
  CHECK(architecture(40, false, true) == "arm");
  CHECK(architecture(183, true, true) == "arm64");
  CHECK(architecture(243, true, true) == "riscv64");
  CHECK(architecture(22, true, false) == "s390x");
  CHECK(architecture(21, true, true) == "ppc64le");
  CHECK(architecture(21, true, false) == "ppc64");
  CHECK(architecture(8, false, false) == "mips");
  CHECK(architecture(8, false, true) == "mipsle");
  CHECK(architecture(8, true, false) == "mips64");
  CHECK(architecture(8, true, true) == "mips64le");
  CHECK(architecture(258, true, true) == "loong64");
  CHECK(architecture(3, true, true) == "3");
  CHECK(architecture(9999, true, true) == "9999");
}

TEST_CASE("a program matches the platforms that run it") {
  const auto matches = [](std::uint16_t machine, bool wide, std::string_view platform) {
    ElfInfo elf;
    elf.machine = machine;
    elf.is_64_bit = wide;
    return elf_matches(elf, Platform::parse(platform));
  };
  CHECK(matches(62, true, "linux/amd64"));
  CHECK_FALSE(matches(62, true, "linux/arm64"));
  CHECK_FALSE(matches(3, false, "linux/amd64"));
  CHECK(matches(183, true, "linux/arm64"));
  CHECK(matches(183, true, "linux/arm64/v8"));
  CHECK(matches(40, false, "linux/arm/v6"));
  CHECK(matches(40, false, "linux/arm/v7"));
  CHECK_FALSE(matches(40, false, "linux/arm64"));
  CHECK_FALSE(matches(62, true, "windows/amd64"));
}

TEST_CASE("this test program is read as the dynamic program that it is") {
  const auto elf = read_elf("/proc/self/exe");
  CHECK(elf.interpreter.find("/ld") != std::string::npos);
  bool has_libc = false;
  for (const auto& name : elf.needed) has_libc = has_libc || name.find("libc.") == 0;
  CHECK(has_libc);
  CHECK(elf.go_version.empty());
}

TEST_CASE("the go command's version is the one that it names itself") {
  const auto lines = output_lines("command -v go >/dev/null 2>&1 && go env GOROOT GOVERSION");
  if (lines.size() != 2) {
    MESSAGE("skipped: no Go here");
    return;
  }
  const auto elf = read_elf(std::filesystem::path(lines[0]) / "bin/go");
  CHECK(elf.go_version == lines[1]);
  CHECK(lines[1].substr(0, 2) == "go");
}
