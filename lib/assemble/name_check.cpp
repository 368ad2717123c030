// SPDX-License-Identifier: Apache-2.0
#include "assemble/name_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <span>
#include <string_view>
#include <unordered_map>

#include "base/folded_name.hpp"
#include "base/text.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMostWarnings = 5;
constexpr std::size_t kMostOpened = 64;

bool is_program_file(const std::filesystem::path& file) {
  try {
    FileSource source(file);
    std::array<std::byte, 4> head{};
    const auto text = as_text(std::span(head).first(read_full(source, head)));
    return text.starts_with("#!") || text ==
                                         "\x7F"
                                         "ELF";
  } catch (const Error&) {
    return true;  // whoever adds it says what is wrong
  }
}

// Those whose folded names have a hash in common are looked at; of many paths that is less than to keep all names.
std::vector<std::size_t> hashes_met_twice(const Placement& placement) {
  std::vector<std::size_t> hashes;
  placement.for_each([&](std::string_view path) { hashes.push_back(std::hash<std::string>()(folded_name(path))); });
  std::ranges::sort(hashes);
  std::vector<std::size_t> twice;
  for (auto at = std::ranges::adjacent_find(hashes); at != hashes.end(); at = std::adjacent_find(at, hashes.end())) {
    twice.push_back(*at);
    at = std::upper_bound(at, hashes.end(), *at);
  }
  return twice;
}

}  // namespace

void warn_of_equal_names(const Placement& placement, const Warn& warn) {
  if (!warn) return;
  const auto twice = hashes_met_twice(placement);
  if (twice.empty()) return;
  std::unordered_map<std::string, std::string> known;
  std::size_t warnings = 0;
  placement.for_each([&](std::string_view path) {
    auto name = folded_name(path);
    if (!std::ranges::binary_search(twice, std::hash<std::string>()(name))) return;
    const auto [first, is_new] = known.emplace(std::move(name), path);
    if (is_new || ++warnings > kMostWarnings) return;
    warn(
        fmt::format("/{} and /{} differ in case or in the form of their letters alone, and are one file on macOS and "
                    "Windows",
                    terminal_text(first->second), terminal_text(path)));
  });
}

void FileModes::add(const TarEntry& entry) {
  if (entry.type != EntryType::regular) return;
  all_are_executable_ = all_are_executable_ && (entry.mode & 0111U) != 0;
  ++files_;
  if (some_.size() <= kMostOpened) some_.push_back(entry.path);
}

void FileModes::warn_of_made_up_ones(const std::filesystem::path& folder, const Warn& warn) const {
  if (!warn || !all_are_executable_ || files_ < 2 || files_ > kMostOpened) return;
  for (const auto& path : some_) {
    if (is_program_file(folder / path)) return;
  }
  warn(
      fmt::format("every file in {} is executable and none is a program; its file system may keep no modes: add "
                  ",mode=0444 to it",
                  terminal_text(folder.string())));
}

}  // namespace ociassemble
