// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ociassemble {

// A place that registries.conf names: "HOST[:PORT][/NAMESPACE…]".
struct RegistryPlace {
  enum class Use { all, digests, tags };

  std::string location;
  bool insecure = false;  // any certificate, and plain HTTP where there is no TLS
  Use use = Use::all;     // of a mirror: for which references
};

// A [[registry]] of registries.conf.
struct RegistryRule {
  std::string prefix;  // of "HOST[:PORT]/REPOSITORY[:TAG|@DIGEST]"; or "*.HOST"
  RegistryPlace primary;
  std::vector<RegistryPlace> mirrors;
  bool blocked = false;
  std::string file;

  // How much of the reference's beginning the prefix stands for; nothing where it is not its.
  std::optional<std::size_t> match(std::string_view reference) const;
  // The reference with `place` for that beginning.
  std::string rewrite(std::string_view reference, const RegistryPlace& place) const;
};

// The rules of a file in the format 2 (containers-registries.conf(5)); search registries and aliases are passed over,
// since a short name is Docker Hub's here, whatever machine it is read on. Throws Error{corrupt} "FILE:LINE: cause".
std::vector<RegistryRule> parse_registries_conf(std::string_view text, const std::string& file);

// The one with the longest prefix; nullptr when there is none.
const RegistryRule* find_rule(const std::vector<RegistryRule>& rules, std::string_view reference);

}  // namespace ociassemble
