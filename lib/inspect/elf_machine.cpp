// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>

#include "inspect/elf.hpp"

namespace ociassemble {
namespace {

// e_machine in Go's words; empty where Go has no word for that class and byte order.
struct Machine {
  std::uint16_t number;
  std::string_view little_32;
  std::string_view big_32;
  std::string_view little_64;
  std::string_view big_64;
};

constexpr std::array kMachines{
    Machine{2, {}, "sparc", {}, {}},                     // EM_SPARC
    Machine{3, "386", {}, {}, {}},                       // EM_386
    Machine{8, "mipsle", "mips", "mips64le", "mips64"},  // EM_MIPS
    Machine{20, {}, "ppc", {}, {}},                      // EM_PPC
    Machine{21, {}, {}, "ppc64le", "ppc64"},             // EM_PPC64
    Machine{22, {}, "s390", {}, "s390x"},                // EM_S390
    Machine{40, "arm", "armbe", {}, {}},                 // EM_ARM
    Machine{43, {}, {}, {}, "sparc64"},                  // EM_SPARCV9
    Machine{62, "amd64p32", {}, "amd64", {}},            // EM_X86_64
    Machine{183, {}, {}, "arm64", "arm64be"},            // EM_AARCH64
    Machine{243, "riscv", {}, "riscv64", {}},            // EM_RISCV
    Machine{258, {}, {}, "loong64", {}},                 // EM_LOONGARCH
};

}  // namespace

std::string elf_architecture(const ElfInfo& elf) {
  for (const auto& machine : kMachines) {
    if (machine.number != elf.machine) continue;
    const auto narrow = elf.is_little_endian ? machine.little_32 : machine.big_32;
    const auto wide = elf.is_little_endian ? machine.little_64 : machine.big_64;
    const auto name = elf.is_64_bit ? wide : narrow;
    if (!name.empty()) return std::string(name);
  }
  return fmt::format("{}", elf.machine);
}

std::string elf_platform(const ElfInfo& elf) {
  return fmt::format("{}/{}{}", elf.os.empty() ? "linux" : elf.os, elf_architecture(elf),
                     elf.arm.empty() ? std::string() : "/v" + elf.arm);
}

bool elf_matches(const ElfInfo& elf, const Platform& platform) {
  const Platform asked = platform.normalised();
  if (!elf.os.empty() && elf.os != asked.os) return false;
  // "v6" and the like, of which one digit is all that there is.
  if (!elf.arm.empty() && asked.variant.size() == 2 && asked.variant.substr(1) < elf.arm) return false;
  if (asked.os == "windows" || asked.os == "darwin") return false;  // Everybody else who has images runs ELF.
  return asked.architecture == elf_architecture(elf);
}

}  // namespace ociassemble
