// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/reference.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kLongestName = 255;
constexpr std::size_t kLongestTag = 128;
constexpr std::string_view kDockerHub = "docker.io";

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower_or_digit(char c) { return is_lower(c) || is_digit(c); }
bool is_alphanumeric(char c) { return is_lower_or_digit(c) || is_upper(c); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool all_of(std::string_view text, bool (*is_good)(char)) { return std::all_of(text.begin(), text.end(), is_good); }
bool any_of(std::string_view text, bool (*is_bad)(char)) { return std::any_of(text.begin(), text.end(), is_bad); }

// The text for an error message. What stands before an '@' that no digest follows may be a user and a password.
std::string shown(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos) return printable(text);
  const auto after = text.substr(at + 1);
  const bool names_digest = after.empty() || after.starts_with("sha256:") || after.starts_with("sha512:");
  const auto end = !names_digest ? at : at == 0 ? at : text.rfind('@', at - 1);
  if (end == std::string_view::npos || end == 0) return printable(text);
  const auto scheme = text.find("://");
  const auto start = scheme < text.find('@') ? scheme + 3 : 0;
  return printable(fmt::format("{}***{}", text.substr(0, start), text.substr(end)));
}

[[noreturn]] void reject(std::string_view text, std::string_view cause, std::string hint = {}) {
  throw Error(ErrorCode::invalid_argument, fmt::format("cannot parse reference \"{}\": {}", shown(text), cause),
              std::move(hint));
}

// What people write that is no reference at all, so that the message says this and not what the grammar minds first.
void reject_other_things(std::string_view text) {
  if (text.empty()) reject(text, "it is empty");
  if (text.find("://") != std::string_view::npos) {
    reject(text, "it begins with a scheme",
           "leave out what ends in \"://\": a reference is [REGISTRY/]REPOSITORY[:TAG][@DIGEST]");
  }
  if (text[0] == '/' || text[0] == '~' || text.starts_with("./") || text.starts_with("../") || text == "." ||
      text == "..") {
    reject(text, "it is a path", "for files and folders, write oci:PATH, oci-archive:PATH or docker-archive:PATH");
  }
  if (any_of(text, is_blank)) reject(text, "it holds white space");
  if (text.size() == 64 && all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); })) {
    reject(text, "it is an image ID or a digest without a name", "to name an image by digest, write NAME@sha256:...");
  }
}

// RFC 1035 and 1123 as far as distribution/reference asks for: letters, digits and inner hyphens.
bool is_domain_component(std::string_view text) {
  return !text.empty() && all_of(text, [](char c) { return is_alphanumeric(c) || c == '-'; }) && text.front() != '-' &&
         text.back() != '-';
}

