// SPDX-License-Identifier: Apache-2.0
#include "compare/file_facts.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "base/stop.hpp"
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

std::array<unsigned char, 32> bytes_of(const Digest& digest) {
  const auto value = [](char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; };
  std::array<unsigned char, 32> bytes{};
  const auto hex = digest.hex();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<unsigned char>(value(hex[2 * i]) * 16 + value(hex[2 * i + 1]));
  }
  return bytes;
}

std::shared_ptr<const FileFacts> make_facts(const Digest& digest, FileLinks links) {
  auto facts = std::make_shared<FileFacts>();
  facts->digest = bytes_of(digest);
  if (links.elf || !links.interpreter.empty()) facts->own_links = std::make_unique<FileLinks>(std::move(links));
  return facts;
}

}  // namespace

const FileLinks& FileFacts::links() const {
  static const FileLinks kNone;
  return own_links ? *own_links : kNone;
}

std::shared_ptr<const FileFacts> FactsReader::read(const TarEntry& entry, Source& data, std::uint64_t layer_bytes,
                                                   const std::stop_token& stop) {
  if (entry.type != EntryType::regular) {
    const auto numbers = fmt::format("{}:{}", entry.device_major, entry.device_minor);
    return make_facts(Digest::of(numbers), {});
  }
  if (entry.size == 0) {
    if (!empty_) empty_ = make_facts(Digest::of(std::string_view()), {});
    return empty_;
  }
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
  return make_facts(hasher.finish(), std::move(links));
}

}  // namespace ociassemble
