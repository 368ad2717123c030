// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ociassemble/error.hpp"

namespace ociassemble {

inline constexpr std::size_t kMaxErrorBody = std::size_t{64} << 10U;

struct RegistryErrorDetail {
  std::string code;     // "MANIFEST_UNKNOWN"
  std::string message;  // printable, on one line

  bool operator==(const RegistryErrorDetail&) const = default;
};

// {"errors":[{"code":…,"message":…}]} (OCI distribution specification, "Error Codes"), and the shorter forms
// {"error":…,"error_description":…} and {"details":…} of token servers. Empty for anything else; at most the first
// four.
std::vector<RegistryErrorDetail> parse_error_body(std::string_view body);

// The error for an answer that was not the one hoped for: "cannot ACTION: CAUSE". `missing` is the cause of a 404
// without a better explanation; `registry` is named in the hint for a login.
HttpError refusal(const std::string& action, int status, std::string_view body, std::string_view missing,
                  std::string_view registry);

}  // namespace ociassemble
