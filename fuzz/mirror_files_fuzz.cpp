// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "fuzz.hpp"
#include "ociassemble/error.hpp"
#include "registry/system/hosts_toml.hpp"
#include "registry/system/registries_conf.hpp"

namespace {

using namespace ociassemble;
using fuzz::require;

void check_rules(const std::string& text) {
  const auto rules = parse_registries_conf(text, "FILE");
  for (const std::string reference : {"docker.io/library/alpine:3.20", "a.example.com:5000/team/app:v1"}) {
    const auto* rule = find_rule(rules, reference);
    if (rule == nullptr) continue;
    const auto matched = rule->match(reference).value();
    require(matched <= reference.size(), "a prefix stands for a beginning");
    for (const auto& mirror : rule->mirrors) {
      const auto there = rule->rewrite(reference, mirror);
      require(there.starts_with(mirror.location), "a mirror's place begins with its location");
      require(there.ends_with(reference.substr(matched)), "what the prefix leaves stays");
    }
  }
}

void check_hosts(const std::string& text) {
  const auto found = parse_hosts_toml(text, "/folder/hosts.toml");
  for (const auto& host : found.hosts) {
    require(!host.authority.empty(), "a host has a name");
    require(host.prefix.empty() || host.prefix.ends_with('/'), "a prefix ends with a slash");
    for (const auto& file : host.ca_files) require(file.is_absolute(), "a certificate's path is absolute");
  }
}

template <typename Check>
void errors_are_corrupt(Check check, const std::string& text) {
  try {
    check(text);
  } catch (const Error& error) {
    require(error.code() == ErrorCode::corrupt, "a bad file is corrupt");
    require(std::string(error.what()).find(':') != std::string::npos, "an error names the line");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::as_text(data, size);
  errors_are_corrupt(check_rules, text);
  errors_are_corrupt(check_hosts, text);
  return 0;
}
