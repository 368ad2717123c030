// SPDX-License-Identifier: Apache-2.0
#include "inspect/file_kind.hpp"

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>

#include "base/text.hpp"

namespace ociassemble {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kHeadSize = 256;
constexpr std::size_t kLongestScriptLine = 80;

struct Kind {
  std::string_view magic;
  std::string_view cause;
  std::string_view hint;
};

constexpr auto kForLinux = "build it with GOOS=linux"sv;
constexpr auto kUnpack = "unpack it, and name the compiled binary"sv;
constexpr auto kAnyFile = "name a compiled binary, or take the file as it is with --any-binary"sv;

constexpr std::array kKinds{
    Kind{"\xfe\xed\xfa\xce"sv, "built for macOS (a Mach-O file), not for Linux", kForLinux},
    Kind{"\xfe\xed\xfa\xcf"sv, "built for macOS (a Mach-O file), not for Linux", kForLinux},
    Kind{"\xce\xfa\xed\xfe"sv, "built for macOS (a Mach-O file), not for Linux", kForLinux},
    Kind{"\xcf\xfa\xed\xfe"sv, "built for macOS (a Mach-O file), not for Linux", kForLinux},
    Kind{"\xca\xfe\xba\xbf"sv, "built for macOS (a universal Mach-O file), not for Linux", kForLinux},
    Kind{"MZ"sv, "built for Windows (a PE file), not for Linux", kForLinux},
    Kind{"\0asm"sv, "a WebAssembly module, not a Linux program", kForLinux},
    Kind{"!<arch>\n"sv, "an archive, not a program",
         "name a main package: go build writes an archive for any other, and with -buildmode=c-archive"},
    Kind{"!<thin>\n"sv, "an archive, not a program", "name the linked binary"},
    Kind{"\x1f\x8b"sv, "gzip-compressed data, not a program", kUnpack},
    Kind{"\x28\xb5\x2f\xfd"sv, "zstd-compressed data, not a program", kUnpack},
    Kind{"\xfd"
         "7zXZ\0"sv,
         "xz-compressed data, not a program", kUnpack},
    Kind{"PK\x03\x04"sv, "a zip archive, not a program", kUnpack},
};

bool starts_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

std::string first_line(std::string_view text) {
  const auto line = text.substr(0, text.find_first_of("\r\n"sv));
  const std::string shown = printable(line.substr(0, kLongestScriptLine));
  return line.size() > kLongestScriptLine ? shown + "..." : shown;
}

// Java classes share their magic with universal Mach-O files; what follows is a version from 45 up, or a small count.
bool is_java_class(std::string_view head) {
  return head.size() >= 8 &&
         (head[4] != 0 || head[5] != 0 || head[6] != 0 || static_cast<unsigned char>(head[7]) >= 43);
}

}  // namespace

void require_elf_magic(const BoundedFile& file) {
  const std::string head = file.read(0, kHeadSize);
  const auto refuse = [&](std::string_view cause, std::string_view hint) {
    refuse_file(file.name(), std::string(cause), std::string(hint));
  };
  if (starts_with(head,
                  "\x7f"
                  "ELF"))
    return;
  if (head.empty())
    refuse("the file is empty", "build it again; an interrupted build or a full disk leaves such files");
  if (starts_with(head, "#!")) refuse(fmt::format("a script ({}), not a compiled program", first_line(head)), kAnyFile);
  if (starts_with(head, "\xca\xfe\xba\xbe")) {
    if (is_java_class(head)) refuse("a Java class, not a compiled program", kAnyFile);
    refuse("built for macOS (a universal Mach-O file), not for Linux", kForLinux);
  }
  for (const auto& kind : kKinds) {
    if (starts_with(head, kind.magic)) refuse(kind.cause, kind.hint);
  }
  refuse("not an ELF file, so no Linux program", kAnyFile);
}

}  // namespace ociassemble
