// SPDX-License-Identifier: Apache-2.0
#include "runtime/ports.hpp"

#include <fmt/format.h>

#include <charconv>
#include <string>

#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/runtime.hpp"

namespace ociassemble {

std::uint16_t parse_port(std::string_view digits, std::string_view whole) {
  std::uint16_t port = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (failure == std::errc() && end == digits.data() + digits.size() && port != 0) return port;
  throw Error(ErrorCode::invalid_argument,
              fmt::format("cannot parse port \"{}\": \"{}\" is not a number from 1 to 65535", printable(whole),
                          printable(digits)),
              "write [ADDRESS:]HOST:CONTAINER[/tcp|udp], for example 127.0.0.1:8080:80");
}

PublishedPort PublishedPort::parse(std::string_view text) {
  PublishedPort port;
  auto rest = text;
  if (const auto slash = rest.rfind('/'); slash != std::string_view::npos) {
    port.protocol = std::string(rest.substr(slash + 1));
    if (port.protocol != "tcp" && port.protocol != "udp") {
      throw Error(ErrorCode::invalid_argument,
                  fmt::format("cannot parse port \"{}\": the protocol is neither tcp nor udp", printable(text)));
    }
    rest = rest.substr(0, slash);
  }
  const auto colon = rest.rfind(':');
  port.container = parse_port(colon == std::string_view::npos ? rest : rest.substr(colon + 1), text);
  port.host = port.container;
  if (colon == std::string_view::npos) return port;
  rest = rest.substr(0, colon);
  const auto before = rest.rfind(':');
  port.host = parse_port(before == std::string_view::npos ? rest : rest.substr(before + 1), text);
  if (before == std::string_view::npos) return port;
  port.address = std::string(rest.substr(0, before));
  if (port.address.empty() || port.address.find_first_not_of("0123456789abcdefABCDEF.:[]") != std::string::npos) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("cannot parse port \"{}\": \"{}\" is no address", printable(text), printable(port.address)),
                "write an IP address, for example 127.0.0.1:8080:80");
  }
  return port;
}

std::string PublishedPort::to_string() const {
  return fmt::format("{}{}{}:{}{}", address, address.empty() ? "" : ":", host, container,
                     protocol == "tcp" ? "" : "/" + protocol);
}

}  // namespace ociassemble
