// SPDX-License-Identifier: Apache-2.0
#include "registry/link.hpp"

#include <fmt/format.h>

#include <string_view>

#include "base/text.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

bool is_next(std::string_view parameters) {
  std::string compact;
  for (const char c : parameters) {
    if (c != ' ' && c != '\t' && c != '"') compact += c;
  }
  compact = to_lower(compact);
  const auto rel = compact.find(";rel=next");
  if (rel == std::string::npos) return false;
  const auto after = rel + std::string_view(";rel=next").size();
  return after == compact.size() || compact[after] == ';' || compact[after] == ',';
}

}  // namespace

std::optional<std::string> next_link(const HttpHeaders& headers) {
  for (const auto& field : headers.all("Link")) {
    std::string_view rest = field;
    for (auto open = rest.find('<'); open != std::string_view::npos; open = rest.find('<')) {
      const auto close = rest.find('>', open);
      if (close == std::string_view::npos) break;
      const auto target = rest.substr(open + 1, close - open - 1);
      rest.remove_prefix(close + 1);
      if (is_next(rest.substr(0, rest.find('<')))) return std::string(target);
    }
  }
  return {};
}

void PageBudget::take(std::size_t bytes) {
  bytes_ += bytes;
  if (++pages_ <= kMaxPages && bytes_ <= kMaxBytes) return;
  throw Error(ErrorCode::corrupt, fmt::format("cannot {}: the list does not end", action_));
}

}  // namespace ociassemble
