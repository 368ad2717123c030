// SPDX-License-Identifier: Apache-2.0
#include "inspect/go_program.hpp"

#include <doctest/doctest.h>

#include <string>

#include "inspect/elf_spool.hpp"
#include "ociassemble/io.hpp"
#include "raw_go_program.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

std::optional<ProgramFile> program_of(const std::string& bytes) {
  return read_program_file(BoundedFile("file", bytes));
}

GoCode code_of(const std::string& bytes) { return read_go_code(BoundedFile("file", bytes), GoBuild()).value(); }

}  // namespace

TEST_CASE("a Go program tells its version, settings and build ID, and whether it is stripped") {
  const auto program = program_of(
      raw_go_program("go1.24.6", "path\texample.com/a\nbuild\t-trimpath=true\n", "code", "one/two/three/four", false));
  REQUIRE(program);
  CHECK(program->architecture == "amd64");
  REQUIRE(program->go);
  CHECK(program->go->build.go_version == "go1.24.6");
  CHECK(program->go->build.path == "example.com/a");
  CHECK(*program->go->build.setting("-trimpath") == "true");
  CHECK(program->go->build_id->main_content == "three");
  CHECK(program->go->is_static);
  CHECK_FALSE(program->go->has_symbols);
  CHECK_FALSE(program->go->uses_cgo);
  CHECK_FALSE(program->go->is_position_independent);
}

TEST_CASE("files that Go did not build are no programs, nor are damaged ones") {
  RawElf other;
  other.segments = {{1, 5, 0x400000, "code"}};
  CHECK_FALSE(program_of(other.bytes()));
  CHECK_FALSE(program_of("#!/bin/sh\n"));
  CHECK_FALSE(program_of(""));
  CHECK_FALSE(program_of(raw_go_program("go1.24.6", "").substr(0, 90)));
}

TEST_CASE("a program that UPX packed is one, of which nothing is known") {
  RawElf raw;
  raw.segments = {{1, 5, 0x400000, std::string("\0\0\0\0UPX!", 8) + std::string(64, 'x')}};
  const auto program = program_of(raw.bytes());
  REQUIRE(program);
  CHECK_FALSE(program->go);
}

TEST_CASE("programs with other build IDs have the same code, those with other code do not") {
  const auto one = code_of(raw_go_program("go1.24.6", "", "code", "one/two/three/four"));
  const auto other_id = code_of(raw_go_program("go1.24.6", "", "code", "two/one/eight/nine"));
  const auto other_code = code_of(raw_go_program("go1.24.6", "", "edoc", "one/two/three/four"));
  CHECK(one.without_ids == other_id.without_ids);
  CHECK(one.text == Digest::of("code"));
  CHECK(one.text_size == 4);
  CHECK(one.without_ids != other_code.without_ids);
  CHECK(other_code.text == Digest::of("edoc"));
}

TEST_CASE("a spool keeps ELF files whole, however they are cut, and nothing of others") {
  const std::string elf =
      "\x7f"
      "ELF and more";
  ElfSpool spool(100);
  for (const std::size_t cut : {1U, 3U, 4U, 5U, 16U}) {
    spool.begin();
    for (std::size_t at = 0; at < elf.size(); at += cut) spool.write(as_bytes(std::string_view(elf).substr(at, cut)));
    REQUIRE(spool.keeps());
    CHECK(spool.file("file")->read(0, 100) == elf);
    CHECK(spool.file("file")->size() == elf.size());
  }
  for (const std::string other : {"", "\x7f", "text and more"}) {
    spool.begin();
    spool.write(as_bytes(other));
    CHECK_FALSE(spool.keeps());
    CHECK_FALSE(spool.file("file"));
  }
}

TEST_CASE("a spool lets go of a file that is too large") {
  ElfSpool spool(8);
  spool.begin();
  spool.write(
      as_bytes("\x7f"
               "ELF1234"));
  CHECK(spool.keeps());
  spool.write(as_bytes("5"));
  CHECK_FALSE(spool.keeps());
  spool.write(as_bytes("6"));
  CHECK_FALSE(spool.keeps());
}
