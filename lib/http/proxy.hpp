// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "http/url.hpp"

namespace ociassemble {

// Which proxy curl takes for a URL, and by which variable; for messages.
struct Proxy {
  std::string address;   // without user and password
  std::string variable;  // "https_proxy"
};

// As this process's environment says: https_proxy, HTTPS_PROXY or http_proxy by the scheme, then all_proxy and
// ALL_PROXY; not what no_proxy or NO_PROXY names, and never loopback.
std::optional<Proxy> proxy_for(const Url& url);

// " (through the proxy ADDRESS, as VARIABLE says)"; empty without one.
std::string through(const std::optional<Proxy>& proxy);

}  // namespace ociassemble
