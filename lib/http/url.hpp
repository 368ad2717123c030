// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace ociassemble {

// An absolute http or https URL without user information. Read by the parser that also connects, so that the host that
// is checked is the host that is asked. A value.
class Url {
 public:
  // Throws Error{invalid_argument} that does not repeat the text past its '?'.
  static Url parse(std::string_view text);

  // What `reference` (a Location, a Link), which this URL's server sent, means seen from here (RFC 3986, section 5).
  // Throws Error{corrupt} that does not repeat the text past its '?'.
  Url resolve(std::string_view reference) const;
  // With "name=value" behind the query that there is; the value is percent-encoded.
  Url with_query(std::string_view name, std::string_view value) const;

  const std::string& to_string() const noexcept { return text_; }
  bool is_https() const noexcept { return scheme_ == "https"; }
  const std::string& host() const noexcept { return host_; }  // lower case; an IPv6 address in brackets
  const std::string& port() const noexcept { return port_; }  // always there: "443", "80", "5000"
  // "host" or "host:port", without the scheme's own port.
  std::string authority() const;
  // Scheme, host and port are the same.
  bool same_origin(const Url& other) const noexcept;
  // localhost, 127.0.0.0/8 or ::1.
  bool is_loopback() const noexcept;
  // For messages: queries hold signatures and states, which are as good as passwords.
  std::string without_query() const;

  bool operator==(const Url&) const = default;

 private:
  Url() = default;

  std::string text_;
  std::string scheme_;
  std::string host_;
  std::string port_;
};

// Whether a host ("localhost", "127.1.2.3", "[::1]", without port) is this machine itself.
bool is_loopback_host(std::string_view host) noexcept;
// Whether a host is written as an address that is not the internet's: private, loopback, link-local, unspecified,
// shared (RFC 1918, RFC 4193, RFC 6598), also as IPv4 inside IPv6. Names are not looked up.
bool is_private_address(std::string_view host) noexcept;

}  // namespace ociassemble
