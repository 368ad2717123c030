// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace ociassemble::test {

// The smallest ELF executable for linux/amd64 that the ELF gABI lets be one: a header, program headers, and code that
// exits with 0. With an interpreter it is a dynamic one.
inline std::string tiny_elf(std::string_view interpreter = {}) {
  const auto little = [](unsigned long long value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text += static_cast<char>((value >> (8 * i)) & 0xff);
    return text;
  };
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

}  // namespace ociassemble::test
