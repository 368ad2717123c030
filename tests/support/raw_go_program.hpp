// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "raw_elf.hpp"

namespace ociassemble::test {

// A Go program of a few bytes: build information of this version and these lines, as Go 1.18 and later write it
// (debug/buildinfo), in its section; the code; and a note with the build ID, where there is one.
inline std::string raw_go_program(const std::string& version, const std::string& lines,
                                  const std::string& code = "code", const std::string& build_id = {},
                                  bool has_symbols = true) {
  const auto counted = [](const std::string& text) {
    std::string length;
    auto rest = text.size();
    for (; rest >= 128; rest >>= 7U) length += static_cast<char>(0x80U | (rest & 0x7FU));
    return length + static_cast<char>(rest) + text;
  };
  const std::string sentinel(16, '\x30');
  RawElf raw;
  raw.segments = {{1, 5, 0x400000, code}};
  if (!build_id.empty()) {
    auto padded = build_id;
    while (padded.size() % 4 != 0) padded += '\0';
    raw.segments.push_back(
        {4, 4, 0x500000,
         raw.number(4, 4) + raw.number(build_id.size(), 4) + raw.number(4, 4) + std::string("Go\0\0", 4) + padded});
  }
  raw.sections = {{".go.buildinfo", std::string("\xff Go buildinf:\x08\x02", 16) + std::string(16, '\0') +
                                        counted(version) + counted(sentinel + lines + sentinel)},
                  {".text", code}};
  if (has_symbols) raw.sections.push_back({".symtab", "symbols"});
  return raw.bytes();
}

}  // namespace ociassemble::test
