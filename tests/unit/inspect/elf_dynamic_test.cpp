// SPDX-License-Identifier: Apache-2.0
#include "inspect/elf_dynamic.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "inspect/elf_notes.hpp"
#include "ociassemble/error.hpp"
#include "raw_elf.hpp"

using namespace ociassemble;
using namespace ociassemble::test;
using namespace std::string_literals;

namespace {

// Offsets: 1 libc.so.6, 11 GLIBC_2.34, 22 libmine.so.1, 35 $ORIGIN/../lib:/opt, 55 MINE_1, 62 MINE_2.
const std::string kLibraryStrings = "\0libc.so.6\0GLIBC_2.34\0libmine.so.1\0$ORIGIN/../lib:/opt\0MINE_1\0MINE_2\0"s;

struct LibraryParts {
  std::string tags;     // after those of the tables
  std::string needs;    // at 0x2000
  std::string defines;  // at 0x3000
};

RawElf library_of(RawElf raw, const LibraryParts& parts) {
  const auto tag = [&](std::uint64_t name, std::uint64_t value) { return raw.word(name) + raw.word(value); };
  raw.type = 3;
  raw.entry = 0;
  std::string tags = tag(5, 0x1000) + parts.tags;
  if (!parts.needs.empty()) tags += tag(0x6FFFFFFE, 0x2000);
  if (!parts.defines.empty()) tags += tag(0x6FFFFFFC, 0x3000);
  raw.segments = {{1, 4, 0x1000, kLibraryStrings},
                  {1, 4, 0x2000, parts.needs},
                  {1, 4, 0x3000, parts.defines},
                  {2, 6, 0x4000, tags + tag(0, 0)}};
  return raw;
}

ElfDynamic dynamic_of(const RawElf& raw) {
  const std::string bytes = raw.bytes();
  const BoundedFile file("lib", bytes);
  return read_elf_dynamic(ElfFile(file), file);
}

ElfTraits traits_of(const RawElf& raw) {
  const std::string bytes = raw.bytes();
  const BoundedFile file("program", bytes);
  return read_elf_traits(ElfFile(file), file);
}

std::string damage_of(const RawElf& raw) {
  try {
    dynamic_of(raw);
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::check_failed);
    const std::string prefix = "cannot use lib: a damaged ELF file: ";
    REQUIRE(std::string(error.what()).substr(0, prefix.size()) == prefix);
    return std::string(error.what()).substr(prefix.size());
  }
  return "none";
}

// A note: sizes of owner and bytes, type, owner and bytes each filled up to four.
std::string note_of(const RawElf& raw, const std::string& owner, std::uint64_t type, const std::string& bytes) {
  const auto filled = [](std::string text) {
    text.resize((text.size() + 3) / 4 * 4, '\0');
    return text;
  };
  return raw.number(owner.size() + 1, 4) + raw.number(bytes.size(), 4) + raw.number(type, 4) + filled(owner + '\0') +
         filled(bytes);
}

RawElf program_with_note(const std::string& note) {
  RawElf raw;
  raw.segments = {{1, 5, 0x400000, "code"}, {4, 4, 0x500000, note}};
  return raw;
}

}  // namespace

