// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ociassemble {

// "$NAME", or "${NAME OPERATOR WORD}".
struct VariableForm {
  std::string name;
  std::string operation;    // "", "-", ":-", "+", ":+", "?", ":?", "#", "##", "%", "%%", "/" or "//"
  std::string word;         // expanded; a pattern after # and %, and before the second /
  std::string replacement;  // after the second /
  std::string text;         // as it is written
};

// What variables stand for.
class VariableSource {
 public:
  VariableSource() = default;
  VariableSource(const VariableSource&) = delete;
  VariableSource& operator=(const VariableSource&) = delete;
  virtual ~VariableSource() = default;
  virtual std::string substitute(const VariableForm& form) = 0;
};

// Throws Error{invalid_argument} for "?" of an unset variable and for a broken pattern.
std::string apply_form(const VariableForm& form, const std::optional<std::string>& value);

// Variables that are known.
class KnownVariables : public VariableSource {
 public:
  explicit KnownVariables(const std::map<std::string, std::string>& values) : values_(values) {}
  std::string substitute(const VariableForm& form) override;

 private:
  const std::map<std::string, std::string>& values_;
};

struct ExpandedWords {
  std::string text;                // the whole as one word
  std::vector<std::string> words;  // divided at the blanks that are not quoted
};

struct WordSyntax {
  char escape = '\\';
  bool keeps_quotes = false;
  bool keeps_escapes = false;
};

// Takes quotes and escapes off and puts variables in, as BuildKit does. Throws Error{invalid_argument} with the cause
// alone: a quote or variable without an end, an operator that there is not.
ExpandedWords expand_docker_words(std::string_view text, const WordSyntax& syntax, VariableSource& variables);

}  // namespace ociassemble
