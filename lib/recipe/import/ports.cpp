// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/ports.hpp"

#include <charconv>

#include "recipe/import/text.hpp"

namespace ociassemble {
namespace {

std::optional<unsigned> port_number(std::string_view text) {
  unsigned number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size() || number > 65535) return {};
  return number;
}

}  // namespace

std::optional<PortSpec> read_port(const std::string& text) {
  PortSpec spec;
  const auto slash = holds_marks(text) ? text.rfind('/') : text.find('/');
  std::string protocol = slash == std::string::npos ? "" : text.substr(slash);
  for (char& c : protocol) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  if (!protocol.empty() && protocol != "/tcp" && protocol != "/udp" && protocol != "/sctp" && !holds_marks(protocol))
    return {};
  auto range = text.substr(0, slash);
  if (holds_marks(range)) {
    if (range.find("\x03-") == std::string::npos) spec.ports = {range + protocol};
    return spec;
  }
  if (const auto colon = range.rfind(':'); colon != std::string::npos) {
    spec.names_host = true;
    range.erase(0, colon + 1);
  }
  const auto dash = range.find('-');
  const auto first = port_number(range.substr(0, dash));
  const auto last = dash == std::string::npos ? first : port_number(range.substr(dash + 1));
  if (!first || !last || *last < *first) return {};
  if (*last - *first >= 256) return spec;
  for (auto port = *first; port <= *last; ++port) spec.ports.push_back(std::to_string(port) + protocol);
  return spec;
}

}  // namespace ociassemble
