// SPDX-License-Identifier: Apache-2.0
#include "registry/failure.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "registry/json_members.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMaxDetails = 4;

std::string printable_member(const Json& object, const char* name) { return excerpt(text_member(object, name)); }

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

std::string cause_of(int status, const std::vector<RegistryErrorDetail>& details, std::string_view missing) {
  for (const auto& detail : details) {
    if (status == 404 && detail.code == "NAME_UNKNOWN") return "the registry has no such repository";
  }
  if (status == 404 && !missing.empty()) return std::string(missing);
  std::string cause = fmt::format("the registry answered {}{}", status, status_text(status));
  for (const auto& [code, message] : details) {
    cause +=
        code.empty() || message.empty() ? fmt::format(": {}{}", code, message) : fmt::format(": {}: {}", code, message);
  }
  return cause;
}

std::string hint_of(int status, std::string_view registry) {
  if (status == 429) return "the registry limits the rate: try again later, or log in for a higher limit";
  if (status != 401 && status != 403) return {};
  const auto login =
      registry == "docker.io" ? std::string("ociassemble login") : fmt::format("ociassemble login {}", registry);
  return fmt::format("log in with `{}` or set OCIASSEMBLE_USERNAME/OCIASSEMBLE_PASSWORD", login);
}

}  // namespace

std::vector<RegistryErrorDetail> parse_error_body(std::string_view body) {
  const auto document = Json::parse(body, nullptr, false);
  if (!document.is_object()) return {};
  std::vector<RegistryErrorDetail> details;
  if (const auto errors = document.find("errors"); errors != document.end() && errors->is_array()) {
    for (const auto& error : *errors) {
      if (!error.is_object() || details.size() == kMaxDetails) continue;
      details.push_back({printable_member(error, "code"), printable_member(error, "message")});
    }
  }
  if (!details.empty()) return details;
  RegistryErrorDetail detail{printable_member(document, "error"), printable_member(document, "error_description")};
  if (detail.message.empty()) detail.message = printable_member(document, "details");
  if (!detail.code.empty() || !detail.message.empty()) details.push_back(std::move(detail));
  return details;
}

HttpError refusal(const std::string& action, int status, std::string_view body, std::string_view missing,
                  std::string_view registry) {
  const auto cause = cause_of(status, parse_error_body(body), missing);
  return {code_of(status), status, fmt::format("cannot {}: {}", action, cause), hint_of(status, registry)};
}

}  // namespace ociassemble
