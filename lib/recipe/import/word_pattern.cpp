// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/word_pattern.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

std::string joined_characters(const std::vector<std::string_view>& characters, std::size_t begin, std::size_t end) {
  std::string text;
  for (auto i = begin; i < end; ++i) text += characters[i];
  return text;
}

}  // namespace

WordPattern::Characters WordPattern::characters_of(std::string_view text) {
  Characters characters;
  for (std::size_t begin = 0; begin < text.size();) {
    auto end = begin + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
    characters.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return characters;
}

WordPattern::WordPattern(std::string_view text) : text_(text) {
  const auto characters = characters_of(text_);
  for (std::size_t i = 0; i < characters.size(); ++i) {
    const auto& one = characters[i];
    if (one == "*") {
      parts_.push_back({Kind::any_text, one});
    } else if (one == "?") {
      parts_.push_back({Kind::any_character, one});
    } else if (one != "\\") {
      parts_.push_back({Kind::text, one});
    } else if (i + 1 < characters.size() && std::string_view("}/*?\\").find(characters[i + 1]) != std::string::npos) {
      parts_.push_back({Kind::text, characters[++i]});
    } else {
      throw Error(ErrorCode::invalid_argument, fmt::format("the pattern {} has an escape of nothing", printable(text)),
                  "escape only *, ?, /, } and the escape itself");
    }
  }
}

// Follows all ways through the pattern at once.
std::optional<std::size_t> WordPattern::match(const Parts& parts, const Characters& text, std::size_t begin,
                                              PatternReach reach) {
  std::vector<bool> places(parts.size() + 1), next(parts.size() + 1);
  const auto skip_any_text = [&](std::vector<bool>& all) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (all[i] && parts[i].kind == Kind::any_text) all[i + 1] = true;
    }
  };
  places[0] = true;
  std::optional<std::size_t> found;
  for (auto at = begin;; ++at) {
    skip_any_text(places);
    if (places.back()) found = at - begin;
    const bool is_done = found && reach == PatternReach::shortest;
    if (is_done || at == text.size() || std::find(places.begin(), places.end(), true) == places.end()) return found;
    next.assign(parts.size() + 1, false);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (!places[i]) continue;
      if (parts[i].kind == Kind::any_text) next[i] = true;
      if (parts[i].kind == Kind::any_character || (parts[i].kind == Kind::text && parts[i].text == text[at]))
        next[i + 1] = true;
    }
    places.swap(next);
  }
}

std::string WordPattern::without_prefix(std::string_view value, PatternReach reach) const {
  const auto text = characters_of(value);
  const auto length = match(parts_, text, 0, reach);
  return joined_characters(text, length.value_or(0), text.size());
}

std::string WordPattern::without_suffix(std::string_view value, PatternReach reach) const {
  const auto text = characters_of(value);
  const auto length = match(Parts(parts_.rbegin(), parts_.rend()), Characters(text.rbegin(), text.rend()), 0, reach);
  return joined_characters(text, 0, text.size() - length.value_or(0));
}

std::string WordPattern::replaced(std::string_view value, std::string_view replacement, PatternMatches which) const {
  const auto text = characters_of(value);
  const bool begins_with_any = !parts_.empty() && parts_.front().kind == Kind::any_text;
  std::string made;
  bool is_after_match = false;
  std::size_t at = 0;
  while (at <= text.size()) {
    const auto length = match(parts_, text, at, PatternReach::longest);
    if (!length && begins_with_any) break;  // nor does it match further on
    const bool counts = length && !(*length == 0 && is_after_match);
    if (counts) made += replacement;
    is_after_match = counts && *length > 0;
    const auto taken = counts ? *length : 0;
    if (taken == 0 && at < text.size()) made += text[at];
    at += std::max<std::size_t>(taken, 1);
    if (counts && which == PatternMatches::first) break;
  }
  return made + joined_characters(text, std::min(at, text.size()), text.size());
}

}  // namespace ociassemble
