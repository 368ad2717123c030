// SPDX-License-Identifier: Apache-2.0
#include "vulnerabilities/package_url.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kLongestPurl = 4096;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '%' && at + 2 < text.size() && hex_value(text[at + 1]) >= 0 && hex_value(text[at + 2]) >= 0) {
      plain += static_cast<char>(hex_value(text[at + 1]) * 16 + hex_value(text[at + 2]));
      at += 2;
    } else {
      plain += text[at];
    }
  }
  return plain;
}

std::string_view plain_version(const PackageUrl& url) {
  std::string_view version = url.version;
  if (url.type == "golang" && version.starts_with('v')) version.remove_prefix(1);
  return version;
}

}  // namespace

std::optional<PackageUrl> PackageUrl::parse(std::string_view text) {
  if (!text.starts_with("pkg:") || text.size() > kLongestPurl) return {};
  text.remove_prefix(4);
  while (text.starts_with('/')) text.remove_prefix(1);
  text = text.substr(0, text.find('#'));
  PackageUrl url;
  const auto question = text.find('?');
  auto qualifiers = question == std::string_view::npos ? std::string_view() : text.substr(question + 1);
  text = text.substr(0, question);
  while (!qualifiers.empty()) {
    const auto end = qualifiers.find('&');
    const auto one = qualifiers.substr(0, end);
    qualifiers.remove_prefix(end == std::string_view::npos ? qualifiers.size() : end + 1);
    const auto equals = one.find('=');
    if (equals == std::string_view::npos || equals + 1 == one.size()) continue;
    url.qualifiers[to_lower(one.substr(0, equals))] = percent_decoded(one.substr(equals + 1));
  }
  // A version may hold no "/", and a name no "@" that is not encoded; scopes of npm are of no interest here.
  const auto slash = text.rfind('/');
  const auto at = text.find('@', slash == std::string_view::npos ? 0 : slash);
  if (at != std::string_view::npos) url.version = percent_decoded(text.substr(at + 1));
  text = text.substr(0, at);
  const auto first = text.find('/');
  if (first == std::string_view::npos || first == 0 || first + 1 == text.size()) return {};
  url.type = to_lower(text.substr(0, first));
  url.name = percent_decoded(text.substr(first + 1));
  return url;
}

bool PackageUrl::covers(const PackageUrl& other) const {
  if (type != other.type || name != other.name) return false;
  if (!version.empty() && plain_version(*this) != plain_version(other)) return false;
  return std::all_of(qualifiers.begin(), qualifiers.end(), [&](const auto& wanted) {
    const auto found = other.qualifiers.find(wanted.first);
    return found != other.qualifiers.end() && found->second == wanted.second;
  });
}

}  // namespace ociassemble
