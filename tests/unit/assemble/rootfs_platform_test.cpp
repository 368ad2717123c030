// SPDX-License-Identifier: Apache-2.0
// What a root file system is for is known by its programs.
#include <doctest/doctest.h>

#include "../registry/registry_support.hpp"
#include "memory_workplace.hpp"
#include "ociassemble/assemble.hpp"
#include "raw_tar.hpp"
#include "test_folder.hpp"
#include "tiny_elf.hpp"

using namespace ociassemble;
using test::RawTar;

namespace {

// ELF gABI: e_ident[EI_CLASS], e_ident[EI_DATA] and e_machine of a header.
std::string elf_for(char bits, char order, unsigned machine) {
  auto bytes = test::tiny_elf();
  bytes[4] = bits;
  bytes[5] = order;
  bytes[18] = static_cast<char>(order == 1 ? machine & 0xffU : machine >> 8U);
  bytes[19] = static_cast<char>(order == 1 ? machine >> 8U : machine & 0xffU);
  return bytes;
}

test::Failure failure_on(const std::string& tar, const char* platform) {
  const test::TestFolder folder;
  AssembleOptions options;
  options.base = Location::parse("rootfs:" + folder.write("root.tar", tar).string());
  options.platform = Platform::parse(platform);
  options.contents.adds = {{folder.write("file", "file"), "/file", {}, {}, {}, {}}};
  return test::failure_of([&] { assemble(options, test::memory_workplace()); });
}

bool is_base_for(const std::string& tar, const char* platform) {
  return failure_on(tar, platform).message == "nothing was thrown";
}

}  // namespace

TEST_CASE("a root file system of another architecture is refused by a program of it") {
  const auto amd64 = RawTar().file("bin/busybox", test::tiny_elf(), 0755).symlink("bin/sh", "busybox").bytes();
  CHECK(is_base_for(amd64, "linux/amd64"));
  const auto failure = failure_on(amd64, "linux/arm64");
  CHECK(failure.code == ErrorCode::check_failed);
  CHECK(failure.message.ends_with("root.tar as a base for linux/arm64: its bin/busybox is for linux/amd64"));

  const auto s390x = RawTar().file("bin/busybox", elf_for(2, 2, 22), 0755).bytes();
  CHECK(is_base_for(s390x, "linux/s390x"));
  CHECK_FALSE(is_base_for(s390x, "linux/amd64"));
  const auto arm = RawTar().file("bin/busybox", elf_for(1, 1, 40), 0755).bytes();
  CHECK(is_base_for(arm, "linux/arm/v7"));
  CHECK_FALSE(is_base_for(arm, "linux/arm64"));
}

TEST_CASE("a root file system is judged by its libraries, and one that fits is enough") {
  const auto loader = elf_for(2, 1, 183);
  CHECK(is_base_for(RawTar().file("lib/ld-musl-aarch64.so.1", loader, 0755).bytes(), "linux/arm64"));
  CHECK_FALSE(is_base_for(RawTar().file("lib/ld-musl-aarch64.so.1", loader, 0755).bytes(), "linux/amd64"));
  const auto deep = RawTar().folder("usr/lib/aarch64-linux-gnu").file("usr/lib/aarch64-linux-gnu/libc.so.6", loader);
  CHECK_FALSE(is_base_for(deep.bytes(), "linux/amd64"));
  // Libraries of two machines, as Debian's multiarch has them.
  auto both = deep;
  both.file("lib64/ld-linux-x86-64.so.2", test::tiny_elf(), 0755);
  CHECK(is_base_for(both.bytes(), "linux/amd64"));
  CHECK(is_base_for(both.bytes(), "linux/arm64"));
  CHECK_FALSE(is_base_for(both.bytes(), "linux/riscv64"));
}

TEST_CASE("a root file system without a program is for every platform") {
  CHECK(is_base_for(RawTar().file("etc/passwd", "").file("bin/run", "#!/bin/sh", 0755).bytes(), "linux/arm64"));
  CHECK(is_base_for(RawTar()
                        .file("short",
                              "\x7f"
                              "ELF",
                              0755)
                        .bytes(),
                    "linux/arm64"));
}
