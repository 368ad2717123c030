// SPDX-License-Identifier: Apache-2.0
#include "assemble/needs_check.hpp"

#include <fmt/format.h>

#include "gates/needs_words.hpp"
#include "ociassemble/digest.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr const char* kNeedsKind = "program-needs";

GateResult result_of(const NeedVerdict& verdict, const CheckedNeeds& checked) {
  GateResult result{
      "needs", std::string(name_of_need(verdict.need)), "/" + checked.path, GateVerdict::pass, verdict.path, {}};
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
