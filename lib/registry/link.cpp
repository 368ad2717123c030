// SPDX-License-Identifier: Apache-2.0
#include "registry/link.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

struct LinkValue {
  std::string target;
  std::string relations;  // lower case
};

class LinkParser {
 public:
  LinkParser(std::string_view field, std::string_view action) : rest_(field), action_(action) {}

  // Nothing at the end of the field.
  std::optional<LinkValue> next() {
    while (!rest_.empty() && (is_space(rest_.front()) || rest_.front() == ',')) rest_.remove_prefix(1);
    if (rest_.empty()) return {};
    const auto close = rest_.find('>');
    if (rest_.front() != '<' || close == std::string_view::npos) refuse();
    LinkValue value{std::string(rest_.substr(1, close - 1)), {}};
    rest_.remove_prefix(close + 1);
    while (skip_spaces() == ';') {
      rest_.remove_prefix(1);
      take_parameter(value);
    }
    if (!rest_.empty() && rest_.front() != ',') refuse();
    if (value.relations.empty()) refuse();
    return value;
  }

 private:
  static bool is_space(char c) { return c == ' ' || c == '\t'; }

  char skip_spaces() {
    while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
    return rest_.empty() ? '\0' : rest_.front();
  }

  void take_parameter(LinkValue& value) {
    skip_spaces();
    const auto end = std::min(rest_.find_first_of("=;, \t"), rest_.size());
    const auto name = to_lower(rest_.substr(0, end));
    rest_.remove_prefix(end);
    if (skip_spaces() != '=') return;
    rest_.remove_prefix(1);
    auto text = skip_spaces() == '"' ? quoted() : bare();
    if (name == "rel" && value.relations.empty()) value.relations = to_lower(text);
  }

  std::string quoted() {
    std::string text;
    rest_.remove_prefix(1);
    for (; !rest_.empty() && rest_.front() != '"'; rest_.remove_prefix(1)) {
      if (rest_.front() == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
      text += rest_.front();
    }
    if (rest_.empty()) refuse();
    rest_.remove_prefix(1);
    return text;
  }

  std::string bare() {
    const auto end = std::min(rest_.find_first_of(";, \t"), rest_.size());
    std::string text(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return text;
  }

  [[noreturn]] void refuse() const {
    throw Error(ErrorCode::corrupt,
                fmt::format("cannot {}: the registry's Link to the next page cannot be read", action_));
  }

  std::string_view rest_;
  std::string_view action_;
};

bool has_word(std::string_view words, std::string_view wanted) {
  for (std::size_t at = 0; at < words.size();) {
    const auto end = std::min(words.find(' ', at), words.size());
    if (words.substr(at, end - at) == wanted) return true;
    at = end + 1;
  }
  return false;
}

}  // namespace

std::optional<std::string> next_link(const HttpHeaders& headers, std::string_view action) {
  for (const auto& field : headers.all("Link")) {
    LinkParser parser(field, action);
    while (auto value = parser.next()) {
      if (has_word(value->relations, "next")) return std::move(value->target);
    }
  }
  return {};
}

std::optional<Url> next_page(const Endpoint& endpoint, const Url& from, const HttpHeaders& headers,
                             std::string_view action) {
  const auto link = next_link(headers, action);
  if (!link) return {};
  auto next = endpoint.follow(from, *link);
  if (next.same_origin(endpoint.root()) || next.same_origin(from)) return next;
  throw Error(ErrorCode::corrupt,
              fmt::format("cannot {}: the registry's Link to the next page leads to another host, {}", action,
                          next.authority()));
}

void PageBudget::take(std::size_t bytes, const Url& page) {
  bytes_ += bytes;
  if (!seen_.insert(page.to_string()).second)
    throw Error(ErrorCode::corrupt, fmt::format("cannot {}: the registry's pages lead in a circle", action_));
  if (++pages_ <= kMaxPages && bytes_ <= kMaxBytes) return;
  throw Error(ErrorCode::corrupt, fmt::format("cannot {}: the list does not end", action_));
}

}  // namespace ociassemble