TEST_CASE("a library's names, paths and versions are read in both classes and byte orders") {
  for (const bool wide : {true, false}) {
    for (const bool little : {true, false}) {
      CAPTURE(wide);
      CAPTURE(little);
      RawElf raw;
      raw.wide = wide;
      raw.little = little;
      const auto tag = [&](std::uint64_t name, std::uint64_t value) { return raw.word(name) + raw.word(value); };
      const auto half = [&](std::uint64_t value) { return raw.number(value, 2); };
      const auto word = [&](std::uint64_t value) { return raw.number(value, 4); };
      LibraryParts parts;
      parts.tags = tag(1, 1) + tag(14, 22) + tag(15, 35) + tag(29, 35) + tag(24, 0) + tag(0x6FFFFFF0, 0) + tag(36, 0) +
                   tag(0x6FFFFFFB, 0x800);
      // One Verneed of libc.so.6 with two Vernaux, the second weak.
      parts.needs = half(1) + half(2) + word(1) + word(16) + word(0) + word(0) + half(0) + half(2) + word(11) +
                    word(16) + word(0) + half(2) + half(3) + word(55) + word(0);
      // Two Verdef; the second inherits from the first.
      parts.defines = half(1) + half(1) + half(1) + half(1) + word(0) + word(20) + word(28) + word(55) + word(0) +
                      half(1) + half(0) + half(2) + half(2) + word(0) + word(20) + word(0) + word(62) + word(8) +
                      word(55) + word(0);
      const auto dynamic = dynamic_of(library_of(raw, parts));
      CHECK(dynamic.needed == std::vector<std::string>{"libc.so.6"});
      CHECK(dynamic.soname == "libmine.so.1");
      CHECK(dynamic.rpath == "$ORIGIN/../lib:/opt");
      CHECK(dynamic.runpath == "$ORIGIN/../lib:/opt");
      REQUIRE(dynamic.version_needs.size() == 2);
      CHECK(dynamic.version_needs[0].library == "libc.so.6");
      CHECK(dynamic.version_needs[0].version == "GLIBC_2.34");
      CHECK_FALSE(dynamic.version_needs[0].is_weak);
      CHECK(dynamic.version_needs[1].version == "MINE_1");
      CHECK(dynamic.version_needs[1].is_weak);
      CHECK(dynamic.version_definitions == std::vector<std::string>{"MINE_1", "MINE_2"});
      CHECK(dynamic.binds_now);
      CHECK(dynamic.has_symbol_versions);
      CHECK(dynamic.has_relative_relocations);
      CHECK(dynamic.skips_default_folders);
      CHECK_FALSE(dynamic.is_position_independent_program);
    }
  }
}

TEST_CASE("a static program tells the loader nothing") {
  RawElf raw;
  raw.segments = {{1, 5, 0x400000, "code"}};
  const auto dynamic = dynamic_of(raw);
  CHECK(dynamic.needed.empty());
  CHECK_FALSE(dynamic.soname);
  CHECK_FALSE(dynamic.runpath);
  CHECK_FALSE(dynamic.version_definitions);
  CHECK_FALSE(dynamic.binds_now);
}

TEST_CASE("the flags of DT_FLAGS and DT_FLAGS_1 bind symbols at the start, too") {
  const RawElf raw;
  const auto binds = [&](std::uint64_t tag, std::uint64_t value) {
    LibraryParts parts;
    parts.tags = raw.word(tag) + raw.word(value);
    return dynamic_of(library_of(raw, parts)).binds_now;
  };
  CHECK(binds(30, 8));
  CHECK(binds(0x6FFFFFFB, 1));
  CHECK_FALSE(binds(30, 4));
  CHECK_FALSE(binds(0x6FFFFFFB, 0x08000000));
}

TEST_CASE("version tables that lead outside are damage") {
  const RawElf raw;
  const auto half = [&](std::uint64_t value) { return raw.number(value, 2); };
  const auto word = [&](std::uint64_t value) { return raw.number(value, 4); };
  const auto with_needs = [&](std::string needs) {
    LibraryParts parts;
    parts.needs = std::move(needs);
    return damage_of(library_of(raw, parts));
  };
  const auto with_definition = [&](std::string defines) {
    LibraryParts parts;
    parts.defines = std::move(defines);
    return damage_of(library_of(raw, parts));
  };
  CHECK(with_needs("short") == "a version table ends too early");
  CHECK(with_needs(half(1) + half(1) + word(1) + word(0xFFFFFFF0) + word(0)) == "a version table ends too early");
  CHECK(with_needs(half(1) + half(0) + word(1) + word(16) + word(0xFFFFFFFF)) == "a version table ends too early");
  CHECK(with_needs(half(1) + half(0) + word(9999) + word(16) + word(0)) == "a name is outside the string table");
  CHECK(with_definition(std::string(19, '\0')) == "a version table ends too early");
  CHECK(with_definition(std::string(12, '\0') + word(13) + word(0)) == "a version table ends too early");
  CHECK(with_definition(std::string(40, '\0')) == "a name in the string table is empty");
}

TEST_CASE("a version table that goes on for ever is cut") {
  const RawElf raw;
  LibraryParts parts;
  for (int i = 0; i < 70000; ++i)
    parts.needs += raw.number(0, 2) + raw.number(0, 2) + raw.number(1, 4) + raw.number(0, 4) + raw.number(16, 4);
  CHECK(damage_of(library_of(raw, parts)) == "more than 65536 symbol versions");
}

