// SPDX-License-Identifier: Apache-2.0
#include "registry/auth/token.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "registry/json_members.hpp"

namespace ociassemble {
namespace {

constexpr std::chrono::seconds kShortestLifetime{60};
constexpr std::chrono::seconds kLongestLifetime{24 * 60 * 60};
constexpr std::chrono::seconds kLongestMargin{30};

std::chrono::seconds lifetime_of(const Json& object) {
  const auto found = object.find("expires_in");
  if (found == object.end() || !found->is_number()) return kShortestLifetime;
  const auto seconds = found->get<double>();
  if (!(seconds > static_cast<double>(kShortestLifetime.count()))) return kShortestLifetime;
  return seconds < static_cast<double>(kLongestLifetime.count())
             ? std::chrono::seconds(static_cast<std::int64_t>(seconds))
             : kLongestLifetime;
}

}  // namespace

Scope Scope::and_pull(const std::string& other) const {
  Scope both = *this;
  both.scopes.push_back("repository:" + other + ":pull");
  return both;
}

std::string Scope::key() const { return fmt::format("{}", fmt::join(scopes, " ")); }

std::optional<Token> parse_token(std::string_view json) {
  const auto document = Json::parse(json, nullptr, false);
  if (!document.is_object()) return {};
  auto text = text_member(document, "token");
  if (text.empty()) text = text_member(document, "access_token");
  if (text.empty() || !std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7F'; })) return {};
  return Token{std::move(text), lifetime_of(document)};
}

std::optional<std::string> parse_refresh_token(std::string_view json) {
  const auto document = Json::parse(json, nullptr, false);
  if (!document.is_object()) return {};
  auto text = text_member(document, "refresh_token");
  return text.empty() ? std::nullopt : std::optional(std::move(text));
}

void TokenCache::store(const Scope& scope, const Token& token, Time now) {
  const auto margin = std::min<std::chrono::seconds>(token.lifetime / 6, kLongestMargin);
  entries_.insert_or_assign(scope.key(), Entry{token.text, now + token.lifetime - margin});
}

std::optional<std::string> TokenCache::find(const Scope& scope, Time now) const {
  if (auto found = find_key(scope.key(), now)) return found;
  if (scope.key() != Scope::pull(scope.repository).key()) return {};
  return find_key(Scope::push(scope.repository).key(), now);
}

std::optional<std::string> TokenCache::find_key(const std::string& key, Time now) const {
  const auto found = entries_.find(key);
  if (found == entries_.end() || now >= found->second.until) return {};
  return found->second.text;
}

}  // namespace ociassemble
