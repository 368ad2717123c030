// SPDX-License-Identifier: Apache-2.0
#include "commands/policy_gate.hpp"

#include <algorithm>
#include <ostream>
#include <utility>
#include <vector>

#include "ociassemble/error.hpp"
#include "report/findings.hpp"

namespace ociassemble::tool {
namespace {

// "latest" where any of the places is called so, else the first tag.
std::string tag_among(const std::vector<Location>& targets) {
  std::string tag;
  for (const auto& target : targets) {
    auto one = tag_of(target);
    if (one == "latest") return one;
    if (tag.empty()) tag = std::move(one);
  }
  return tag;
}

}  // namespace

std::string tag_of(const Location& location) {
  if (location.reference) {
    if (location.reference->tag()) return *location.reference->tag();
    return location.reference->digest() ? "" : "latest";
  }
  if (!location.name || location.chooses()) return {};
  const auto colon = location.name->rfind(':');
  return colon == std::string::npos ? *location.name : location.name->substr(colon + 1);
}

std::string base_signer(const AssembleOptions& options, const Assembled& made) {
  if (!options.lock || !options.base.reference) return {};
  const auto* locked = options.lock->find(*options.base.reference);
  const bool is_signed = locked != nullptr && locked->signed_by && made.base_root == locked->digest;
  return is_signed ? locked->signed_by->to_string() : std::string();
}

void check_policy(const Build& build, const BuildResult& made, const std::optional<std::int64_t>& now,
                  const Workplace& workplace, const Streams& streams) {
  if (!build.policy) return;
  std::vector<CheckReport> reports;
  for (std::size_t i = 0; i < made.images().size(); ++i) {
    CheckInputs inputs;
    inputs.name = build.targets.front().to_string();
    inputs.tag = tag_among(build.targets);
    inputs.now = now;
    // Assembling refuses programs that do not start, and looks at what they need unless it was told not to.
    inputs.left_out.insert("runs");
    if (build.images[i].needs != Severity::off) inputs.left_out.insert("needs");
    inputs.base_signed_by = base_signer(build.images[i], made.images()[i]);
    inputs.cache_folder = workplace.cache_folder;
    inputs.stop = workplace.stop;
    inputs.warn = workplace.warn;
    reports.push_back(check_image(made.images()[i].image, *build.policy, inputs));
  }
  std::erase_if(reports, [](const CheckReport& report) { return report.findings.empty(); });
  if (reports.empty()) return;
  streams.err << findings_text(reports);
  if (std::all_of(reports.begin(), reports.end(), passes)) return;
  const auto name = build.policy->file.empty() ? std::string("the recipe") : build.policy->file.string();
  throw Error(ErrorCode::check_failed, "nothing was published: the policy of " + name + " refuses the image",
              "do what the remedies say, or except a finding with a reason (docs/policy.md)");
}

}  // namespace ociassemble::tool
