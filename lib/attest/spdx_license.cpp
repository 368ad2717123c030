// SPDX-License-Identifier: Apache-2.0
#include "attest/spdx_license.hpp"

#include <algorithm>
#include <string>

#include "attest/spdx_license_list.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kLongestExpression = 4096;
constexpr int kDeepestExpression = 32;

bool is_listed(std::string_view list, std::string_view identifier) {
  return !identifier.empty() && list.find(" " + std::string(identifier) + " ") != std::string_view::npos;
}

// Takes words and brackets off an expression.
class ExpressionReader {
 public:
  explicit ExpressionReader(std::string_view text) : text_(text) {}

  // compound = simple [WITH exception] / "(" compound ")" / compound AND|OR compound; operators need no order to be
  // valid.
  bool take_compound(int depth = 0) {
    if (depth > kDeepestExpression) return false;
    for (;;) {
      if (!take_term(depth)) return false;
      const auto before = text_;
      const auto word = next();
      if (word == "AND" || word == "OR") continue;
      text_ = before;
      return true;
    }
  }
  bool is_at_end() {
    skip_blanks();
    return text_.empty();
  }

 private:
  bool take_term(int depth) {
    auto word = next();
    if (word == "(") return take_compound(depth + 1) && next() == ")";
    if (word.ends_with('+')) word.remove_suffix(1);
    if (!is_listed(kSpdxLicenses, word)) return false;
    const auto before = text_;
    if (next() != "WITH") {
      text_ = before;
      return true;
    }
    return is_listed(kSpdxExceptions, next());
  }

  void skip_blanks() { text_.remove_prefix(std::min(text_.find_first_not_of(' '), text_.size())); }

  std::string_view next() {
    skip_blanks();
    const bool is_bracket = !text_.empty() && (text_[0] == '(' || text_[0] == ')');
    const auto length = is_bracket ? 1 : std::min(text_.find_first_of(" ()"), text_.size());
    const auto word = text_.substr(0, length);
    text_.remove_prefix(length);
    return word;
  }

  std::string_view text_;
};

}  // namespace

bool is_spdx_expression(std::string_view text) {
  if (text.empty() || text.size() > kLongestExpression) return false;
  ExpressionReader reader(text);
  return reader.take_compound() && reader.is_at_end();
}

}  // namespace ociassemble
