// SPDX-License-Identifier: Apache-2.0
#include "registry/auth/auth_file.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "registry/json_members.hpp"

namespace ociassemble {
namespace {

const Json* object_member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_object() ? &*found : nullptr;
}

// "https://index.docker.io/v1/" and "index.docker.io" are one key.
std::string normalised_key(std::string_view text) {
  // The host's case does not count; that of a repository is lower anyway.
  const auto lower = to_lower(text);
  std::string_view key = lower;
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (key.starts_with(scheme)) key.remove_prefix(scheme.size());
  }
  while (key.ends_with('/')) key.remove_suffix(1);
  for (const std::string_view version : {"/v1", "/v2"}) {
    if (key.ends_with(version)) {
      key.remove_suffix(version.size());
      break;
    }
  }
  return std::string(key);
}

// Every key that may stand for the repository, the most specific first.
std::vector<std::string> candidates(std::string_view registry, std::string_view repository) {
  std::vector<std::string> hosts{to_lower(registry)};
  if (hosts.front() == "docker.io") hosts.insert(hosts.end(), {"index.docker.io", "registry-1.docker.io"});
  std::vector<std::string> keys;
  for (auto path = repository; !path.empty();) {
    for (const auto& host : hosts) keys.push_back(fmt::format("{}/{}", host, path));
    const auto slash = path.rfind('/');
    path = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
  }
  keys.insert(keys.end(), hosts.begin(), hosts.end());
  return keys;
}

std::optional<Credentials> from_pair(std::string username, std::string password) {
  if (username.empty() && password.empty()) return {};
  if (username == "<token>") return Credentials{.identity_token = std::move(password)};
  return Credentials{.username = std::move(username), .password = std::move(password)};
}

std::optional<Credentials> credentials_of(const Json& entry) {
  if (!entry.is_object()) return {};
  std::string username = text_member(entry, "username");
  std::string password = text_member(entry, "password");
  if (const auto pair = decode_base64(text_member(entry, "auth")); pair && pair->find(':') != std::string::npos) {
    username = pair->substr(0, pair->find(':'));
    password = pair->substr(pair->find(':') + 1);
    while (password.ends_with('\0')) password.pop_back();
  }
  auto identity_token = text_member(entry, "identitytoken");
  auto registry_token = text_member(entry, "registrytoken");
  if (identity_token.empty() && registry_token.empty()) return from_pair(std::move(username), std::move(password));
  return Credentials{std::move(username), std::move(password), std::move(identity_token), std::move(registry_token)};
}

std::optional<AuthEntry> find_helper(const Json& helpers, const std::vector<std::string>& keys,
                                     std::string_view registry) {
  for (const auto& key : keys) {
    for (const auto& [name, value] : helpers.items()) {
      if (normalised_key(name) != key || !value.is_string() || value.get<std::string>().empty()) continue;
      const bool whole_registry = key.find('/') == std::string::npos;
      return AuthEntry{{}, value.get<std::string>(), whole_registry ? credential_server(registry) : name};
    }
  }
  return {};
}

// Whoever wrote such an entry believes that it logs in.
void check_auth(const Json& entry, std::string_view file, std::string_view key) {
  const auto found = entry.is_object() ? entry.find("auth") : entry.end();
  if (found == entry.end() || found->is_null()) return;
  const auto text = found->is_string() ? std::optional(found->get<std::string>()) : std::nullopt;
  if (text && text->empty()) return;
  const auto pair = text ? decode_base64(*text) : std::nullopt;
  if (pair && pair->find(':') != std::string::npos) return;
  throw Error(ErrorCode::corrupt,
              fmt::format("cannot read credentials from {}: the auth of \"{}\" is not base64 of USER:PASSWORD", file,
                          short_text(key)));
}

std::optional<AuthEntry> find_entry(const Json& entries, std::string_view file, const std::vector<std::string>& keys) {
  for (const auto& key : keys) {
    for (const auto& [name, value] : entries.items()) {
      if (normalised_key(name) != key) continue;
      check_auth(value, file, name);
      if (auto credentials = credentials_of(value)) return AuthEntry{std::move(credentials), {}, {}};
    }
  }
  return {};
}

Json parse_object(std::string_view json) { return Json::parse(json, nullptr, false); }

}  // namespace

bool names_registry(std::string_view key, std::string_view registry) {
  const auto keys = candidates(registry, {});
  return std::ranges::find(keys, normalised_key(key)) != keys.end();
}

std::string credential_server(std::string_view registry) {
  return registry == "docker.io" ? "https://index.docker.io/v1/" : std::string(registry);
}

std::optional<AuthEntry> find_auth(std::string_view json, std::string_view file, std::string_view registry,
                                   std::string_view repository) {
  const auto document = parse_object(json);
  if (!document.is_object()) {
    throw Error(ErrorCode::corrupt, fmt::format("cannot read credentials from {}: not a JSON object", file));
  }
  const auto keys = candidates(registry, repository);
  if (const auto* helpers = object_member(document, "credHelpers")) {
    if (auto found = find_helper(*helpers, keys, registry)) return found;
  }
  if (const auto* entries = object_member(document, "auths")) {
    if (auto found = find_entry(*entries, file, keys)) return found;
  }
  auto store = text_member(document, "credsStore");
  if (store.empty()) return {};
  return AuthEntry{{}, std::move(store), credential_server(registry)};
}

std::optional<Credentials> parse_helper_answer(std::string_view json) {
  const auto document = parse_object(json);
  if (!document.is_object()) return {};
  return from_pair(text_member(document, "Username"), text_member(document, "Secret"));
}

}  // namespace ociassemble
