// SPDX-License-Identifier: Apache-2.0
#include "registry/failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "registry/json_members.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMaxDetails = 4;

std::string printable_member(const Json& object, const char* name, const Scrub& scrub) {
  auto text = text_member(object, name);
  return excerpt(scrub ? scrub(std::move(text)) : text);
}

std::string_view status_text(int status) noexcept {
  switch (status) {
    case 400:
      return " (bad request)";
    case 401:
      return " (unauthorized)";
    case 403:
      return " (forbidden)";
    case 404:
      return " (not found)";
    case 405:
      return " (method not allowed)";
    case 407:
      return " (proxy authentication required)";
    case 408:
      return " (request timeout)";
    case 413:
      return " (content too large)";
    case 429:
      return " (too many requests)";
    case 500:
      return " (internal server error)";
    case 502:
      return " (bad gateway)";
    case 503:
      return " (service unavailable)";
    case 504:
      return " (gateway timeout)";
    default:
      return "";
  }
}

ErrorCode code_of(int status) noexcept {
  if (status == 401 || status == 403) return ErrorCode::unauthorized;
  return status == 404 ? ErrorCode::not_found : ErrorCode::network;
}

using Details = std::vector<RegistryErrorDetail>;

bool is_code(const Details& details, std::string_view code) {
  return std::ranges::any_of(details, [&](const auto& detail) { return detail.code == code; });
}

bool mentions(const Details& details, std::string_view word) {
  return std::ranges::any_of(details, [&](const auto& detail) {
    return to_lower(detail.code).find(word) != std::string::npos ||
           to_lower(detail.message).find(word) != std::string::npos;
  });
}

// What the server says, behind ": ".
std::string words_of(const Details& details) {
  std::string words;
  for (const auto& [code, message] : details) {
    words +=
        code.empty() || message.empty() ? fmt::format(": {}{}", code, message) : fmt::format(": {}: {}", code, message);
  }
  return words;
}

// ECR: NAME_UNKNOWN; Harbor: "project NAME not found"; Google: 403 and "(or it may not exist)".
bool is_missing_repository(const Refusal& refusal, const Details& details) {
  if (refusal.status == 403) return mentions(details, "may not exist");
  return refusal.status == 404 &&
         (is_code(details, "NAME_UNKNOWN") || (mentions(details, "project") && mentions(details, "not found")));
}

bool rejects_login(const Refusal& refusal) {
  return refusal.status == 401 && refusal.login && !refusal.login->is_accepted;
}

std::string cause_of(const Refusal& refusal, const Details& details) {
  if (rejects_login(refusal)) {
    const auto& user = refusal.login->user;
    return (user.empty() ? "the registry rejected the token"
                         : fmt::format("the registry rejected the password of user {}", printable(user))) +
           words_of(details);
  }
  if (refusal.status == 404 && is_code(details, "NAME_UNKNOWN")) {
    std::string cause = "the registry has no such repository";
    for (const auto& detail : details) {
      if (!detail.message.empty()) cause += ": " + detail.message;
    }
    return cause;
  }
  if (refusal.status == 404 && !refusal.missing.empty()) {
    return is_missing_repository(refusal, details) ? std::string(refusal.missing) + words_of(details)
                                                   : std::string(refusal.missing);
  }
  return fmt::format("the registry answered {}{}{}", refusal.status, status_text(refusal.status), words_of(details));
}

std::string login_command(std::string_view registry) {
  return registry == "docker.io" ? std::string("ociassemble login") : fmt::format("ociassemble login {}", registry);
}

// With credentials that are right, a right is missing; registries answer so of a repository that is not there, too.
std::string hint_for_user(const Refusal& refusal) {
  const auto& login = *refusal.login;
  const auto command = login_command(refusal.registry);
  if (rejects_login(refusal)) {
    return login.is_given ? "check the user name and the password: OCIASSEMBLE_USERNAME and OCIASSEMBLE_PASSWORD, or "
                            "those of the command line"
                          : fmt::format("log in again with `{}`", command);
  }
  const auto who = login.user.empty() ? std::string("the token") : fmt::format("user {}", printable(login.user));
  return fmt::format("{} has no right to do this, or there is no such repository; log in as another user: `{}`", who,
                     command);
}

