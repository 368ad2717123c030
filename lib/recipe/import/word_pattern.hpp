// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ociassemble {

enum class PatternReach { shortest, longest };
enum class PatternMatches { first, all };

// A pattern of "${NAME#PATTERN}": '*' is any text, '?' any character, '\' takes the meaning from both and from itself.
class WordPattern {
 public:
  // Throws Error{invalid_argument} for a '\' before another character.
  explicit WordPattern(std::string_view text);

  std::string without_prefix(std::string_view value, PatternReach reach) const;
  std::string without_suffix(std::string_view value, PatternReach reach) const;
  // Replaces the leftmost match, each as long as can be.
  std::string replaced(std::string_view value, std::string_view replacement, PatternMatches which) const;

 private:
  enum class Kind { text, any_character, any_text };
  struct Part {
    Kind kind;
    std::string_view text;  // one character
  };
  using Parts = std::vector<Part>;
  using Characters = std::vector<std::string_view>;

  // How many characters from `begin` on the parts match.
  static std::optional<std::size_t> match(const Parts& parts, const Characters& text, std::size_t begin,
                                          PatternReach reach);
  static Characters characters_of(std::string_view text);

  std::string text_;
  Parts parts_;
};

}  // namespace ociassemble
