// SPDX-License-Identifier: Apache-2.0
#include "bases/taken_files.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::string_view kItself = ".";

bool is_plain(unsigned char c) { return c > 0x20 && c < 0x7f && c != '%'; }

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (is_plain(static_cast<unsigned char>(c))) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  while (!text.empty()) {
    if (text.front() != '%') {
      decoded += text.front();
      text.remove_prefix(1);
      continue;
    }
    if (text.size() < 3) return {};
    unsigned value = 0;
    const auto [end, failure] = std::from_chars(text.data() + 1, text.data() + 3, value, 16);
    if (failure != std::errc() || end != text.data() + 3) return {};
    decoded += static_cast<char>(value);
    text.remove_prefix(3);
  }
  return decoded;
}

std::string line_name(const std::string& path) { return path.empty() ? std::string(kItself) : percent_encoded(path); }

std::string taken_line(const std::string& path, const TakenFile& file) {
  if (file.type == EntryType::directory) return fmt::format("folder {}", line_name(path));
  if (file.type == EntryType::symlink)
    return fmt::format("link {} {}", line_name(path), percent_encoded(file.link_target));
  return fmt::format("{} {} {} {}", file.is_program ? "program" : "file", file.digest->to_string(), file.size,
                     line_name(path));
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (;;) {
    const auto blank = line.find(' ');
    words.push_back(line.substr(0, blank));
    if (blank == std::string_view::npos) return words;
    line.remove_prefix(blank + 1);
  }
}

// Whether a name stays below what was asked for.
bool is_name_below(std::string_view path) {
  if (path.empty()) return true;
  for (;;) {
    const auto slash = path.find('/');
    const auto name = path.substr(0, slash);
    if (name.empty() || name == "." || name == ".." || name.find('\0') != std::string_view::npos) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

bool take_regular(TakenFile& file, std::string_view digest, std::string_view size) {
  try {
    file.digest = Digest::parse(digest);
  } catch (const Error&) {
    return false;
  }
  const auto [end, failure] = std::from_chars(size.data(), size.data() + size.size(), file.size);
  return failure == std::errc() && end == size.data() + size.size() && file.size <= kMostTakenBytes;
}

bool take_line(TakenFiles& files, std::string_view line) {
  const auto words = words_of(line);
  TakenFile file;
  std::string_view name;
  if (words.size() == 2 && words[0] == "folder") {
    file.type = EntryType::directory;
    name = words[1];
  } else if (words.size() == 3 && words[0] == "link") {
    auto target = percent_decoded(words[2]);
    if (!target || target->empty() || target->find('\0') != std::string::npos) return false;
    file.type = EntryType::symlink;
    file.link_target = std::move(*target);
    name = words[1];
  } else if (words.size() == 4 && (words[0] == "file" || words[0] == "program")) {
    file.is_program = words[0] == "program";
    if (!take_regular(file, words[1], words[2])) return false;
    name = words[3];
  } else {
    return false;
  }
  auto path = name == kItself ? std::string() : percent_decoded(name);
  if (!path || !is_name_below(*path) || taken_line(*path, file) != line) return false;
  return files.emplace(std::move(*path), std::move(file)).second;
}

}  // namespace

std::vector<std::string> taken_lines(const TakenFiles& files) {
  std::vector<std::string> lines;
  lines.reserve(files.size());
  for (const auto& [path, file] : files) lines.push_back(taken_line(path, file));
  return lines;
}

std::optional<TakenFiles> parse_taken_lines(const std::vector<std::string>& lines) {
  TakenFiles files;
  if (lines.size() > kMostTakenFiles) return {};
  for (const auto& line : lines) {
    if (!take_line(files, line)) return {};
  }
  const auto itself = files.find("");
  if (itself == files.end()) return {};
  if (itself->second.type != EntryType::directory && (files.size() > 1 || itself->second.type == EntryType::symlink))
    return {};
  return files;
}

}  // namespace ociassemble
