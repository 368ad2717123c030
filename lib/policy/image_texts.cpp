// SPDX-License-Identifier: Apache-2.0
#include "policy/image_texts.hpp"

#include <algorithm>
#include <array>

namespace ociassemble {
namespace {

std::vector<std::string_view> lines_in(std::string_view text) {
  std::vector<std::string_view> lines;
  constexpr std::size_t kMostLines = 100000;
  while (!text.empty() && lines.size() < kMostLines) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<std::string_view> fields_in(std::string_view line) {
  std::vector<std::string_view> fields;
  for (;;) {
    const auto colon = line.find(':');
    fields.push_back(line.substr(0, colon));
    if (colon == std::string_view::npos) return fields;
    line.remove_prefix(colon + 1);
  }
}

template <class Names>
bool is_among(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_key_name(std::string_view name) {
  constexpr std::array<std::string_view, 6> kKeys{"id_rsa",     "id_dsa",      "id_ecdsa",
                                                  "id_ed25519", "id_ecdsa_sk", "id_ed25519_sk"};
  constexpr std::array<std::string_view, 5> kStores{".jks", ".p12", ".pfx", ".keystore", ".kdbx"};
  return is_among(kKeys, name) || std::any_of(kStores.begin(), kStores.end(), [&](std::string_view ending) {
           return name.size() > ending.size() && name.ends_with(ending);
         });
}

bool is_credential_path(std::string_view path) {
  constexpr std::array<std::string_view, 7> kNames{".env",   ".netrc",  ".pgpass",  ".git-credentials",
                                                   ".npmrc", ".pypirc", ".htpasswd"};
  constexpr std::array<std::string_view, 4> kPaths{"/.aws/credentials", "/.docker/config.json", "/.kube/config",
                                                   "/.ssh/identity"};
  return is_among(kNames, path.substr(path.rfind('/') + 1)) ||
         std::any_of(kPaths.begin(), kPaths.end(), [&](std::string_view end) { return path.ends_with(end); });
}

}  // namespace

bool is_secret_path(std::string_view path) {
  return is_key_name(path.substr(path.rfind('/') + 1)) || is_credential_path(path);
}

std::string support_end_in(std::string_view text) {
  constexpr std::string_view kKey = "SUPPORT_END=";
  for (auto line : lines_in(text)) {
    if (!line.starts_with(kKey)) continue;
    line.remove_prefix(kKey.size());
    if (line.size() > 1 && (line.front() == '"' || line.front() == '\'')) line = line.substr(1, line.size() - 2);
    return std::string(line);
  }
  return {};
}

std::vector<std::string> accounts_without_password(std::string_view text) {
  std::vector<std::string> names;
  for (const auto line : lines_in(text)) {
    const auto fields = fields_in(line);
    if (fields.size() < 3 || fields[0].empty() || fields[0].starts_with('#') || !fields[1].empty()) continue;
    names.emplace_back(fields[0]);
  }
  return names;
}

}  // namespace ociassemble
