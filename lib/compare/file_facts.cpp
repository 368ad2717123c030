// SPDX-License-Identifier: Apache-2.0
#include "compare/file_facts.hpp"

#include <fmt/format.h>
#include <sys/random.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "base/stop.hpp"
#include "base/system_error.hpp"
#include "digest/hasher.hpp"
#include "io/streams.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kScriptHead = 256;  // BINPRM_BUF_SIZE of Linux

// "#!/usr/bin/env -S app": what the kernel makes of a script's first line. A carriage return is part of a name.
void take_script(FileLinks& links, std::string_view head) {
  if (!head.starts_with("#!")) return;
  constexpr std::string_view kEnds("\n\0", 2);
  auto line = head.substr(2);
  line = line.substr(0, line.find_first_of(kEnds));
  const auto strip = [](std::string_view text) {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return std::string_view();
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
  };
  line = strip(line);
  const auto blank = line.find_first_of(" \t");
  links.interpreter = line.substr(0, blank);
  if (blank != std::string_view::npos) links.interpreter_argument = strip(line.substr(blank));
}

// Drawn once in a process, so that the marks of both images can be compared.
std::string_view mark_key() {
  static const auto key = [] {
    std::array<char, 32> bytes{};
    std::size_t filled = 0;
    while (filled < bytes.size()) {
      const auto count = ::getrandom(bytes.data() + filled, bytes.size() - filled, 0);
      if (count < 0 && errno != EINTR) throw_errno("cannot draw random bytes");
      if (count > 0) filled += static_cast<std::size_t>(count);
    }
    return bytes;
  }();
  return {key.data(), key.size()};
}

unsigned char byte_of(std::string_view hex, std::size_t place) {
  const auto value = [](char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; };
  return static_cast<unsigned char>(value(hex[2 * place]) * 16 + value(hex[2 * place + 1]));
}

FileMark mark_of(const Digest& digest) {
  Hasher keyed;
  keyed.update(as_bytes(mark_key()));
  keyed.update(as_bytes(digest.hex()));
  const auto code = keyed.finish();
  FileMark mark{};
  for (std::size_t i = 0; i < mark.size(); ++i)
    mark[i] = i < kShownDigest ? byte_of(digest.hex(), i) : byte_of(code.hex(), i);
  return mark;
}

std::uint64_t size_of(const std::vector<std::string>& texts) {
  std::uint64_t size = 0;
  for (const auto& text : texts) size += sizeof(std::string) + text.size();
  return size;
}

}  // namespace

std::uint64_t room_of(const FileLinks& links) {
  constexpr std::uint64_t kNode = 64;  // of a map
  auto room = kNode + sizeof(FileLinks) + links.interpreter.size() + links.interpreter_argument.size();
  if (!links.elf) return room;
  const auto& elf = *links.elf;
  return room + sizeof(ElfLinks) + elf.fault.size() + elf.interpreter.size() + size_of(elf.needed) +
         size_of(elf.rpath) + size_of(elf.runpath);
}

FileFacts FactsReader::read(const TarEntry& entry, Source& data, std::uint64_t layer_bytes,
                            const std::stop_token& stop) {
  if (entry.type != EntryType::regular) {
    const auto numbers = fmt::format("{}:{}", entry.device_major, entry.device_minor);
    return {mark_of(Digest::of(numbers)), {}};
  }
  if (entry.size == 0) return {mark_of(Digest::of(std::string_view())), {}};
  claimed_.take(entry, layer_bytes, "compare the images");
  if (buffer_.empty()) buffer_.resize(kCopyBufferSize);
  Hasher hasher;
  std::string head;
  spool_.begin();
  for (bool is_first = true;; is_first = false) {
    throw_if_stopped(stop);
    const auto count = read_full(data, buffer_);
    const auto bytes = std::span<const std::byte>(buffer_).first(count);
    hasher.update(bytes);
    if (is_first) head = as_text(bytes).substr(0, kScriptHead);
    spool_.write(bytes);
    if (count < buffer_.size()) break;
  }
  FileLinks links;
  take_script(links, head);
  if (const auto file = spool_.file(entry.path)) links.elf = std::make_shared<const ElfLinks>(read_elf_links(*file));
  FileFacts facts{mark_of(hasher.finish()), {}};
  if (links.elf || !links.interpreter.empty()) facts.links = std::move(links);
  return facts;
}

}  // namespace ociassemble