std::string login_hint(const Refusal& refusal) {
  if (refusal.login) return hint_for_user(refusal);
  if (refusal.withheld_credentials) {
    return fmt::format(
        "OCIASSEMBLE_USERNAME and OCIASSEMBLE_PASSWORD are not sent to {0}: set OCIASSEMBLE_REGISTRY={0} if they are "
        "for "
        "it, or log in with `{1}`",
        refusal.registry, login_command(refusal.registry));
  }
  return fmt::format("log in with `{}` or set OCIASSEMBLE_USERNAME/OCIASSEMBLE_PASSWORD",
                     login_command(refusal.registry));
}

// Azure, Harbor and Quay say so with 403, GitLab and GitHub with other words for the same.
bool is_quota(const Details& details) {
  constexpr std::string_view words[] = {"quota", "storage limit", "size limit", "configured upper limit"};
  return std::ranges::any_of(words, [&](auto word) { return mentions(details, word); });
}

// Each registry has a status of its own for this: ECR 400, Docker Hub and GitLab 403, Azure 405, Harbor 412.
bool is_immutable_tag(const Details& details) {
  return mentions(details, "immutable") || mentions(details, "tag is locked") ||
         mentions(details, "cannot be overwritten") || mentions(details, "operation is disallowed");
}

bool is_wrong_format(const Refusal& refusal, const Details& details) {
  if (refusal.status == 415) return true;
  return refusal.status == 400 && (mentions(details, "media type") || mentions(details, "mediatype"));
}

std::string hint_of(const Refusal& refusal, const Details& details) {
  if (refusal.status == 407 && refusal.proxy) {
    return fmt::format("the proxy wants a login: write it into {}, as http://USER:PASSWORD@HOST:PORT",
                       refusal.proxy->variable);
  }
  const bool is_push = refusal.action.starts_with("push ");
  if (is_push && is_immutable_tag(details)) return "the registry does not let this tag move: push under another tag";
  if (is_push && is_wrong_format(refusal, details)) {
    return "the registry may not know OCI's media types: build the image with --format docker";
  }
  if (is_push && is_missing_repository(refusal, details)) {
    return refusal.status == 404
               ? "this registry makes no repository by itself: create it first"
               : "this registry makes no repository by itself: create it first; else " + login_hint(refusal);
  }
  if (refusal.status == 429) return "the registry limits the rate: try again later, or log in for a higher limit";
  if (is_quota(details)) return "a quota of the registry is used up: delete images there, or ask for a larger quota";
  if (refusal.status != 401 && refusal.status != 403) return {};
  return login_hint(refusal);
}

HttpError no_registry(const Refusal& refusal) {
  return {refusal.status == 404 ? ErrorCode::not_found : ErrorCode::network, refusal.status,
          fmt::format("cannot {}: there is no registry at {}: it answered {} with a web page{}", refusal.action,
                      refusal.registry, refusal.status, through(refusal.proxy)),
          "check the name of the registry and its port"};
}

}  // namespace

bool is_html(std::string_view media_type) { return media_type == "text/html" || media_type == "application/xhtml+xml"; }

std::vector<RegistryErrorDetail> parse_error_body(std::string_view body, const Scrub& scrub) {
  const auto document = Json::parse(body, nullptr, false);
  if (!document.is_object()) return {};
  std::vector<RegistryErrorDetail> details;
  if (const auto errors = document.find("errors"); errors != document.end() && errors->is_array()) {
    for (const auto& error : *errors) {
      if (!error.is_object() || details.size() == kMaxDetails) continue;
      details.push_back({printable_member(error, "code", scrub), printable_member(error, "message", scrub)});
    }
  }
  if (!details.empty()) return details;
  RegistryErrorDetail detail{printable_member(document, "error", scrub),
                             printable_member(document, "error_description", scrub)};
  if (detail.message.empty()) detail.message = printable_member(document, "details", scrub);
  if (!detail.code.empty() || !detail.message.empty()) details.push_back(std::move(detail));
  return details;
}

HttpError refusal(const Refusal& refusal, const Scrub& scrub) {
  const auto details = parse_error_body(refusal.body, scrub);
  // A proxy's page about a registry that is down is its own; one about a name that is not there is no registry's.
  const bool is_page = details.empty() && is_html(refusal.media_type) && refusal.status < 500;
  if (is_page && (refusal.status < 400 || refusal.status == 404 || refusal.status == 405)) {
    return no_registry(refusal);
  }
  return {code_of(refusal.status), refusal.status,
          fmt::format("cannot {}: {}{}", refusal.action, cause_of(refusal, details), through(refusal.proxy)),
          hint_of(refusal, details)};
}

}  // namespace ociassemble
