// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ociassemble {

// One way to authenticate that a server offers (RFC 9110, section 11.6.1).
struct Challenge {
  std::string scheme;                             // lower case
  std::map<std::string, std::string> parameters;  // names in lower case

  std::string parameter(const std::string& name) const;  // empty when absent

  bool operator==(const Challenge&) const = default;
};

// Reads one WWW-Authenticate field, which may hold several challenges; lenient, as servers are: what makes no sense is
// skipped. Never throws for any text.
std::vector<Challenge> parse_challenges(std::string_view field);

// The first challenge of a scheme.
std::optional<Challenge> find_challenge(const std::vector<Challenge>& challenges, std::string_view scheme);

}  // namespace ociassemble
