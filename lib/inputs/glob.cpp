// SPDX-License-Identifier: Apache-2.0
#include "inputs/glob.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/text.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

std::size_t length_by_first_byte(unsigned char first) {
  if (first >= 0xF0) return 4;
  if (first >= 0xE0) return 3;
  return first >= 0xC0 ? 2 : 1;
}

// Takes the first character off the text, which is not empty.
char32_t take_character(std::string_view& text) {
  constexpr char32_t kBrokenByte = 0x110000;  // above Unicode
  const auto first = static_cast<unsigned char>(text.front());
  const auto whole = text.substr(0, length_by_first_byte(first));
  if (first < 0x80 || !is_valid_utf8(whole)) {
    text.remove_prefix(1);
    return first < 0x80 ? first : kBrokenByte + first;
  }
  char32_t character = first & (0xFFU >> (whole.size() + 1));
  for (const char c : whole.substr(1)) character = (character << 6U) | (static_cast<unsigned char>(c) & 0x3FU);
  text.remove_prefix(whole.size());
  return character;
}

}  // namespace

class GlobCompiler {
 public:
  GlobCompiler(std::string_view pattern, std::string_view where) : pattern_(pattern), rest_(pattern), where_(where) {}

  std::vector<Glob::Token> run() {
    while (!rest_.empty()) add_token();
    return std::move(tokens_);
  }

 private:
  using Kind = Glob::Kind;

  void add_token() {
    const bool is_first = rest_.size() == pattern_.size();
    const auto character = take_character(rest_);
    if (character == '*') {
      if (!take('*')) return add(Kind::star);
      return add_double_star(is_first);
    }
    if (character == '?') return add(Kind::not_slash);
    if (character == '[') return add_set();
    tokens_.push_back({Kind::literal, character == '\\' ? take_escaped() : character});
  }

  void add_double_star(bool is_first) {
    const bool has_slash = take('/');
    if (rest_.empty()) return add(Kind::anything);
    // Docker's own shortcut for a suffix.
    const bool is_suffix = rest_.find_first_of("*?[]\\") == std::string_view::npos;
    if (is_first && !has_slash && is_suffix) return add(Kind::anything);
    add(Kind::directories);
    add(Kind::inside);
  }

  void add_set() {
    Glob::Token token{Kind::set};
    token.negated = take('^');
    do {
      const auto low = take_member();
      const auto high = take('-') ? take_member() : low;
      if (high < low) refuse("a range that runs backwards");
      token.ranges.emplace_back(low, high);
    } while (!take(']'));
    tokens_.push_back(std::move(token));
  }

  char32_t take_member() {
    if (rest_.empty()) refuse("no ']' ends the class");
    if (rest_.front() == '-' || rest_.front() == ']') refuse("a '-' or ']' in a class needs a '\\' before it");
    const auto character = take_character(rest_);
    return character == '\\' ? take_escaped() : character;
  }

  char32_t take_escaped() {
    if (rest_.empty()) refuse("a '\\' at its end");
    return take_character(rest_);
  }

  bool take(char expected) {
    if (rest_.empty() || rest_.front() != expected) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void add(Kind kind) { tokens_.push_back({kind}); }

  [[noreturn]] void refuse(std::string_view cause) const {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("cannot parse {}: pattern \"{}\": {}", where_, printable(pattern_), cause),
                "put a '\\' before a character that stands for itself");
  }

  std::string_view pattern_;
  std::string_view rest_;
  std::string_view where_;
  std::vector<Glob::Token> tokens_;
};

// One run of a pattern's automaton over a path: the set of tokens that may be next.
class GlobRun {
 public:
  explicit GlobRun(const std::vector<Glob::Token>& tokens) : tokens_(tokens) { enter(now_, 0); }

  bool is_alive() const { return !now_.places.empty(); }
  bool is_at_end() const { return now_.marks[tokens_.size()]; }

  void take(char32_t character) {
    for (const auto place : now_.places) {
      if (place < tokens_.size()) step(place, character);
    }
    clear(now_);
    std::swap(now_, next_);
  }

 private:
  using Kind = Glob::Kind;
  struct Set {
    explicit Set(std::size_t size) : marks(size, false) {}
    std::vector<bool> marks;
    std::vector<std::size_t> places;
  };

  static bool mark(Set& set, std::size_t place) {
    if (set.marks[place]) return false;
    set.marks[place] = true;
    set.places.push_back(place);
    return true;
  }

  static void clear(Set& set) {
    for (const auto place : set.places) set.marks[place] = false;
    set.places.clear();
  }

  // Adds a place, and those that are reached from it without a character.
  void enter(Set& set, std::size_t place) const {
    while (mark(set, place) && place < tokens_.size()) {
      const auto kind = tokens_[place].kind;
      if (kind == Kind::directories) mark(set, ++place);
      if (kind != Kind::directories && kind != Kind::star && kind != Kind::anything) return;
      ++place;
    }
  }

  void step(std::size_t place, char32_t character) {
    const auto& token = tokens_[place];
    switch (token.kind) {
      case Kind::literal:
        if (character == token.character) enter(next_, place + 1);
        return;
      case Kind::not_slash:
        if (character != '/') enter(next_, place + 1);
        return;
      case Kind::set:
        if (holds(token, character) != token.negated) enter(next_, place + 1);
        return;
      case Kind::star:
        if (character != '/') enter(next_, place);
        return;
      case Kind::anything:
        enter(next_, place);
        return;
      case Kind::directories:
        return;  // its `inside` steps
      case Kind::inside:
        enter(next_, place);
        if (character == '/') enter(next_, place + 1);
        return;
    }
  }

  static bool holds(const Glob::Token& token, char32_t character) {
    return std::any_of(token.ranges.begin(), token.ranges.end(),
                       [&](const auto& range) { return range.first <= character && character <= range.second; });
  }

  const std::vector<Glob::Token>& tokens_;
  Set now_{tokens_.size() + 1};
  Set next_{tokens_.size() + 1};
};

Glob Glob::compile(std::string_view pattern, std::string_view where) {
  Glob glob;
  glob.tokens_ = GlobCompiler(pattern, where).run();
  return glob;
}

GlobReach Glob::test(std::string_view path) const {
  GlobRun run(tokens_);
  while (!path.empty()) {
    const auto character = take_character(path);
    if (character == '/' && run.is_at_end()) return GlobReach::yes;
    run.take(character);
    if (!run.is_alive()) return GlobReach::no;
  }
  if (run.is_at_end()) return GlobReach::yes;
  run.take('/');
  return run.is_alive() ? GlobReach::below : GlobReach::no;
}

}  // namespace ociassemble
