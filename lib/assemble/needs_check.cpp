// SPDX-License-Identifier: Apache-2.0
#include "assemble/needs_check.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "ociassemble/digest.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr const char* kNeedsKind = "program-needs";

const char* name_of_need(Need need) {
  switch (need) {
    case Need::certificates:
      return "certificates";
    case Need::time_zones:
      return "timeZones";
    case Need::users:
      return "users";
    case Need::shell:
      return "shell";
    case Need::temporary_files:
      return "temporaryFiles";
  }
  return "";
}

// What is missing, behind the program's name.
std::string cause_of_need(const NeedVerdict& verdict, const ProgramSurroundings& surroundings) {
  const auto path = printable(verdict.path);
  switch (verdict.failure) {
    case NeedFailure::none:
      return {};
    case NeedFailure::no_certificates:
      return "connects to servers over TLS, but the image has no CA certificates";
    case NeedFailure::no_such_certificates:
      return fmt::format(
          "connects to servers over TLS, but the image has no CA certificates at {}, which SSL_CERT_FILE names", path);
    case NeedFailure::no_zones:
      return "loads time zones by name, but the image has no zone data";
    case NeedFailure::no_such_zone:
      return fmt::format("runs with TZ={}, but the image has no such time zone: its local time will be UTC", path);
    case NeedFailure::no_passwd:
      return "looks up users, but the image has no /etc/passwd";
    case NeedFailure::no_group:
      return "looks up groups, but the image has no /etc/group";
    case NeedFailure::no_own_user:
      return fmt::format("asks for the name of its own user, but the image's /etc/passwd has no user {}",
                         surroundings.uid);
    case NeedFailure::no_shell:
      return "starts programs by /bin/sh, but the image has no shell";
    case NeedFailure::no_temporary_folder:
      return fmt::format("makes temporary files, but the image has no {} that its user can write to", path);
  }
  return {};
}

std::string remedy_for_need(const NeedVerdict& verdict, const ProgramSurroundings& surroundings) {
  switch (verdict.failure) {
    case NeedFailure::none:
      return {};
    case NeedFailure::no_certificates:
      return "add them with --ca-certificates host, or choose a base that has them";
    case NeedFailure::no_such_certificates:
      return "add the file with --add, or leave SSL_CERT_FILE out and add --ca-certificates host";
    case NeedFailure::no_zones:
    case NeedFailure::no_such_zone:
      return "add zone data with --tzdata host, or import time/tzdata into the program";
    case NeedFailure::no_passwd:
    case NeedFailure::no_group:
      return fmt::format("choose a base that has one, such as static, or add one with --add {0}:/etc/{0}",
                         verdict.failure == NeedFailure::no_group ? "group" : "passwd");
    case NeedFailure::no_own_user:
      return fmt::format("create user {} in the recipe (\"user\"), or set --env USER=NAME and --env HOME=/",
                         surroundings.uid);
    case NeedFailure::no_shell:
      return "choose a base with a shell, such as alpine, or add a static one with --add busybox:/bin/sh,mode=0555";
    case NeedFailure::no_temporary_folder:
      return fmt::format("add it with --writable {}", printable(verdict.path));
  }
  return {};
}

GateResult result_of(const NeedVerdict& verdict, const CheckedNeeds& checked) {
  GateResult result{"needs", name_of_need(verdict.need), "/" + checked.path, GateVerdict::pass, verdict.path, {}};
  if (verdict.failure == NeedFailure::none) return result;
  result.verdict = GateVerdict::fail;
  result.reason = "it " + cause_of_need(verdict, checked.surroundings);
  result.remedy = remedy_for_need(verdict, checked.surroundings);
  return result;
}

}  // namespace

ProgramNeeds find_needs(const std::string& source, const std::optional<FileIdentity>& file, RecordCache* cache) {
  const bool is_known_to_stay = cache != nullptr && file && file->tells_changes();
  if (!is_known_to_stay) return needs_of_program(source);
  const auto key = Digest::of("needs 1\n" + file->to_string());
  if (const auto record = cache->find(kNeedsKind, key)) {
    if (const auto known = decode_needs(record->bytes)) return *known;
  }
  const auto needs = needs_of_program(source);
  const auto after = FileIdentity::of(source);
  if (file->at_rest() && after && after->same_as(*file)) cache->put(kNeedsKind, key, encode_needs(needs));
  return needs;
}

std::vector<GateResult> check_needs(const CheckedNeeds& checked, const RootFiles& root, Severity severity,
                                    const std::function<void(const std::string&)>& warn) {
  if (severity == Severity::off) return {};
  if (!checked.needs.is_known)
    return {{"needs", "", "/" + checked.path, GateVerdict::not_judged, "its functions are not known", ""}};
  std::vector<GateResult> results;
  std::optional<Error> refusal;
  for (const auto& verdict : judge_needs(checked.needs, checked.surroundings, root)) {
    results.push_back(result_of(verdict, checked));
    if (verdict.failure == NeedFailure::none) continue;
    const auto cause = cause_of_need(verdict, checked.surroundings);
    const auto& remedy = results.back().remedy;
    if (severity == Severity::error && !refusal) {
      refusal.emplace(ErrorCode::check_failed, fmt::format("cannot use {}: it {}", checked.source, cause), remedy);
    } else if (warn) {
      warn(fmt::format("{} {}; {}", checked.source, cause, remedy));
    }
  }
  if (refusal) throw Error(*refusal);
  return results;
}

}  // namespace ociassemble
