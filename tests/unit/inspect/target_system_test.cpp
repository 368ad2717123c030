// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>

#include "inspect/elf.hpp"
#include "raw_elf.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using namespace ociassemble::test;
using namespace std::string_literals;

namespace {

RawElf plain_program() {
  RawElf raw;
  raw.segments = {{1, 5, 0x400000, std::string(512, '\x90')}};
  return raw;
}

ElfInfo elf_of(const std::string& bytes) {
  const TestFolder folder;
  return read_elf(folder.write("program", bytes));
}

std::string go_build_info(const std::string& version) {
  return "\xff Go buildinf:\x08\x02"s + std::string(16, '\0') + static_cast<char>(version.size()) + version + '\0';
}

}  // namespace

TEST_CASE("the system that a program is for is in its header, in its notes, or in Go's build information") {
  const auto os = [](const RawElf& raw, char os_abi = 0) {
    auto bytes = raw.bytes();
    bytes[7] = os_abi;
    return elf_of(bytes).os;
  };
  // gABI 4, "Operating System and ABI identification".
  CHECK(os(plain_program()).empty());
  CHECK(os(plain_program(), 3).empty());
  CHECK(os(plain_program(), 9) == "freebsd");
  CHECK(os(plain_program(), 2) == "netbsd");
  CHECK(os(plain_program(), 12) == "openbsd");
  CHECK(os(plain_program(), 6) == "solaris");

  const auto note = [](const std::string& owner, std::uint32_t type, const std::string& description) {
    auto raw = plain_program();
    auto padded_owner = owner + '\0';
    const auto name = raw.number(padded_owner.size(), 4);
    padded_owner.resize((padded_owner.size() + 3) / 4 * 4, '\0');
    raw.segments.push_back(
        {4, 4, 0x600000, name + raw.number(description.size(), 4) + raw.number(type, 4) + padded_owner + description});
    return raw;
  };
  CHECK(os(note("DragonFly", 1, "\x10\x27\x05\0"s)) == "dragonfly");
  CHECK(os(note("NetBSD", 1, "1234")) == "netbsd");
  CHECK(os(note("FreeBSD", 2, "1234")).empty());
  CHECK(os(note("Go", 4, "1234")).empty());
  CHECK(os(note("GNU", 1, "\0\0\0\0"s)) == "linux");
  CHECK(os(note("GNU", 1, "\3\0\0\0"s)) == "freebsd");
  auto cut = note("NetBSD", 1, "1234");
  cut.segments.back().bytes.resize(14);
  CHECK(os(cut).empty());

  const auto go = [](const std::string& settings) {
    const auto lines = std::string(16, '<') + "path\tx\n" + settings + std::string(16, '>');
    auto info = go_build_info("go1.21.5");
    info.pop_back();
    auto raw = plain_program();
    raw.sections = {{".go.buildinfo", info + static_cast<char>(lines.size()) + lines}};
    return raw;
  };
  CHECK(os(go("build\tGOOS=plan9\n"), 9) == "plan9");
  CHECK(os(go("build\tCGO_ENABLED=0\n"), 9) == "freebsd");
  auto arm = go("build\tGOOS=linux\nbuild\tGOARM=6,softfloat\n");
  arm.machine = 40;
  arm.wide = false;
  for (auto& segment : arm.segments) segment.address &= 0xFFFFFFFFU;
  const auto elf = elf_of(arm.bytes());
  CHECK(elf.arm == "6");
  CHECK(elf_platform(elf) == "linux/arm/v6");
  CHECK_FALSE(elf_matches(elf, Platform::parse("linux/arm/v5")));
  CHECK(elf_matches(elf, Platform::parse("linux/arm/v6")));
  CHECK(elf_matches(elf, Platform::parse("linux/arm/v7")));
  CHECK_FALSE(elf_matches(elf, Platform::parse("freebsd/arm/v7")));
}
