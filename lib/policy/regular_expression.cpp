// SPDX-License-Identifier: Apache-2.0
#include "policy/regular_expression.hpp"

#include <regex.h>

#include <utility>

namespace ociassemble {
namespace {

constexpr std::size_t kLongestExpression = 4096;
constexpr std::string_view kSpaces = " \t\n\r\f\v";

bool is_decimal(char c) { return c >= '0' && c <= '9'; }

// Goes over Go's expression, and writes POSIX's.
class ExpressionWriter {
 public:
  explicit ExpressionWriter(std::string_view text) : text_(text) {}

  std::optional<std::string> write(bool& ignores_case) {
    if (text_.starts_with("(?i)")) {
      ignores_case = true;
      at_ = 4;
    }
    while (at_ < text_.size()) {
      if (!write_one()) return {};
    }
    return std::move(out_);
  }

 private:
  bool write_one() {
    const char c = text_[at_];
    switch (c) {
      case '\\':
        return write_escape();
      case '[':
        return write_class();
      case '.':
        out_ += "[^\n]";  // Go's matches no line break
        ++at_;
        return true;
      case '(':
        return write_group();
      case '{':
        return write_brace();
      case '*':
      case '+':
      case '?':
        return write_repeat();
      case '^':
        return write_begin();
      default:
        out_ += c;
        ++at_;
        return true;
    }
  }

  // The beginning of the text, which is read at the expression's own beginning only.
  bool write_begin() {
    if (!out_.empty() || text_.find('|') != std::string_view::npos) return false;
    out_ += '^';
    ++at_;
    return true;
  }

  // Whether something matches does not depend on whether as little as possible is taken.
  void skip_lazy_mark() {
    if (at_ < text_.size() && text_[at_] == '?') ++at_;
  }

  bool write_repeat() {
    if (out_.empty()) return false;
    out_ += text_[at_++];
    skip_lazy_mark();
    return true;
  }

  // "{2,3}"; any other brace is itself.
  bool write_brace() {
    auto end = at_ + 1;
    while (end < text_.size() && (is_decimal(text_[end]) || text_[end] == ',')) ++end;
    const bool is_repeat = end < text_.size() && text_[end] == '}' && end > at_ + 1 && is_decimal(text_[at_ + 1]);
    if (!is_repeat) {
      out_ += "\\{";
      ++at_;
      return true;
    }
    out_ += text_.substr(at_, end + 1 - at_);
    at_ = end + 1;
    skip_lazy_mark();
    return true;
  }

  bool write_group() {
    const auto rest = text_.substr(at_);
    if (rest.starts_with("(?") && !rest.starts_with("(?:")) return false;
    at_ += rest.starts_with("(?:") ? 3 : 1;
    out_ += '(';
    return true;
  }

  bool write_escape() {
    if (at_ + 1 >= text_.size()) return false;
    const char c = text_[at_ + 1];
    at_ += 2;
    switch (c) {
      case 'd':
        out_ += "[0-9]";
        return true;
      case 'D':
        out_ += "[^0-9]";
        return true;
      case 'w':
        out_ += "[0-9A-Za-z_]";
        return true;
      case 'W':
        out_ += "[^0-9A-Za-z_]";
        return true;
      case 's':
        out_.append("[").append(kSpaces).append("]");
        return true;
      case 'S':
        out_.append("[^").append(kSpaces).append("]");
        return true;
      case 'b':
      case 'B':
        out_.append("\\").append(1, c);
        return true;
      case 'A':
        --at_;
        return write_begin();
      case 'z':
        out_ += '$';
        return true;
      default:
        break;
    }
    if (const auto plain = plain_escape(c)) {
      out_ += *plain;
      return true;
    }
    const bool is_mark = !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_decimal(c));
    if (!is_mark) return false;
    // POSIX gives "\<" and others a meaning, so only what is special is escaped.
    if (std::string_view(R"(\.[]()*+?{}|^$)").find(c) != std::string_view::npos) out_ += '\\';
    out_ += c;
    return true;
  }

  static std::optional<char> plain_escape(char c) {
    switch (c) {
      case 'n':
        return '\n';
      case 't':
        return '\t';
      case 'r':
        return '\r';
      case 'f':
        return '\f';
      case 'v':
        return '\v';
      default:
        return {};
    }
  }

  // A class: POSIX's takes a backslash for itself, and ']' only as its first character.
  bool write_class() {
    auto at = at_ + 1;
    std::string inside;
    bool has_bracket = false;
    const bool is_negated = at < text_.size() && text_[at] == '^';
    if (is_negated) ++at;
    for (bool is_first = true;; is_first = false) {
      if (at >= text_.size()) return false;
      const char c = text_[at++];
      if (c == ']' && !is_first) break;
      if (c == '[') {
        if (at < text_.size() && (text_[at] == ':' || text_[at] == '.' || text_[at] == '=')) return false;
        inside += c;
      } else if (c == ']') {
        has_bracket = true;
      } else if (c == '\\') {
        if (at >= text_.size()) return false;
        const char escaped = text_[at++];
        if (escaped == 'd') {
          inside += "0-9";
        } else if (escaped == 'w') {
          inside += "0-9A-Za-z_";
        } else if (escaped == 's') {
          inside += kSpaces;
        } else if (const auto plain = plain_escape(escaped)) {
          inside += *plain;
        } else if (escaped == ']') {
          has_bracket = true;
        } else if (escaped == '-' || escaped == '^' || (escaped >= 'a' && escaped <= 'z') ||
                   (escaped >= 'A' && escaped <= 'Z') || is_decimal(escaped)) {
          return false;  // a '-' would have to stand at the end
        } else {
          inside += escaped;
        }
      } else {
        inside += c;
      }
    }
    out_ += is_negated ? "[^" : "[";
    if (has_bracket) out_ += ']';
    out_ += inside + "]";
    at_ = at;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

struct RegularExpression::Compiled {
  regex_t expression{};
  Compiled() = default;
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;
  ~Compiled() { regfree(&expression); }
};

std::optional<std::string> posix_expression_of(std::string_view text, bool& ignores_case) {
  return ExpressionWriter(text).write(ignores_case);
}

std::optional<RegularExpression> RegularExpression::parse(std::string_view text) {
  if (text.size() > kLongestExpression || text.find('\0') != std::string_view::npos) return {};
  bool ignores_case = false;
  auto posix = posix_expression_of(text, ignores_case);
  if (!posix) return {};
  // By itself first: what is around it may make an expression of what is none.
  if (Compiled alone; regcomp(&alone.expression, posix->c_str(), REG_EXTENDED | REG_NOSUB) != 0) return {};
  // Anchored, so that it is tried at one place only: at each place it would take the square of the text's length.
  const auto anchored = posix->starts_with('^') ? *posix : "^([^x]|x)*(" + *posix + ")";
  auto compiled = std::make_shared<Compiled>();
  if (regcomp(&compiled->expression, anchored.c_str(), REG_EXTENDED | REG_NOSUB | (ignores_case ? REG_ICASE : 0)) != 0)
    return {};
  return RegularExpression(std::move(compiled));
}

bool RegularExpression::matches(std::string_view text) const {
  // A text of known length, which may hold zeros (REG_STARTEND, in glibc, musl and the BSDs).
  regmatch_t range{};
  range.rm_so = 0;
  range.rm_eo = static_cast<regoff_t>(text.size());
  return regexec(&compiled_->expression, text.data() == nullptr ? "" : text.data(), 1, &range, REG_STARTEND) == 0;
}

}  // namespace ociassemble