TEST_CASE("names with control characters are damage") {
  auto raw = library_of({}, {});
  raw.segments[0].bytes = "\0a\x1b[2J\0"s;
  raw.segments[3].bytes = raw.word(5) + raw.word(0x1000) + raw.word(29) + raw.word(1);
  CHECK(damage_of(raw) == "a name in the string table holds control characters");
}

TEST_CASE("a property note says which x86-64 level a program needs") {
  const RawElf raw;
  const auto level = [&](std::uint64_t type, std::uint64_t bits) {
    const auto property = raw.number(type, 4) + raw.number(4, 4) + raw.number(bits, 4) + raw.number(0, 4);
    // Behind another property, as linkers write them: x86 features (IBT, SHSTK).
    const auto other = raw.number(0xC0000002, 4) + raw.number(4, 4) + raw.number(3, 4) + raw.number(0, 4);
    return traits_of(program_with_note(note_of(raw, "GNU", 5, other + property))).x86_level;
  };
  CHECK(level(0xC0008002, 1) == 1);
  CHECK(level(0xC0008002, 2) == 2);
  CHECK(level(0xC0008002, 4) == 3);
  CHECK(level(0xC0008002, 15) == 4);
  CHECK(level(0xC0010002, 4) == 0);  // used, not needed
}

TEST_CASE("notes of others, and damaged ones, say nothing") {
  const RawElf raw;
  const auto property = raw.number(0xC0008002, 4) + raw.number(4, 4) + raw.number(4, 4) + raw.number(0, 4);
  CHECK(traits_of(program_with_note(note_of(raw, "FreeBSD", 5, property))).x86_level == 0);
  CHECK(traits_of(program_with_note(note_of(raw, "GNU", 3, property))).x86_level == 0);
  const auto note = note_of(raw, "GNU", 5, property);
  CHECK(traits_of(program_with_note(note)).x86_level == 3);
  for (std::size_t size = 0; size < note.size(); ++size)
    CHECK(traits_of(program_with_note(note.substr(0, size))).x86_level == 0);
  CHECK(traits_of(program_with_note(raw.number(4, 4) + raw.number(0xFFFFFFF8, 4) + note)).x86_level == 0);
}

TEST_CASE("GNU's build ID is shown in hexadecimal") {
  const RawElf raw;
  CHECK(traits_of(program_with_note(note_of(raw, "GNU", 3, "\x15\xdf\x00\xff"s))).gnu_build_id == "15df00ff");
}

TEST_CASE("the headers tell the executable stack and the page size") {
  auto raw = program_with_note("");
  CHECK_FALSE(traits_of(raw).has_executable_stack);
  CHECK(traits_of(raw).page_size == 1);
  raw.segments.push_back({0x6474E551, 6, 0, ""});
  CHECK_FALSE(traits_of(raw).has_executable_stack);
  raw.segments.back().flags = 7;
  CHECK(traits_of(raw).has_executable_stack);
}

TEST_CASE("a program is fixed, static PIE or dynamic") {
  auto raw = program_with_note("");
  CHECK(traits_of(raw).linkage == ElfLinkage::fixed);
  raw.type = 3;
  CHECK(traits_of(raw).linkage == ElfLinkage::static_pie);
  raw.segments.push_back({2, 6, 0x3000, raw.word(0x6FFFFFFB) + raw.word(0x08000000) + raw.word(0) + raw.word(0)});
  CHECK(traits_of(raw).linkage == ElfLinkage::static_pie);
  raw.segments.push_back({3, 4, 0x4000, "/lib/ld.so\0"s});
  CHECK(traits_of(raw).linkage == ElfLinkage::dynamic);
  LibraryParts parts;
  parts.tags = raw.word(14) + raw.word(22);
  CHECK(traits_of(library_of({}, parts)).linkage == ElfLinkage::shared_library);
}

TEST_CASE("a program that UPX packed is named so") {
  RawElf raw;
  raw.segments = {{1, 5, 0x400000, "\x11\x22\x33\x44UPX!\x94\x0a\x0d\x16"}};
  CHECK(traits_of(raw).is_packed);
  raw.sections = {{".text", "code"}};  // UPX writes no section headers; other programs may hold the text.
  CHECK_FALSE(traits_of(raw).is_packed);
  raw = program_with_note("");
  CHECK_FALSE(traits_of(raw).is_packed);
}
