// SPDX-License-Identifier: Apache-2.0
#include "registry/system/registries_conf.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ociassemble/error.hpp"
#include "ociassemble/reference.hpp"
#include "registry/system/toml_file.hpp"

namespace ociassemble {
namespace {

std::string without_slashes(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  return text;
}

// "mirror/app" would be Docker Hub's repository "mirror/app".
bool names_host(std::string_view location) {
  const auto host = location.substr(0, location.find('/'));
  return host == "localhost" || host.find_first_of(".:") != std::string_view::npos;
}

bool is_reference(const std::string& text) {
  try {
    Reference::parse(text);
    return true;
  } catch (const Error&) {
    return false;
  }
}

// A host, a namespace of it, or a whole reference.
bool is_usable(const std::string& location) { return is_reference(location + "/repository") || is_reference(location); }

std::string location_of(const TomlFile& file, const toml::table& table) {
  auto location = without_slashes(file.text(table, "location"));
  const auto* node = table.get("location");
  if (node == nullptr || location.empty()) return {};
  if (location.find("://") != std::string::npos) file.refuse(*node, "location is a URL, not HOST[:PORT][/NAMESPACE]");
  if (!names_host(location) || !is_usable(location))
    file.refuse(*node, "location does not begin with a registry's host");
  return location;
}

RegistryPlace::Use use_of(const TomlFile& file, const toml::table& table, bool digests_only) {
  const auto text = file.text(table, "pull-from-mirror");
  if (text.empty()) return digests_only ? RegistryPlace::Use::digests : RegistryPlace::Use::all;
  const auto& node = *table.get("pull-from-mirror");
  if (digests_only) file.refuse(node, "pull-from-mirror contradicts mirror-by-digest-only");
  if (text == "all") return RegistryPlace::Use::all;
  if (text == "digest-only") return RegistryPlace::Use::digests;
  if (text == "tag-only") return RegistryPlace::Use::tags;
  file.refuse(node, "pull-from-mirror is none of all, digest-only and tag-only");
}

RegistryRule rule_of(const TomlFile& file, const toml::table& table) {
  RegistryRule rule;
  rule.file = file.name();
  rule.primary.location = location_of(file, table);
  rule.primary.insecure = file.flag(table, "insecure");
  rule.prefix = without_slashes(file.text(table, "prefix"));
  rule.blocked = file.flag(table, "blocked");
  if (rule.prefix.empty()) rule.prefix = rule.primary.location;
  if (rule.prefix.empty()) file.refuse(table, "a registry has neither prefix nor location");
  if (rule.primary.location.empty() && !rule.prefix.starts_with("*.")) file.refuse(table, "a registry has no location");
  if (const auto* node = table.get("pull-from-mirror")) file.refuse(*node, "pull-from-mirror is for mirrors");
  const bool digests_only = file.flag(table, "mirror-by-digest-only");
  for (const auto* mirror : file.tables(table, "mirror")) {
    RegistryPlace place{location_of(file, *mirror), file.flag(*mirror, "insecure"),
                        use_of(file, *mirror, digests_only)};
    if (place.location.empty()) file.refuse(*mirror, "a mirror has no location");
    rule.mirrors.push_back(std::move(place));
  }
  return rule;
}

// "*.example.com" stands for the beginning up to and with ".example.com", within the host.
std::optional<std::size_t> match_wildcard(std::string_view reference, std::string_view prefix) {
  const auto host = reference.substr(0, reference.find('/'));
  const auto name = host.substr(0, host.find(':'));
  const auto domain = prefix.substr(1);
  if (domain.find('/') != std::string_view::npos || name.size() <= domain.size() || !name.ends_with(domain)) return {};
  return name.size();
}

}  // namespace

std::optional<std::size_t> RegistryRule::match(std::string_view reference) const {
  if (prefix.starts_with("*.")) return match_wildcard(reference, prefix);
  if (!reference.starts_with(prefix)) return {};
  if (reference.size() == prefix.size()) return prefix.size();
  const char next = reference[prefix.size()];
  // Behind a host, ':' begins a port, which belongs to the host.
  const bool is_host = prefix.find('/') == std::string::npos;
  if (next == '/' || next == '@' || (next == ':' && !is_host)) return prefix.size();
  return {};
}

std::string RegistryRule::rewrite(std::string_view reference, const RegistryPlace& place) const {
  if (place.location.empty()) return std::string(reference);
  return place.location + std::string(reference.substr(match(reference).value()));
}

std::vector<RegistryRule> parse_registries_conf(std::string_view text, const std::string& file) {
  const TomlFile toml(text, file);
  if (const auto* old = toml.root().get("registries")) toml.refuse(*old, "this is format 1, which has no mirrors");
  std::vector<RegistryRule> rules;
  for (const auto* table : toml.tables(toml.root(), "registry")) rules.push_back(rule_of(toml, *table));
  return rules;
}

const RegistryRule* find_rule(const std::vector<RegistryRule>& rules, std::string_view reference) {
  const RegistryRule* longest = nullptr;
  for (const auto& rule : rules) {
    if (!rule.match(reference)) continue;
    if (longest == nullptr || rule.prefix.size() > longest->prefix.size()) longest = &rule;
  }
  return longest;
}

}  // namespace ociassemble
