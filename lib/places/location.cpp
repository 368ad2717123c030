// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/location.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include "base/text.hpp"
#include "ociassemble/digest.hpp"
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

constexpr std::array kEngines{
    Transport{"docker-daemon:", Kind::docker_daemon},
    Transport{"podman:", Kind::podman},
    Transport{"containerd:", Kind::containerd},
    Transport{"kind:", Kind::kind},
    Transport{"k3s:", Kind::k3s},
};

constexpr std::string_view kForms =
    "oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:REF], rootfs:DIR-OR-TARBALL, scratch, static, "
    "docker-daemon:NAME, podman:NAME, containerd:NAME, or REGISTRY/REPOSITORY[:TAG]";

[[noreturn]] void reject_location(std::string_view text, std::string_view why, const std::string& hint) {
  throw Error(ErrorCode::invalid_argument, fmt::format("cannot parse location \"{}\": {}", text, why), hint);
}

bool starts_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

constexpr auto kNowhere = std::string_view::npos;

bool exists(std::string_view path) {
  std::error_code ignored;
  return !path.empty() && std::filesystem::exists(std::filesystem::path(path), ignored);
}

// "registry.example.com/team/app:v1", "localhost:5000/app": what skopeo and podman write into layouts as a name.
bool names_a_registry(std::string_view text) {
  const auto first = text.substr(0, text.find('/'));
  if (first.size() == text.size()) return false;
  if (first != "localhost" && first.find_first_of(".:") == kNowhere) return false;
  if (first.starts_with('.')) return false;
  try {
    Reference::parse(text);
    return true;
  } catch (const Error&) {
    return false;
  }
}

// Where the name begins. At the first ':' before which there is a file or folder, for names may hold '/' and ':'
// themselves; in a docker-archive, whose names always do, else at the first. Elsewhere at the first after which a
// registry is named, else at the last that no '/' follows.
std::size_t name_separator(Kind kind, std::string_view rest) {
  if (kind == Kind::rootfs || exists(rest)) return kNowhere;
  for (auto colon = rest.find(':'); colon != kNowhere; colon = rest.find(':', colon + 1)) {
    if (exists(rest.substr(0, colon))) return colon;
  }
  if (kind == Kind::docker_archive) return rest.find(':');
  for (auto colon = rest.find(':'); colon != kNowhere; colon = rest.find(':', colon + 1)) {
    if (names_a_registry(rest.substr(colon + 1))) return colon;
  }
  const auto colon = rest.rfind(':');
  return colon != kNowhere && rest.find('/', colon) == kNowhere ? colon : kNowhere;
}

bool is_digest(std::string_view text) {
  try {
    Digest::parse(text);
    return true;
  } catch (const Error&) {
    return false;
  }
}

// "@sha256:…" or "@0" at the end: which image, whatever it is called.
std::size_t choice_separator(std::string_view rest) {
  const auto at = rest.rfind('@');
  if (at == kNowhere || at == 0 || at + 1 == rest.size()) return kNowhere;
  const auto choice = rest.substr(at + 1);
  return choice.find_first_not_of("0123456789") == kNowhere || is_digest(choice) ? at : kNowhere;
}

// What layouts and archives find an image by: a digest, or "@" with its place.
std::string choice_of(std::string_view choice) {
  const bool is_number = choice.find_first_not_of("0123456789") == kNowhere;
  return (is_number ? "@" : "") + std::string(choice);
}

Location parse_path(std::string_view text, const Transport& transport) {
  auto rest = text.substr(transport.prefix.size());
  Location location;
  location.kind = transport.kind;
  std::optional<std::string> choice;
  if (const auto at = choice_separator(rest); at != kNowhere && transport.kind != Kind::rootfs && !exists(rest)) {
    choice = choice_of(rest.substr(at + 1));
    rest = rest.substr(0, at);
    if (rest.ends_with(':')) rest.remove_suffix(1);  // as skopeo writes it
  }
  const auto colon = name_separator(transport.kind, rest);
  location.path = std::string(rest.substr(0, colon));
  if (location.path.empty()) reject_location(text, "no path", fmt::format("write one of {}", kForms));
  if (colon != std::string_view::npos) {
    const auto name = rest.substr(colon + 1);
    if (name.empty()) reject_location(text, "nothing after the last ':'", "leave the ':' out, or name a tag");
    location.name = transport.kind == Kind::docker_archive ? Reference::parse(name).to_string() : std::string(name);
  }
  if (choice) location.name = std::move(choice);
  return location;
}

// Namespaces of containerd that look like the host of a registry, or are what most machines have.
constexpr std::array<std::string_view, 3> kNamespaces{"k8s.io", "default", "moby"};

// "NAMESPACE/" before a name that itself begins with a registry.
std::size_t scope_length(Kind kind, std::string_view rest) {
  const auto slash = rest.find('/');
  if (slash == kNowhere || (kind != Kind::containerd && kind != Kind::kind)) return 0;
  const auto first = rest.substr(0, slash);
  if (kind == Kind::containerd && std::ranges::find(kNamespaces, first) != kNamespaces.end()) return slash;
  return names_a_registry(rest.substr(slash + 1)) ? slash : 0;
}

