// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ociassemble::test {

// A tiny ELF file (gABI 4, "ELF Header", "Program Header"), byte by byte: header, program headers, the bytes of the
// segments in order, the bytes of the sections, and the section headers where there are sections.
struct RawElf {
  struct Segment {
    std::uint32_t type = 1;  // PT_LOAD
    std::uint32_t flags = 4;
    std::uint64_t address = 0;
    std::string bytes;
    std::optional<std::uint64_t> offset = {};  // instead of where `bytes` lie
    std::optional<std::uint64_t> size = {};    // instead of theirs
  };
  struct Section {
    std::string name;
    std::string bytes;
    std::uint32_t type = 1;  // SHT_PROGBITS
  };

  bool wide = true;
  bool little = true;
  std::uint16_t type = 2;      // ET_EXEC
  std::uint16_t machine = 62;  // EM_X86_64
  std::uint64_t entry = 0x400100;
  std::vector<Segment> segments;
  std::vector<Section> sections = {};

  // `value` in the file's byte order.
  std::string number(std::uint64_t value, std::size_t width) const {
    std::string bytes;
    for (std::size_t i = 0; i < width; ++i) {
      const std::size_t shift = 8 * (little ? i : width - 1 - i);
      bytes += static_cast<char>(value >> shift & 0xFFU);
    }
    return bytes;
  }
  std::string word(std::uint64_t value) const { return number(value, wide ? 8 : 4); }

  std::string bytes() const {
    std::string body;
    std::string headers;
    const std::size_t start = header_size() + segments.size() * (wide ? 56 : 32);
    for (const auto& segment : segments) {
      headers += program_header(segment, start + body.size());
      body += segment.bytes;
    }
    std::string names = std::string(1, '\0');
    std::string section_headers = section_header(0, {}, 0);
    for (const auto& section : sections) {
      section_headers += section_header(names.size(), section, start + body.size());
      names += section.name + '\0';
      body += section.bytes;
    }
    section_headers += section_header(0, {"", names, 3}, start + body.size());
    if (sections.empty()) return header(0) + headers + body;
    body += names;
    return header(start + body.size()) + headers + body + section_headers;
  }

 private:
  std::size_t header_size() const { return wide ? 64 : 52; }

  std::string header(std::uint64_t section_offset) const {
    std::string bytes = std::string("\x7f\x45\x4c\x46") + (wide ? '\2' : '\1') + (little ? '\1' : '\2') + '\1';
    bytes.resize(16, '\0');
    const std::size_t count = sections.empty() ? 0 : sections.size() + 2;
    bytes += number(type, 2) + number(machine, 2) + number(1, 4) + word(entry);
    bytes += word(header_size()) + word(section_offset) + number(0, 4) + number(header_size(), 2);
    bytes += number(wide ? 56 : 32, 2) + number(segments.size(), 2) + number(wide ? 64 : 40, 2);
    return bytes + number(count, 2) + number(count == 0 ? 0 : count - 1, 2);
  }

  std::string program_header(const Segment& segment, std::uint64_t place) const {
    const auto offset = word(segment.offset.value_or(place));
    const auto size = word(segment.size.value_or(segment.bytes.size()));
    const auto address = word(segment.address);
    const auto flags = number(segment.flags, 4);
    return number(segment.type, 4) + (wide ? flags : "") + offset + address + address + size + size +
           (wide ? "" : flags) + word(1);
  }

  std::string section_header(std::uint64_t name, const Section& section, std::uint64_t offset) const {
    const bool none = section.name.empty() && section.bytes.empty();
    return number(name, 4) + number(none ? 0 : section.type, 4) + word(0) + word(0) + word(none ? 0 : offset) +
           word(section.bytes.size()) + number(0, 4) + number(0, 4) + word(1) + word(0);
  }
};

}  // namespace ociassemble::test
