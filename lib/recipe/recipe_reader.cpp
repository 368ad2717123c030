// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>
#include <utility>

#include "base/text.hpp"
#include "recipe/recipe_text.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMaxSize = std::size_t{1} << 20U;
constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxValues = 100000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

void append_utf8(std::string& text, std::uint32_t code) {
  const auto tail = [&](unsigned shift) { text += static_cast<char>(0x80U | ((code >> shift) & 0x3FU)); };
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += static_cast<char>(0xC0U | (code >> 6U));
    tail(0);
  } else if (code < 0x10000) {
    text += static_cast<char>(0xE0U | (code >> 12U));
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>(0xF0U | (code >> 18U));
    tail(12);
    tail(6);
    tail(0);
  }
}

// Recursive descent over the text; the way to the value being read is known for messages.
class TextReader {
 public:
  explicit TextReader(RecipeText& recipe) : recipe_(recipe), text_(recipe.text) {}

  RecipeNode read_document() {
    skip_blanks();
    if (at_end()) refuse(at_, "the text is empty", R"(begin with {"base": "static", "binaries": {...}})");
    auto root = read_value(0);
    skip_blanks();
    if (!at_end()) refuse(at_, "something follows the recipe's last }", "remove it, or move it into the braces");
    return root;
  }

 private:
  bool at_end() const { return at_ == text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  bool starts(std::string_view word) const { return text_.substr(at_, word.size()) == word; }

  [[noreturn]] void refuse(std::size_t at, std::string_view cause, std::string hint) const {
    recipe_.refuse(at, path_, cause, std::move(hint));
  }

  void skip_blanks() {
    for (;;) {
      while (!at_end() && is_blank(peek())) ++at_;
      if (starts("//")) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (starts("/*")) {
        const auto end = text_.find("*/", at_ + 2);
        if (end == std::string_view::npos) refuse(at_, "this comment does not end", "close it with */");
        at_ = end + 2;
      } else {
        return;
      }
    }
  }

  RecipeNode read_value(std::size_t depth) {
    if (depth == kMaxDepth) refuse(at_, fmt::format("nested more than {} deep", kMaxDepth), "flatten it");
    if (++values_ > kMaxValues) refuse(at_, fmt::format("more than {} values", kMaxValues), "shorten the recipe");
    const auto begin = at_;
    RecipeNode node;
    if (peek() == '{') {
      node.data = read_object(depth);
    } else if (peek() == '[') {
      node.data = read_array(depth);
    } else if (peek() == '"') {
      node.data = read_string();
    } else if (peek() == '-' || is_digit(peek())) {
      node.data = RecipeNode::Number{read_number()};
    } else {
      node = read_word();
    }
    node.at = begin;
    return node;
  }

  RecipeNode read_word() {
    const auto take = [&](std::string_view word, RecipeNode node) {
      at_ += word.size();
      return node;
    };
    if (starts("null")) return take("null", {});
    if (starts("true")) return take("true", {true, 0});
    if (starts("false")) return take("false", {false, 0});
    if (at_end()) refuse(at_, "the text ends where a value is expected", "complete it");
    if (peek() == '\'') refuse(at_, "text in single quotes", "write it in double quotes");
    refuse(at_, fmt::format("no value begins with \"{}\"", character()),
           "a value is text in double quotes, a number, true, false, null, [...] or {...}");
  }

  // The whole character at this place, for a message.
  std::string character() const {
    auto end = at_ + 1;
    while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xC0U) == 0x80U) ++end;
    return printable(text_.substr(at_, end - at_));
  }

  // After a value: whether another one follows; the closing bracket is left behind.
  bool another_follows(char close) {
    skip_blanks();
    const bool comma = peek() == ',';
    if (comma) ++at_;
    skip_blanks();
    if (peek() == close) {
      ++at_;
      return false;
    }
    if (comma && !at_end()) return true;
    if (at_end()) refuse(at_, fmt::format("the text ends before its {}", close), "close every bracket");
    refuse(at_, fmt::format("a comma or {} is expected here", close), "put a comma between one and the next");
  }

  RecipeNode::Array read_array(std::size_t depth) {
    ++at_;
    skip_blanks();
    RecipeNode::Array elements;
    if (peek() == ']') return ++at_, elements;
    const auto outer = path_;
    do {
      path_ = element_path(outer, elements.size());
      elements.push_back(read_value(depth + 1));
      path_ = outer;
    } while (another_follows(']'));
    return elements;
  }

  RecipeNode::Object read_object(std::size_t depth) {
    ++at_;
    skip_blanks();
    RecipeNode::Object members;
    if (peek() == '}') return ++at_, members;
    const auto outer = path_;
    std::unordered_map<std::string, std::size_t> known;
    do {
      members.push_back(read_member(outer, depth));
      const auto& member = members.back();
      if (const auto [first, is_new] = known.emplace(member.name, member.at); !is_new) {
        recipe_.refuse(member.at, member_path(outer, member.name),
                       fmt::format("it is there twice, first at {}", recipe_.place(first->second)),
                       "remove one of them");
      }
      path_ = outer;
    } while (another_follows('}'));
    return members;
  }

  RecipeMember read_member(const std::string& outer, std::size_t depth) {
    RecipeMember member;
    member.at = at_;
    if (peek() != '"') {
      refuse(at_, fmt::format("\"{}\" where a member's name is expected", character()),
             "write the name in double quotes");
    }
    member.name = read_string();
    path_ = member_path(outer, member.name);
    skip_blanks();
    if (peek() != ':') refuse(at_, "no : after the name", "write \"NAME\": VALUE");
    ++at_;
    skip_blanks();
    member.value = read_value(depth + 1);
    return member;
  }

  std::string read_number() {
    const auto begin = at_;
    const auto digits = [&] {
      const auto first = at_;
      while (is_digit(peek())) ++at_;
      return at_ != first;
    };
    if (peek() == '-') ++at_;
    const bool leading_zero = peek() == '0' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]);
    bool valid = !leading_zero && digits();
    if (valid && peek() == '.') valid = (++at_, digits());
    if (valid && (peek() == 'e' || peek() == 'E')) {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      valid = digits();
    }
    if (!valid) refuse(begin, "this is not a number as JSON has it", "a mode such as 0440 is text: write \"0440\"");
    return std::string(text_.substr(begin, at_ - begin));
  }

  std::string read_string() {
    const auto begin = at_++;
    std::string value;
    while (peek() != '"') {
      if (at_end() || peek() == '\n')
        refuse(begin, "this text does not end on its line", "close it with a double quote");
      if (static_cast<unsigned char>(peek()) < ' ')
        refuse(at_, "a control character in text", "write it as \\t or \\u00NN");
      if (peek() == '\\') {
        read_escape(value);
      } else {
        value += text_[at_++];
      }
    }
    ++at_;
    return value;
  }

  void read_escape(std::string& value) {
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
    const auto begin = at_++;
    const auto which = at_end() ? std::string_view::npos : kNames.find(peek());
    if (which != std::string_view::npos) {
      value += kValues[which];
      ++at_;
    } else if (peek() == 'u') {
      append_utf8(value, read_code_point(begin));
    } else {
      refuse(begin, "no such escape",
             R"(the escapes are \" \\ \/ \b \f \n \r \t and \uNNNN; write \\ for a backslash)");
    }
  }

  std::uint32_t read_code_point(std::size_t begin) {
    const auto first = read_unit(begin);
    if (first == 0) refuse(begin, "a NUL character in text", "nothing that a recipe names can hold one");
    if (first < 0xD800 || first > 0xDFFF) return first;
    const auto second = first < 0xDC00 && starts("\\u") ? (++at_, read_unit(begin)) : 0;
    if (second < 0xDC00 || second > 0xDFFF) refuse(begin, "half a surrogate pair", "write the character itself");
    return 0x10000 + ((first - 0xD800) << 10U) + (second - 0xDC00);
  }

  std::uint32_t read_unit(std::size_t begin) {
    const auto digits = text_.substr(std::min(at_ + 1, text_.size()), 4);
    std::uint32_t unit = 0;
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), unit, 16);
    if (failure != std::errc() || end != digits.data() + 4) {
      refuse(begin, "\\u without four hexadecimal digits", "write \\u and four digits, such as \\u00e9");
    }
    at_ += 5;
    return unit;
  }

  RecipeText& recipe_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t values_ = 0;
  std::string path_;
};

}  // namespace

RecipeText read_recipe_text(std::string_view text, std::string file) {
  RecipeText recipe{std::move(file), std::string(text.substr(0, kMaxSize)), {}};
  if (text.size() > kMaxSize) {
    recipe.refuse(0, fmt::format("{} bytes are more than the limit of {}", text.size(), kMaxSize),
                  "shorten the recipe");
  }
  if (text.starts_with("\xEF\xBB\xBF")) {
    recipe.refuse(0, "the text begins with a byte order mark", "save the file as UTF-8 without one");
  }
  if (!is_valid_utf8(text)) recipe.refuse(0, "the text is not UTF-8", "save the file as UTF-8");
  recipe.root = TextReader(recipe).read_document();
  return recipe;
}

}  // namespace ociassemble
