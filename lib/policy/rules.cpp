// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "policy/rule.hpp"
#include "policy/rule_judges.hpp"

namespace ociassemble {
namespace {

constexpr auto kOff = Severity::off;
constexpr auto kWarn = Severity::warn;
constexpr auto kError = Severity::error;

std::vector<PolicyRule> make_rules() {
  using Kind = OptionKind;
  // Name, demand, levels default, recommended and strict, standards; options; judge; whether an option must be given.
  return {
      {{"runs", "the program starts: kernel, loader and libraries find what they need", kError, kError, kError, ""},
       {},
       judge_runs},
      {{"needs",
        "the image has what the program may need: CA certificates, zone data, users, a shell, a temporary folder",
        kWarn, kWarn, kError, ""},
       {},
       judge_needs_rule},
      {{"user", "the user is a number and not 0", kOff, kError, kError, "CIS 4.1, PSS runAsNonRoot"},
       {{"min", Kind::number}},
       judge_user},
      {{"entrypoint", "the program that is started exists, the user may execute it, and no shell starts it", kOff,
        kError, kError, ""},
       {},
       judge_entrypoint},
      {{"workdir", "the working directory is an absolute path", kOff, kError, kError, ""}, {}, judge_workdir},
      {{"writable", "the user may write only to volumes, temporary folders and its home", kOff, kError, kError, ""},
       {{"allow", Kind::texts}},
       judge_writable},
      {{"setuid", "no program gains rights when it runs: setuid, setgid, file capabilities", kOff, kError, kError,
        "CIS 4.8"},
       {{"allow", Kind::texts}},
       judge_setuid},
      {{"world-writable", "only folders with a sticky bit can be written to by every user", kOff, kError, kError, ""},
       {{"allow", Kind::texts}},
       judge_world_writable},
      {{"devices", "there are no device files outside of /dev", kOff, kError, kError, ""},
       {{"allow", Kind::texts}},
       judge_devices},
      {{"secret-names", "no variable, label or build argument has the name of a secret", kOff, kError, kError,
        "CIS 4.10"},
       {},
       judge_secret_names},
      {{"secret-files", "no file is a private key or has the name of a file with secrets", kOff, kError, kError,
        "CIS 4.10"},
       {{"allow", Kind::texts}},
       judge_secret_files},
      {{"accounts", "no account has an empty password, and no name or number is there twice", kOff, kError, kError, ""},
       {},
       judge_accounts},
      {{"preload", "nothing is loaded into every program: ld.so.preload, LD_ variables", kOff, kError, kError, ""},
       {},
       judge_preload},
      {{"volumes", "no volume hides /, /proc, /sys or /dev", kOff, kError, kError, ""}, {}, judge_volumes},
      {{"ports", "ports are 1024 or above, or the program may bind those below", kOff, kWarn, kError, ""},
       {},
       judge_ports},
      {{"leftovers", "the image has no caches, package lists or repositories of the build", kOff, kWarn, kError, ""},
       {{"allow", Kind::texts}},
       judge_leftovers},
      {{"sshd", "there is no login server", kOff, kError, kError, ""}, {{"allow", Kind::texts}}, judge_sshd},
      {{"shell", "there is no shell", kOff, kOff, kError, "CIS 4.3"}, {{"allow", Kind::texts}}, judge_shell},
      {{"package-manager", "there is no package manager", kOff, kOff, kError, "CIS 4.3"},
       {{"allow", Kind::texts}},
       judge_package_manager},
      {{"labels", "the required labels and annotations are there, in their formats", kOff, kOff, kOff, ""},
       {{"required", Kind::texts},
        {"annotations", Kind::texts},
        {"url", Kind::texts},
        {"semver", Kind::texts},
        {"time", Kind::texts}},
       judge_labels,
       true},
      {{"base", "the base is an allowed one, and its digest is recorded", kOff, kOff, kOff, "CIS 4.2"},
       {{"allow", Kind::texts}, {"pinned", Kind::flag}, {"signedBy", Kind::texts}},
       judge_base,
       true},
      {{"tag", "the image is not published as latest", kOff, kWarn, kError, ""}, {}, judge_tag},
      {{"age", "the image is not older than allowed", kOff, kOff, kOff, ""}, {{"atMost", Kind::days, true}}, judge_age},
      {{"eol", "the system of the base is still supported", kOff, kOff, kOff, ""}, {{"ends", Kind::texts}}, judge_eol},
      {{"layers", "there are no more layers than runtimes accept", kOff, kError, kError, ""},
       {{"atMost", Kind::number}},
       judge_layers},
      {{"healthcheck", "there is a health check", kOff, kOff, kOff, "CIS 4.6"}, {}, judge_healthcheck},
      {{"go-version", "Go programs are built with the required version of Go", kOff, kOff, kOff, ""},
       {{"atLeast", Kind::text}, {"exactly", Kind::text}, {"goMod", Kind::file}},
       judge_go_version,
       true},
      {{"go-cgo", "Go programs are built without cgo", kOff, kOff, kError, ""}, {}, judge_go_cgo},
      {{"go-trimpath", "Go programs are built with -trimpath", kOff, kOff, kError, ""}, {}, judge_go_trimpath},
      {{"go-vcs", "Go programs are built from a commit, without changes", kOff, kOff, kError, ""}, {}, judge_go_vcs},
      {{"go-sums", "every module has a checksum, the same as in the go.sum that is given; none comes from a folder",
        kOff, kOff, kError, ""},
       {{"goSum", Kind::file}},
       judge_go_sums},
      {{"go-modules", "the modules of Go programs are allowed and not denied", kOff, kOff, kOff, ""},
       {{"allow", Kind::texts}, {"deny", Kind::texts}},
       judge_go_modules,
       true},
      {{"go-buildmode", "Go programs are built in an allowed mode", kOff, kOff, kOff, ""},
       {{"allow", Kind::texts}},
       judge_go_buildmode},
      {{"go-cpu", "Go programs run on the oldest processor that they have to", kOff, kOff, kOff, ""},
       {{"amd64", Kind::text}},
       judge_go_cpu},
      {{"go-stripped", "Go programs have symbols and debug information, or have neither, as required", kOff, kOff, kOff,
        ""},
       {{"stripped", Kind::flag}},
       judge_go_stripped},
      {{"budget", "the image, its layers and its Go programs are not larger than allowed", kOff, kOff, kOff, ""},
       {{"image", Kind::size},
        {"layer", Kind::size},
        {"program", Kind::size},
        {"imageGrowth", Kind::size},
        {"programGrowth", Kind::size}},
       judge_budget,
       true},
      {{"structure-tests", "the image passes tests of container-structure-test", kOff, kOff, kOff, ""},
       {{"files", Kind::files, true}},
       judge_structure_tests},
      {{"vulnerabilities", "the databases that are given know no vulnerability of the image", kOff, kOff, kOff, ""},
       {{"atLeast", Kind::text},
        {"ignoreUnfixed", Kind::flag},
        {"unknownSeverity", Kind::severity},
        {"reach", Kind::text},
        {"maxDatabaseAge", Kind::days},
        {"databases", Kind::files},
        {"vex", Kind::files}},
       judge_vulnerabilities},
      {{"unknown-severity", "every known vulnerability has a known severity", kOff, kOff, kOff, ""},
       {{"ignoreUnfixed", Kind::flag}, {"reach", Kind::text}, {"databases", Kind::files}, {"vex", Kind::files}},
       judge_unknown_severity},
  };
}

}  // namespace

const std::vector<PolicyRule>& policy_rules() {
  static const std::vector<PolicyRule> kRules = make_rules();
  return kRules;
}

const PolicyRule* find_rule(std::string_view name) noexcept {
  const auto& rules = policy_rules();
  const auto found =
      std::find_if(rules.begin(), rules.end(), [&](const PolicyRule& rule) { return rule.description.name == name; });
  return found == rules.end() ? nullptr : &*found;
}

std::vector<RuleDescription> describe_rules() {
  std::vector<RuleDescription> descriptions;
  for (const auto& rule : policy_rules()) descriptions.push_back(rule.description);
  return descriptions;
}

std::optional<std::string> RuleContext::text(std::string_view option) const {
  const auto found = setting_.options.find(std::string(option));
  if (found == setting_.options.end() || found->second.empty()) return {};
  return found->second.front();
}

std::vector<std::string> RuleContext::texts(std::string_view option) const {
  const auto found = setting_.options.find(std::string(option));
  return found == setting_.options.end() ? std::vector<std::string>() : found->second;
}

std::optional<std::uint64_t> RuleContext::number(std::string_view option) const {
  const auto digits = text(option);
  if (!digits) return {};
  std::uint64_t value = 0;
  const auto [end, failure] = std::from_chars(digits->data(), digits->data() + digits->size(), value);
  if (failure != std::errc() || end != digits->data() + digits->size()) return {};
  return value;
}

bool RuleContext::flag(std::string_view option) const { return text(option) == "true"; }

std::string RuleContext::place(std::string_view option) const {
  if (!setting_.place) return {};
  const auto& [file, line] = *setting_.place;
  return fmt::format("{}{}: {}.{}", file, line == 0 ? "" : fmt::format(":{}", line), rule_, option);
}

void RuleContext::fail(std::string subject, std::string reason, std::string remedy) const {
  add({.subject = std::move(subject), .reason = std::move(reason), .remedy = std::move(remedy)});
}

void RuleContext::fail_file(const std::string& path, std::string reason, std::string remedy) const {
  add({.subject = path, .reason = std::move(reason), .remedy = std::move(remedy), .path = path});
}

void RuleContext::not_judged(std::string subject, std::string reason, std::string remedy) const {
  add({.verdict = GateVerdict::not_judged,
       .subject = std::move(subject),
       .reason = std::move(reason),
       .remedy = std::move(remedy)});
}

void RuleContext::excuse(Finding finding, std::string reason) const {
  finding.rule = rule_;
  finding.level = std::min(finding.level, setting_.level);
  finding.place = setting_.place;
  excepted_.push_back({std::move(finding), std::move(reason), {}});
}

void RuleContext::add(Finding finding) const {
  finding.rule = rule_;
  finding.level = std::min(finding.level, setting_.level);
  if (!finding.place) finding.place = setting_.place;
  findings_.push_back(std::move(finding));
}

}  // namespace ociassemble
