// SPDX-License-Identifier: Apache-2.0
#include "report/signatures.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "spec/json_printer.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kShownSkipped = 20;

std::string what_is_missing(const MissingSignature& missing) {
  if (missing.what == "signature") return "signature";
  if (missing.what == "sbom") return "signed SBOM";
  if (missing.what == "provenance") return "signed provenance";
  return "signed attestation of type " + terminal_text(missing.what);
}

}  // namespace

std::string describe_signatures(const SignatureReport& report) {
  std::string text;
  for (const auto& missing : report.missing) {
    text +=
        fmt::format("ociassemble: {} has no {} by this key\n", missing.subject.to_string(), what_is_missing(missing));
  }
  for (const auto& one : report.found) {
    text += fmt::format("{}: {}{}\n", one.predicate_type.empty() ? "signature" : terminal_text(one.predicate_type),
                        one.manifest.to_string(), one.tag.empty() ? "" : ", tag " + one.tag);
  }
  for (std::size_t i = 0; i < report.skipped.size() && i < kShownSkipped; ++i) {
    text += fmt::format("passed over: {}: {}\n", report.skipped[i].manifest.to_string(),
                        terminal_text(report.skipped[i].reason));
  }
  if (report.skipped.size() > kShownSkipped)
    text += fmt::format("passed over: {} more\n", report.skipped.size() - kShownSkipped);
  return text + "no transparency log was consulted\n";
}

void print_signatures_json(const SignatureReport& report, const std::string& image, Sink& to) {
  JsonPrinter json(to);
  json.begin_object();
  json.member("image", image);
  json.member("digest", report.digest.to_string());
  json.member("ok", report.ok());
  json.member("transparencyLog", false);
  json.key("found").begin_array();
  for (const auto& one : report.found) {
    json.begin_object();
    json.member("kind", one.predicate_type.empty() ? "signature" : "attestation");
    if (!one.predicate_type.empty()) json.member("predicateType", one.predicate_type);
    json.member("subject", one.subject.to_string());
    json.member("manifest", one.manifest.to_string());
    if (!one.tag.empty()) json.member("tag", one.tag);
    json.end_object();
  }
  json.end_array();
  json.key("missing").begin_array();
  for (const auto& one : report.missing) {
    json.begin_object();
    json.member("what", one.what);
    json.member("subject", one.subject.to_string());
    json.end_object();
  }
  json.end_array();
  json.key("skipped").begin_array();
  for (const auto& one : report.skipped) {
    json.begin_object();
    json.member("manifest", one.manifest.to_string());
    json.member("reason", one.reason);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  json.finish();
}

}  // namespace ociassemble
