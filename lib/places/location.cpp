// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/location.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

using Kind = Location::Kind;

struct Transport {
  std::string_view prefix;
  Kind kind;
};

constexpr std::array kPathTransports{
    Transport{"oci:", Kind::oci_layout},
    Transport{"oci-archive:", Kind::oci_archive},
    Transport{"docker-archive:", Kind::docker_archive},
    Transport{"rootfs:", Kind::rootfs},
};

constexpr std::string_view kForms =
    "oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:REF], rootfs:DIR-OR-TARBALL, scratch, static, or "
    "REGISTRY/REPOSITORY[:TAG]";

[[noreturn]] void reject_location(std::string_view text, std::string_view why, const std::string& hint) {
  throw Error(ErrorCode::invalid_argument, fmt::format("cannot parse location \"{}\": {}", text, why), hint);
}

bool starts_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

// Where the name begins: in a docker-archive it is a reference and may hold '/' and ':' itself, so it begins at the
// first
// ':' after the file name; elsewhere at the last ':' that no '/' follows.
std::size_t name_separator(Kind kind, std::string_view rest) {
  if (kind == Kind::rootfs) return std::string_view::npos;
  if (kind == Kind::docker_archive) return rest.find(':');
  const auto colon = rest.rfind(':');
  return colon != std::string_view::npos && rest.find('/', colon) == std::string_view::npos ? colon
                                                                                            : std::string_view::npos;
}

Location parse_path(std::string_view text, const Transport& transport) {
  const auto rest = text.substr(transport.prefix.size());
  const auto colon = name_separator(transport.kind, rest);
  Location location;
  location.kind = transport.kind;
  location.path = std::string(rest.substr(0, colon));
  if (location.path.empty()) reject_location(text, "no path", fmt::format("write one of {}", kForms));
  if (colon != std::string_view::npos) {
    const auto name = rest.substr(colon + 1);
    if (name.empty()) reject_location(text, "nothing after the last ':'", "leave the ':' out, or name a tag");
    location.name = transport.kind == Kind::docker_archive ? Reference::parse(name).to_string() : std::string(name);
  }
  return location;
}

}  // namespace

Location Location::parse(std::string_view text) {
  Location location;
  if (text == "scratch" || text == "static") {
    location.kind = text == "scratch" ? Kind::scratch : Kind::static_base;
    return location;
  }
  for (const auto& transport : kPathTransports) {
    if (starts_with(text, transport.prefix)) return parse_path(text, transport);
  }
  if (starts_with(text, "/") || starts_with(text, "./") || starts_with(text, "../") || starts_with(text, "~")) {
    reject_location(text, "a path without its kind",
                    fmt::format("for a layout write oci:{}; the forms are {}", text, kForms));
  }
  constexpr std::string_view kDocker = "docker://";
  location.kind = Kind::registry;
  location.reference = Reference::parse(starts_with(text, kDocker) ? text.substr(kDocker.size()) : text);
  return location;
}

std::string Location::to_string() const {
  switch (kind) {
    case Kind::scratch:
      return "scratch";
    case Kind::static_base:
      return "static";
    case Kind::registry:
      return reference->to_string();
    case Kind::oci_layout:
    case Kind::oci_archive:
    case Kind::docker_archive:
    case Kind::rootfs:
      break;
  }
  for (const auto& transport : kPathTransports) {
    if (transport.kind == kind) {
      return fmt::format("{}{}{}{}", transport.prefix, path.string(), name ? ":" : "", name.value_or(""));
    }
  }
  return path.string();
}

}  // namespace ociassemble
