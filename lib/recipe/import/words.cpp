// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/words.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "recipe/import/word_pattern.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kLongestWord = std::size_t{1} << 20U;
constexpr unsigned kDeepestWord = 32;

[[noreturn]] void fail_word(const std::string& cause, std::string hint = {}) {
  throw Error(ErrorCode::invalid_argument, cause, std::move(hint));
}

bool is_blank_of_word(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit_of_name(char c) { return c >= '0' && c <= '9'; }
bool is_part_of_name(char c) {
  return c == '_' || is_digit_of_name(c) || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
         (static_cast<unsigned char>(c) & 0x80U) != 0;
}

// Divides at blanks that are not quoted; a word of nothing but quotes is none.
class WordCollector {
 public:
  void put(char c) {
    if (!is_blank_of_word(c)) {
      word_ += c;
    } else if (!word_.empty()) {
      words_.push_back(std::move(word_));
      word_.clear();
    }
  }
  void put_quoted(std::string_view text) { word_ += text; }
  std::vector<std::string> take() {
    if (!word_.empty()) words_.push_back(std::move(word_));
    return std::move(words_);
  }

 private:
  std::string word_;
  std::vector<std::string> words_;
};

class WordReader {
 public:
  WordReader(std::string_view text, const WordSyntax& syntax, VariableSource& variables)
      : text_(text), syntax_(syntax), variables_(variables) {}

  ExpandedWords read_all() { return read_to('\0', syntax_.keeps_escapes); }

 private:
  bool at_end() const { return at_ >= text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }

  // Up to the stop, which is taken, too; '\0' is the end of the text.
  ExpandedWords read_to(char stop, bool keeps_escapes) {
    if (++depth_ > kDeepestWord) fail_word("variables are nested too deep");
    ExpandedWords made;
    WordCollector words;
    const auto put_quoted = [&](std::string_view part) {
      made.text += part;
      words.put_quoted(part);
    };
    while (!at_end() && (stop == '\0' || peek() != stop)) {
      if (made.text.size() > kLongestWord) fail_word("a value is over 1 MiB");
      const char c = peek();
      if (c == '\'') {
        put_quoted(read_single_quotes());
      } else if (c == '"') {
        put_quoted(read_double_quotes(keeps_escapes));
      } else if (c == '$') {
        const auto value = read_variable();
        made.text += value;
        for (const char each : value) words.put(each);
      } else if (c == '<') {
        put_quoted(read_angle());
      } else if (c == syntax_.escape) {
        put_quoted(read_escaped(keeps_escapes));
      } else {
        ++at_;
        made.text += c;
        words.put(c);
      }
    }
    if (stop != '\0') take(stop);
    --depth_;
    made.words = words.take();
    return made;
  }

  void take(char stop) {
    if (at_end()) fail_word(fmt::format("no '{}' ends the variable", stop));
    ++at_;
  }

  std::string read_escaped(bool keeps_escapes) {
    std::string made = keeps_escapes ? std::string(1, peek()) : std::string();
    ++at_;
    if (!at_end()) made += text_[at_++];  // an escape at the end is nothing
    return made;
  }

  std::string read_single_quotes() {
    const auto end = text_.find('\'', at_ + 1);
    if (end == std::string_view::npos) fail_word("no ' ends the quoted text");
    const auto inner = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return syntax_.keeps_quotes ? fmt::format("'{}'", inner) : std::string(inner);
  }

  std::string read_double_quotes(bool keeps_escapes) {
    std::string made = syntax_.keeps_quotes ? "\"" : "";
    for (++at_; !at_end();) {
      const char c = peek();
      if (c == '$') {
        made += read_variable();
        continue;
      }
      ++at_;
      if (c == '"') return syntax_.keeps_quotes ? made + c : made;
      if (c != syntax_.escape) {
        made += c;
        continue;
      }
      if (keeps_escapes) made += c;
      const bool escapes = peek() == '"' || peek() == '$' || peek() == syntax_.escape;
      if (!at_end()) made += escapes ? text_[at_++] : c;
    }
    fail_word("no \" ends the quoted text");
  }

  // Blanks between "<<" and the name of a heredoc belong to the word.
  std::string read_angle() {
    const auto start = at_++;
    if (peek() != '<') return "<";
    ++at_;
    while (peek() == ' ' || peek() == '\t') ++at_;
    return std::string(text_.substr(start, at_ - start));
  }

  std::string read_name() {
    const auto start = at_;
    if (is_digit_of_name(peek())) {
      while (is_digit_of_name(peek())) ++at_;
    } else if (!at_end() && std::string_view("@*#?-$!").find(peek()) != std::string_view::npos) {
      ++at_;
    } else {
      while (is_part_of_name(peek())) ++at_;
    }
    return std::string(text_.substr(start, at_ - start));
  }

  std::string read_variable() {
    const auto start = at_++;
    VariableForm form;
    if (peek() != '{') {
      form.name = read_name();
      if (form.name.empty()) return "$";
    } else {
      ++at_;
      read_braces(form);
    }
    form.text = text_.substr(start, at_ - start);
    return variables_.substitute(form);
  }

  void read_braces(VariableForm& form) {
    if (at_end()) fail_word("no '}' ends the variable");
    if (peek() == '{' || peek() == '}' || peek() == ':') fail_word("a variable without a name");
    form.name = read_name();
    if (at_end()) fail_word("no '}' ends the variable");
    char c = text_[at_++];
    if (c == '}') return;
    if (c == '/') return read_replacement(form);
    if (c == ':') {
      form.operation = ":";
      c = at_end() ? '\0' : text_[at_++];
    }
    const bool is_pattern = form.operation.empty() && (c == '#' || c == '%');
    if (c != '-' && c != '+' && c != '?' && !is_pattern) {
      fail_word(fmt::format("an unknown modifier of the variable {}", printable(form.name)),
                "known are :-, -, :+, +, :?, ?, #, ##, %, %%, / and //");
    }
    form.operation += c;
    form.word = read_to('}', is_pattern).text;
    if (is_pattern && !form.word.empty() && form.word.front() == c) {
      form.operation += c;
      form.word.erase(0, 1);
    }
  }

  void read_replacement(VariableForm& form) {
    form.operation = "/";
    if (peek() == '/') {
      ++at_;
      form.operation = "//";
    }
    form.word = read_to('/', true).text;
    form.replacement = read_to('}', true).text;
  }

  std::string_view text_;
  const WordSyntax& syntax_;
  VariableSource& variables_;
  std::size_t at_ = 0;
  unsigned depth_ = 0;
};

}  // namespace

