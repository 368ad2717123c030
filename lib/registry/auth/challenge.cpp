// SPDX-License-Identifier: Apache-2.0
#include "registry/auth/challenge.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace ociassemble {
namespace {

bool is_token_character(char c) noexcept {
  return is_letter_or_digit(c) || std::string_view("!#$%&'*+-.^_`|~/:").find(c) != std::string_view::npos;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::vector<Challenge> parse() {
    while (skip_to_token()) {
      const auto word = token();
      if (!at_equals()) {
        challenges_.push_back({to_lower(word), {}});
      } else if (const auto value = parameter_value(); value && !challenges_.empty()) {
        challenges_.back().parameters.try_emplace(to_lower(word), *value);
      }
    }
    return std::move(challenges_);
  }

 private:
  bool skip_to_token() {
    while (position_ < text_.size() && !is_token_character(text_[position_])) ++position_;
    return position_ < text_.size();
  }

  std::string_view token() {
    const auto begin = position_;
    while (position_ < text_.size() && is_token_character(text_[position_])) ++position_;
    return text_.substr(begin, position_ - begin);
  }

  void skip_blanks() {
    while (position_ < text_.size() && (text_[position_] == ' ' || text_[position_] == '\t')) ++position_;
  }

  bool at_equals() {
    const auto before = position_;
    skip_blanks();
    if (position_ < text_.size() && text_[position_] == '=') return true;
    position_ = before;
    return false;
  }

  // Nothing for what only looks like a parameter: the padding at the end of a token68.
  std::optional<std::string> parameter_value() {
    ++position_;
    skip_blanks();
    if (position_ == text_.size() || text_[position_] == ',' || text_[position_] == '=') return {};
    if (text_[position_] == '"') return quoted();
    return std::string(token());
  }

  std::string quoted() {
    std::string value;
    for (++position_; position_ < text_.size() && text_[position_] != '"'; ++position_) {
      if (text_[position_] == '\\' && position_ + 1 < text_.size()) ++position_;
      value += text_[position_];
    }
    if (position_ < text_.size()) ++position_;
    return value;
  }

  std::string_view text_;
  std::size_t position_ = 0;
  std::vector<Challenge> challenges_;
};

}  // namespace

std::string Challenge::parameter(const std::string& name) const {
  const auto found = parameters.find(name);
  return found == parameters.end() ? std::string() : found->second;
}

std::vector<Challenge> parse_challenges(std::string_view field) { return Parser(field).parse(); }

std::optional<Challenge> find_challenge(const std::vector<Challenge>& challenges, std::string_view scheme) {
  const auto found = std::ranges::find(challenges, scheme, &Challenge::scheme);
  if (found == challenges.end()) return {};
  return *found;
}

}  // namespace ociassemble
