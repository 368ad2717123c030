// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ociassemble {

// A regular expression in Go's syntax (RE2), as far as it says the same as one of POSIX: whether it matches anywhere in
// a text. Time grows with the text, whatever the text. Safe to share between threads.
class RegularExpression {
 public:
  // Nothing for what is no such expression, or one of Go's that we do not read (named groups, classes of Unicode, flags
  // but "(?i)" at the beginning, '^' behind the beginning or beside '|').
  static std::optional<RegularExpression> parse(std::string_view text);

  bool matches(std::string_view text) const;

 private:
  struct Compiled;
  explicit RegularExpression(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}

  std::shared_ptr<const Compiled> compiled_;
};

// The same expression for POSIX, without its flags; nothing where there is none.
std::optional<std::string> posix_expression_of(std::string_view text, bool& ignores_case);

}  // namespace ociassemble