std::string apply_form(const VariableForm& form, const std::optional<std::string>& value) {
  const auto& operation = form.operation;
  if (operation.empty()) return value.value_or("");
  const char kind = operation.back();
  if (kind == '#' || kind == '%') {
    const auto reach = operation.size() == 2 ? PatternReach::longest : PatternReach::shortest;
    const WordPattern pattern(form.word);
    return kind == '#' ? pattern.without_prefix(value.value_or(""), reach)
                       : pattern.without_suffix(value.value_or(""), reach);
  }
  if (kind == '/') {
    const auto which = operation == "//" ? PatternMatches::all : PatternMatches::first;
    return WordPattern(form.word).replaced(value.value_or(""), form.replacement, which);
  }
  const bool is_there = value && !(operation.front() == ':' && value->empty());
  if (kind == '-') return is_there ? *value : form.word;
  if (kind == '+') return is_there ? form.word : std::string();
  if (is_there) return *value;
  fail_word(form.word.empty() ? fmt::format("the variable {} is not set", printable(form.name))
                              : fmt::format("{}: {}", printable(form.name), printable(form.word)));
}

std::string KnownVariables::substitute(const VariableForm& form) {
  const auto found = values_.find(form.name);
  return apply_form(form, found == values_.end() ? std::nullopt : std::optional(found->second));
}

ExpandedWords expand_docker_words(std::string_view text, const WordSyntax& syntax, VariableSource& variables) {
  return WordReader(text, syntax, variables).read_all();
}

}  // namespace ociassemble