// A namespace or cluster goes into the arguments of other programs.
bool is_scope(std::string_view text) {
  return !text.empty() && is_letter_or_digit(text.front()) &&
         std::ranges::all_of(text, [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.'; });
}

Location parse_engine(std::string_view text, const Transport& transport) {
  auto rest = text.substr(transport.prefix.size());
  Location location;
  location.kind = transport.kind;
  if (const auto length = scope_length(transport.kind, rest); length != 0) {
    location.scope = std::string(rest.substr(0, length));
    if (!is_scope(location.scope))
      reject_location(text, "the namespace is no name", "letters, digits, '-', '_' and '.'");
    rest.remove_prefix(length + 1);
  }
  if (rest.empty()) reject_location(text, "no name", fmt::format("write {}NAME[:TAG]", transport.prefix));
  const auto reference = Reference::parse(rest);
  if (reference.digest()) reject_location(text, "an engine's images are named by tags", "leave the digest out");
  location.name = fmt::format("{}:{}", reference.name(), reference.tag().value_or("latest"));
  return location;
}

// Kinds of places that other tools know, or that ours are taken for. None is an official image of Docker Hub, which is
// all that such a name could be otherwise.
constexpr std::array<std::string_view, 17> kForeignSchemes{
    "oci-layout", "oci-dir", "oci-tar", "ocidir", "docker-tar", "docker-layout", "dockerd", "containers-storage",
    "dir",        "file",    "folder",  "tar",    "tarball",    "layout",        "ostree",  "sif",
    "path"};
constexpr std::array<std::string_view, 6> kLongSchemes{"oci-archive",   "docker-archive", "rootfs",
                                                       "docker-daemon", "containerd",     "podman"};

// "WORD:REST" where WORD can only be meant as a kind of place.
bool names_unknown_scheme(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == kNowhere || colon == 0 || text.find_first_of("./@[") < colon) return false;
  const auto word = text.substr(0, colon);
  if (word == "localhost") return false;
  const auto rest = text.substr(colon + 1);
  if (word == "scratch" || word == "static" || std::ranges::find(kForeignSchemes, word) != kForeignSchemes.end())
    return !rest.starts_with("//");
  // A host is followed by a port.
  const auto slash = rest.find('/');
  const bool has_digits = slash != kNowhere && rest.substr(0, slash).find_first_not_of("0123456789") == kNowhere;
  const bool has_port = has_digits && slash != 0;
  if (word.size() > 4 && !has_port && nearest(word, kLongSchemes)) return true;
  return slash != kNowhere && !rest.starts_with("//") && !has_digits;
}

// "127.0.0.1:5000", "localhost", "registry.example.com:443". A name with a dot and no port may be a file's, and says so
// where it is not found.
bool names_registry_alone(std::string_view text) {
  if (text.find('/') != kNowhere || text.find('@') != kNowhere || exists(text)) return false;
  const auto host = text.substr(0, text.find(':'));
  const bool is_address = host.find_first_not_of("0123456789.") == kNowhere && host.find('.') != kNowhere;
  if (host == "localhost" || is_address || text.starts_with('[')) return true;
  const auto port = text.substr(std::min(host.size() + 1, text.size()));
  const bool has_port = !port.empty() && port.find_first_not_of("0123456789") == kNowhere;
  return has_port && host.find('.') != kNowhere && !exists(host);
}

void reject_no_reference(std::string_view text) {
  if (names_unknown_scheme(text)) {
    reject_location(printable(text),
                    fmt::format("there is no kind of place \"{}\"", printable(text.substr(0, text.find(':')))),
                    fmt::format("write one of {}", kForms));
  }
  if (names_registry_alone(text)) {
    reject_location(printable(text), "it names a registry and no repository",
                    fmt::format("write {}/REPOSITORY[:TAG]", printable(text)));
  }
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
  for (const auto& transport : kEngines) {
    // A host "podman" or "kind" with a port is a registry.
    const auto after = text.substr(std::min(text.size(), transport.prefix.size()));
    const auto port = after.substr(0, after.find('/'));
    const bool is_port = port.size() != after.size() && port.find_first_not_of("0123456789") == kNowhere;
    if (starts_with(text, transport.prefix) && !is_port) return parse_engine(text, transport);
  }
  if (starts_with(text, "/") || starts_with(text, "./") || starts_with(text, "../") || starts_with(text, "~")) {
    reject_location(text, "a path without its kind",
                    fmt::format("for a layout write oci:{}; the forms are {}", text, kForms));
  }
  constexpr std::string_view kDocker = "docker://";
  location.kind = Kind::registry;
  if (starts_with(text, kDocker)) text.remove_prefix(kDocker.size());
  reject_no_reference(text);
  location.reference = Reference::parse(text);
  return location;
}

bool Location::chooses() const { return name && (name->starts_with('@') || is_digest(*name)); }

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
    case Kind::docker_daemon:
    case Kind::podman:
    case Kind::containerd:
    case Kind::kind:
    case Kind::k3s:
      break;
  }
  for (const auto& transport : kEngines) {
    if (transport.kind == kind)
      return fmt::format("{}{}{}{}", transport.prefix, scope, scope.empty() ? "" : "/", name.value_or(""));
  }
  for (const auto& transport : kPathTransports) {
    if (transport.kind == kind) {
      return fmt::format("{}{}{}{}", transport.prefix, path.string(),
                         chooses() && !name->starts_with('@') ? "@"
                         : chooses() || !name                 ? ""
                                                              : ":",
                         name.value_or(""));
    }
  }
  return path.string();
}

}  // namespace ociassemble
