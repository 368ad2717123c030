// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/ignore.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string>
#include <system_error>

#include "base/system_error.hpp"
#include "base/text.hpp"
#include "inputs/glob.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestFile = std::size_t{1} << 20U;
constexpr std::size_t kLongestPattern = 4096;
constexpr std::size_t kMostRules = 10000;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// What Go's strings.TrimSpace takes away: the blanks of Unicode, as UTF-8.
constexpr std::array<std::string_view, 25> kBlanks{" ",
                                                   "\t",
                                                   "\n",
                                                   "\v",
                                                   "\f",
                                                   "\r",
                                                   "\xC2\x85",
                                                   "\xC2\xA0",
                                                   "\xE1\x9A\x80",
                                                   "\xE2\x80\x80",
                                                   "\xE2\x80\x81",
                                                   "\xE2\x80\x82",
                                                   "\xE2\x80\x83",
                                                   "\xE2\x80\x84",
                                                   "\xE2\x80\x85",
                                                   "\xE2\x80\x86",
                                                   "\xE2\x80\x87",
                                                   "\xE2\x80\x88",
                                                   "\xE2\x80\x89",
                                                   "\xE2\x80\x8A",
                                                   "\xE2\x80\xA8",
                                                   "\xE2\x80\xA9",
                                                   "\xE2\x80\xAF",
                                                   "\xE2\x81\x9F",
                                                   "\xE3\x80\x80"};

std::string_view trim(std::string_view text) {
  const auto leads = [&](std::string_view blank) { return text.starts_with(blank); };
  const auto trails = [&](std::string_view blank) { return text.ends_with(blank); };
  for (auto at = kBlanks.begin(); (at = std::find_if(kBlanks.begin(), kBlanks.end(), leads)) != kBlanks.end();)
    text.remove_prefix(at->size());
  for (auto at = kBlanks.begin(); (at = std::find_if(kBlanks.begin(), kBlanks.end(), trails)) != kBlanks.end();)
    text.remove_suffix(at->size());
  return text;
}

std::string_view take_line(std::string_view& text) {
  const auto line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

// As Go's path/filepath.Clean, and without a '/' at the front: the root of the folder is both root and working
// directory. Empty for what names the folder itself ("for historical reasons, the pattern . is ignored").
std::string clean(std::string_view pattern) {
  const bool is_rooted = !pattern.empty() && pattern.front() == '/';
  std::vector<std::string_view> parts;
  while (!pattern.empty()) {
    const auto part = pattern.substr(0, pattern.find('/'));
    pattern.remove_prefix(std::min(part.size() + 1, pattern.size()));
    const bool goes_up = part == "..";
    if (part.empty() || part == "." || (goes_up && is_rooted && parts.empty())) continue;
    if (goes_up && !parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else {
      parts.push_back(part);
    }
  }
  return fmt::format("{}", fmt::join(parts, "/"));
}

}  // namespace

struct IgnoreRules::Compiled {
  IgnoreRule rule;
  bool is_exception;
  Glob glob;
};

IgnoreRules::IgnoreRules() : rules_(std::make_shared<const std::vector<Compiled>>()) {}

IgnoreRules IgnoreRules::parse(std::string_view text, std::string_view name) {
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) text.remove_prefix(kByteOrderMark.size());
  std::vector<Compiled> rules;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto line = take_line(text);
    const auto written = trim(line);
    if (line.starts_with('#') || written.empty()) continue;
    const auto where = fmt::format("{}:{}", name, number);
    const auto refuse = [&](std::string_view cause) {
      throw Error(ErrorCode::invalid_argument, fmt::format("cannot parse {}: {}", where, cause));
    };
    const bool is_exception = written.front() == '!';
    const auto pattern = is_exception ? trim(written.substr(1)) : written;
    if (pattern.empty()) refuse("a \"!\" without a pattern");
    if (pattern.size() > kLongestPattern) refuse(fmt::format("a pattern of over {} bytes", kLongestPattern));
    if (rules.size() == kMostRules) refuse(fmt::format("over {} rules", kMostRules));
    const auto cleaned = clean(pattern);
    if (!cleaned.empty()) {
      rules.push_back({{number, std::string(written)}, is_exception, Glob::compile(cleaned, where)});
    }
  }
  IgnoreRules parsed;
  parsed.rules_ = std::make_shared<const std::vector<Compiled>>(std::move(rules));
  return parsed;
}

IgnoreDecision IgnoreRules::decide(std::string_view path) const {
  IgnoreDecision decision;
  bool may_include_below = false;
  for (auto at = rules_->rbegin(); at != rules_->rend(); ++at) {
    const auto reach = at->glob.test(path);
    if (reach == GlobReach::yes) {
      decision.excluded = !at->is_exception;
      decision.rule = at->rule;
      decision.may_include_below = decision.excluded && may_include_below;
      return decision;
    }
    may_include_below = may_include_below || (at->is_exception && reach == GlobReach::below);
  }
  return decision;
}

std::size_t IgnoreRules::size() const noexcept { return rules_->size(); }

namespace {

// `folder` within `root`, with a '/' at its end; empty when it is the root itself; nothing when it is not in it.
std::optional<std::string> path_within(const fs::path& root, const fs::path& folder) {
  std::error_code failure;
  const auto inside = fs::canonical(folder, failure);
  const auto outside = failure ? fs::path() : fs::canonical(root, failure);
  if (failure) throw_errno(fmt::format("cannot read {}", folder.string()), failure.value());
  const auto relative = inside.lexically_relative(outside);
  if (relative.empty() || *relative.begin() == "..") return std::nullopt;
  return relative == "." ? std::string() : relative.string() + "/";
}

}  // namespace

FolderIgnore FolderIgnore::read(const fs::path& folder, const std::optional<std::string>& choice) {
  FolderIgnore found;
  if (choice == "none") return found;
  const fs::path file = choice ? fs::path(*choice) : folder / ".dockerignore";
  std::optional<std::string> text;
  if (choice) {
    text = read_file(file, kLargestFile);
  } else {
    text = read_file_if_exists(file, kLargestFile);
  }
  if (!text) return found;
  found.file_ = file;
  found.rules_ = IgnoreRules::parse(*text, file.string());
  if (choice) found.prefix_ = path_within(file.has_parent_path() ? file.parent_path() : ".", folder).value_or("");
  return found;
}

IgnoreDecision FolderIgnore::decide(std::string_view path) const {
  const auto whole = prefix_ + std::string(path);
  if (whole.empty()) return {};
  return rules_.decide(path.empty() ? std::string_view(whole).substr(0, whole.size() - 1) : whole);
}

}  // namespace ociassemble