bool is_host(std::string_view text) {
  if (text.starts_with('[')) {
    if (!text.ends_with(']') || text.size() < 4) return false;
    const auto address = text.substr(1, text.size() - 2);
    return address.find(':') != std::string_view::npos && all_of(address, [](char c) { return is_hex(c) || c == ':'; });
  }
  while (true) {
    const auto dot = text.find('.');
    if (!is_domain_component(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_port(std::string_view text) {
  if (text.empty() || text.size() > 5 || !all_of(text, is_digit)) return false;
  const int port = std::stoi(std::string(text));
  return port >= 1 && port <= 65535;
}

// HOST or HOST:PORT; in lower case, so that one registry has one name.
std::string parse_registry(std::string_view text, std::string_view registry) {
  const auto bracket = registry.find(']');
  const auto colon = registry.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (!is_host(registry.substr(0, colon))) reject(text, "the registry is not a host name or an address");
  if (colon != std::string_view::npos && !is_port(registry.substr(colon + 1))) {
    reject(text, "the registry's port is not a number from 1 to 65535");
  }
  auto result = to_lower(registry);
  return result == "index.docker.io" ? std::string(kDockerHub) : result;
}

// The length of the separator that `text` begins with: one '.', one or two '_', any number of '-'; 0 for none.
std::size_t separator_length(std::string_view text) {
  if (text.starts_with("__")) return 2;
  if (text.starts_with('.') || text.starts_with('_')) return 1;
  return std::min(text.find_first_not_of('-'), text.size());
}

bool is_path_component(std::string_view text) {
  if (text.empty() || !is_lower_or_digit(text.back())) return false;
  while (!text.empty()) {
    if (!is_lower_or_digit(text.front())) return false;
    const auto word_end = std::find_if_not(text.begin(), text.end(), is_lower_or_digit);
    text.remove_prefix(static_cast<std::size_t>(word_end - text.begin()));
    text.remove_prefix(separator_length(text));
  }
  return true;
}

void check_repository(std::string_view text, std::string_view repository) {
  if (repository.empty()) reject(text, "the repository is missing", "write REGISTRY/REPOSITORY[:TAG]");
  if (any_of(repository, is_upper)) {
    reject(text, "the repository holds upper-case letters", fmt::format("did you mean \"{}\"?", to_lower(repository)));
  }
  for (auto rest = repository;;) {
    const auto slash = rest.find('/');
    const auto component = rest.substr(0, slash);
    if (component.empty()) reject(text, "the repository has an empty component");
    if (!is_path_component(component)) {
      reject(text, fmt::format("\"{}\" in the repository is not well-formed", printable(component)),
             "a component is lower-case letters and digits, with '.', '_', '__' or hyphens between them");
    }
    if (slash == std::string_view::npos) return;
    rest.remove_prefix(slash + 1);
  }
}

void check_tag(std::string_view text, std::string_view tag) {
  const auto is_tag_character = [](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; };
  if (tag.empty()) reject(text, "the tag after ':' is empty", "write a tag, or leave out the ':'");
  if (tag.size() > kLongestTag) reject(text, fmt::format("the tag is longer than {} characters", kLongestTag));
  if (!all_of(tag, is_tag_character)) {
    reject(text, fmt::format("the tag \"{}\" is not well-formed", printable(tag)),
           "a tag is letters, digits, '_', '.' and '-'");
  }
  if (tag.front() == '.' || tag.front() == '-') reject(text, fmt::format("the tag begins with '{}'", tag.front()));
}

Digest parse_digest(std::string_view text, std::string_view digest) {
  if (digest.empty()) reject(text, "the digest after '@' is empty");
  try {
    return Digest::parse(digest);
  } catch (const Error& error) {
    reject(text, "what follows '@' is not a digest", error.hint());
  }
}

bool names_registry(std::string_view component) {
  return component.find_first_of(".:") != std::string_view::npos || component == "localhost";
}

}  // namespace

Reference Reference::parse(std::string_view text) {
  reject_other_things(text);
  Reference result;
  const auto at = text.find('@');
  if (at != std::string_view::npos) result.digest_ = parse_digest(text, text.substr(at + 1));
  auto rest = text.substr(0, at);
  const auto slash = rest.find('/');
  const bool has_registry = slash != std::string_view::npos && names_registry(rest.substr(0, slash));
  result.registry_ = has_registry ? parse_registry(text, rest.substr(0, slash)) : std::string(kDockerHub);
  if (has_registry) rest.remove_prefix(slash + 1);
  if (rest.starts_with('[')) reject(text, "the repository is missing", "write REGISTRY/REPOSITORY[:TAG]");
  const auto colon = rest.rfind(':');
  const auto last_slash = rest.rfind('/');
  if (colon != std::string_view::npos && (last_slash == std::string_view::npos || colon > last_slash)) {
    check_tag(text, rest.substr(colon + 1));
    result.tag_ = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
  }
  check_repository(text, rest);
  const bool is_official = result.registry_ == kDockerHub && rest.find('/') == std::string_view::npos;
  result.repository_ = (is_official ? "library/" : "") + std::string(rest);
  if (result.name().size() > kLongestName) {
    reject(text, fmt::format("registry and repository are longer than {} characters", kLongestName));
  }
  return result;
}

std::string Reference::identifier() const {
  if (digest_) return digest_->to_string();
  return tag_.value_or("latest");
}

std::string Reference::to_string() const {
  auto result = name();
  if (tag_) result += ":" + *tag_;
  if (digest_) result += "@" + digest_->to_string();
  return result;
}

Reference Reference::with_digest(const Digest& digest) const {
  Reference result = *this;
  result.digest_ = digest;
  return result;
}

Reference Reference::with_tag(std::string tag) const {
  check_tag(name() + ":" + tag, tag);
  Reference result = *this;
  result.tag_ = std::move(tag);
  result.digest_.reset();
  return result;
}

}  // namespace ociassemble
