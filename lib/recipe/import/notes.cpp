// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/notes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/text.hpp"
#include "recipe/import/text.hpp"

namespace ociassemble {
namespace {

constexpr auto kWholeFile = std::numeric_limits<std::size_t>::max();

}  // namespace

std::string on_one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool is_blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!is_blank) line += c;
    if (is_blank && !line.empty() && line.back() != ' ') line += ' ';
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return terminal_text(without_mark_bytes(line));
}

std::string shortened(std::string_view text) {
  constexpr std::size_t kMost = 90;
  auto line = on_one_line(text);
  if (line.size() <= kMost) return line;
  auto end = kMost;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U) --end;
  return line.substr(0, end) + " ...";
}

void ImportNotes::add(std::string_view text) { add_once(kWholeFile, std::string(text)); }

void ImportNotes::add(std::size_t line, std::string_view text) {
  add_once(line, fmt::format("Line {}: {}", line, text));
}

void ImportNotes::add(const DockerInstruction& made, std::string_view text) {
  std::string flags;
  for (const auto& [name, value] : made.flags) flags += fmt::format("--{}{}{} ", name, value.empty() ? "" : "=", value);
  add_once(made.line, fmt::format("Line {}: {} {}: {}.", made.line, made.name, shortened(flags + made.text), text));
}

void ImportNotes::add_once(std::size_t line, std::string text) {
  text = terminal_text(without_mark_bytes(text));
  const auto is_same = [&](const Note& note) { return note.text == text; };
  if (std::none_of(notes_.begin(), notes_.end(), is_same)) notes_.push_back({line, std::move(text)});
}

void ImportNotes::add_text(std::size_t line, std::string_view text) { notes_.push_back({line, terminal_text(text)}); }

std::vector<std::string> ImportNotes::lines() const {
  auto sorted = notes_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Note& a, const Note& b) { return a.line < b.line; });
  std::vector<std::string> lines;
  lines.reserve(sorted.size());
  for (auto& note : sorted) lines.push_back(std::move(note.text));
  return lines;
}

}  // namespace ociassemble
