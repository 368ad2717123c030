// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/proxy.hpp"
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
// four. `scrub` takes the secrets out of a text, and is asked once all escapes are gone.
using Scrub = std::function<std::string(std::string)>;
std::vector<RegistryErrorDetail> parse_error_body(std::string_view body, const Scrub& scrub = {});

// The credentials that a request had.
struct UsedLogin {
  std::string user;          // empty for a token
  bool is_given = false;     // by RegistryOptions; else this machine keeps them
  bool is_accepted = false;  // a token server took them
};

// An answer that was not the one hoped for.
struct Refusal {
  std::string action;  // "push REGISTRY/REPOSITORY:TAG"
  int status = 0;
  std::string_view media_type;  // of the body
  std::string_view body;
  std::string_view missing = {};  // the cause of a 404 without a better explanation
  std::string registry;           // named in the hint for a login
  // The environment's credentials are there, but for another registry (see RegistryOptions::credentials_registry).
  bool withheld_credentials = false;
  std::optional<UsedLogin> login = {};  // nothing where the request had none
  // The one that may have answered in the registry's place: over https it cannot.
  std::optional<Proxy> proxy = {};
};

// "cannot ACTION: CAUSE", with a hint where the user can do something.
HttpError refusal(const Refusal& refusal, const Scrub& scrub);

// Whether a media type is that of web pages.
bool is_html(std::string_view media_type);

}  // namespace ociassemble
