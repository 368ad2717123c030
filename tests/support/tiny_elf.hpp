// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ociassemble::test {

// The smallest ELF executable for linux/amd64 that the ELF gABI lets be one: a header, program headers, and code that
// exits with 0. With an interpreter it is a dynamic one.
inline std::string little_endian(unsigned long long value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>((value >> (8 * i)) & 0xff);
  return text;
}

inline std::string tiny_elf(std::string_view interpreter = {}) {
  const auto little = little_endian;
  constexpr unsigned long long kBase = 0x400000;
  const std::string code("\xb8\x3c\x00\x00\x00\x31\xff\x0f\x05", 9);  // mov eax, 60; xor edi, edi; syscall
  const unsigned headers = interpreter.empty() ? 1 : 2;
  const unsigned long long code_at = 64 + 56 * headers;
  const unsigned long long interpreter_at = code_at + code.size();
  const std::string path = interpreter.empty() ? std::string() : std::string(interpreter) + '\0';
  const unsigned long long size = interpreter_at + path.size();

  std::string elf = std::string(
                        "\x7f"
                        "ELF\x02\x01\x01",
                        7) +
                    std::string(9, '\0');
  elf += little(2, 2) + little(62, 2) + little(1, 4) + little(kBase + code_at, 8) + little(64, 8) + little(0, 8);
  elf +=
      little(0, 4) + little(64, 2) + little(56, 2) + little(headers, 2) + little(64, 2) + little(0, 2) + little(0, 2);
  if (!interpreter.empty()) {
    elf += little(3, 4) + little(4, 4) + little(interpreter_at, 8) + little(kBase + interpreter_at, 8) +
           little(kBase + interpreter_at, 8) + little(path.size(), 8) + little(path.size(), 8) + little(1, 8);
  }
  elf += little(1, 4) + little(5, 4) + little(0, 8) + little(kBase, 8) + little(kBase, 8) + little(size, 8) +
         little(size, 8) + little(0x1000, 8);
  return elf + code + path;
}

// Tags of a dynamic section (gABI "Dynamic Section") whose values are texts.
inline constexpr unsigned long long kElfNeeded = 1;
inline constexpr unsigned long long kElfRpath = 15;
inline constexpr unsigned long long kElfRunpath = 29;
inline constexpr unsigned long long kElfAudit = 0x6FFFFEFC;
inline constexpr unsigned long long kElfAuxiliary = 0x7FFFFFFD;
inline constexpr unsigned long long kElfFilter = 0x7FFFFFFF;
using ElfEntries = std::vector<std::pair<unsigned long long, std::string>>;

// The same with a dynamic section of these entries; without an interpreter it is a library.
inline std::string dynamic_elf(std::string_view interpreter, const ElfEntries& entries) {
  const auto little = little_endian;
  constexpr unsigned long long kBase = 0x400000;
  const unsigned headers = interpreter.empty() ? 2 : 3;
  const auto path = interpreter.empty() ? std::string() : std::string(interpreter) + '\0';
  std::string strings(1, '\0');
  std::string dynamic;
  for (const auto& [tag, text] : entries) {
    dynamic += little(tag, 8) + little(strings.size(), 8);
    strings += text + '\0';
  }
  const unsigned long long dynamic_at = 64 + 56 * headers;
  const unsigned long long dynamic_size = dynamic.size() + 32;
  const unsigned long long strings_at = dynamic_at + dynamic_size;
  const unsigned long long path_at = strings_at + strings.size();
  const unsigned long long size = path_at + path.size();
  dynamic += little(5, 8) + little(kBase + strings_at, 8) + little(0, 8) + little(0, 8);
  const auto segment = [&](int type, unsigned long long at, unsigned long long length) {
    return little(static_cast<unsigned>(type), 4) + little(5, 4) + little(at, 8) + little(kBase + at, 8) +
           little(kBase + at, 8) + little(length, 8) + little(length, 8) + little(8, 8);
  };
  std::string elf = std::string(
                        "\x7f"
                        "ELF\x02\x01\x01",
                        7) +
                    std::string(9, '\0');
  elf += little(3, 2) + little(62, 2) + little(1, 4) + little(interpreter.empty() ? 0 : kBase + 64, 8) + little(64, 8) +
         little(0, 8);
  elf +=
      little(0, 4) + little(64, 2) + little(56, 2) + little(headers, 2) + little(64, 2) + little(0, 2) + little(0, 2);
  if (!interpreter.empty()) elf += segment(3, path_at, path.size());
  elf += segment(1, 0, size) + segment(2, dynamic_at, dynamic_size);
  return elf + dynamic + strings + path;
}

// One that needs one library.
inline std::string linked_elf(std::string_view interpreter, std::string_view library) {
  return dynamic_elf(interpreter, {{kElfNeeded, std::string(library)}});
}

}  // namespace ociassemble::test
