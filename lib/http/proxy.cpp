// SPDX-License-Identifier: Apache-2.0
#include "http/proxy.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <string_view>

#include "base/text.hpp"

namespace ociassemble {
namespace {

std::string proxy_variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

// "host", ".host" and "*", separated by commas or spaces.
bool is_exempt(const std::string& host, std::string_view list) {
  while (!list.empty()) {
    const auto end = list.find_first_of(", ");
    auto name = list.substr(0, end);
    list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
    if (name == "*") return true;
    while (name.starts_with('.')) name.remove_prefix(1);
    if (name.empty()) continue;
    const auto wanted = to_lower(name);
    if (host == wanted || host.ends_with("." + wanted)) return true;
  }
  return false;
}

// "http://user:password@proxy:3128/" is "proxy:3128".
std::string address_of(std::string_view text) {
  if (const auto scheme = text.find("://"); scheme != std::string_view::npos) text.remove_prefix(scheme + 3);
  text = text.substr(0, text.find_first_of("/?#"));
  if (const auto at = text.rfind('@'); at != std::string_view::npos) text.remove_prefix(at + 1);
  return printable(text);
}

}  // namespace

std::optional<Proxy> proxy_for(const Url& url) {
  if (url.is_loopback()) return {};
  const auto lower = proxy_variable("no_proxy");
  if (is_exempt(url.host(), lower.empty() ? proxy_variable("NO_PROXY") : lower)) return {};
  // Not HTTP_PROXY, which a web server would set from a request's field.
  constexpr std::array kNames{"https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY"};
  for (const char* name : kNames) {
    const bool of_other_scheme = std::string_view(name) == "http_proxy"              ? url.is_https()
                                 : to_lower(std::string_view(name)) == "https_proxy" ? !url.is_https()
                                                                                     : false;
    if (of_other_scheme) continue;
    if (const auto value = proxy_variable(name); !value.empty()) return Proxy{address_of(value), name};
  }
  return {};
}

std::string through(const std::optional<Proxy>& proxy) {
  return proxy ? fmt::format(" (through the proxy {}, as {} says)", proxy->address, proxy->variable) : std::string();
}

}  // namespace ociassemble
