// SPDX-License-Identifier: Apache-2.0
#include "compare/same_app_subjects.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {

const std::vector<std::string>& same_app_subjects() {
  static const std::vector<std::string> kSubjects = {
      "env",         "cmd",         "entrypoint",  "labels",      "user",  "volumes", "workdir",
      "ports",       "stop-signal", "healthcheck", "annotations", "base",  "layers",  "format",
      "compression", "created",     "author",      "history",     "other",
  };
  return kSubjects;
}

bool is_allowed(const SameAppOptions& options, const std::string& subject) {
  if (subject == kApplicationSubject || subject == kPlatformSubject) return false;
  return !options.is_strict || options.allow.count(subject) != 0;
}

void check_allowances(const SameAppOptions& options) {
  const auto& subjects = same_app_subjects();
  for (const auto& name : options.allow) {
    if (std::find(subjects.begin(), subjects.end(), name) != subjects.end()) continue;
    throw Error(ErrorCode::invalid_argument, fmt::format("cannot allow \"{}\" to differ: not known", printable(name)),
                fmt::format("what may differ: {}", fmt::join(subjects, ", ")));
  }
}

// What a member of a config or manifest is called among the subjects.
std::string subject_of(const ValueChange& change) {
  static const std::map<std::string, std::string> kSubjects = {
      {"config.Env", "env"},
      {"config.Cmd", "cmd"},
      {"config.Entrypoint", "entrypoint"},
      {"config.Labels", "labels"},
      {"config.User", "user"},
      {"config.Volumes", "volumes"},
      {"config.WorkingDir", "workdir"},
      {"config.ExposedPorts", "ports"},
      {"config.StopSignal", "stop-signal"},
      {"config.Healthcheck", "healthcheck"},
      {"created", "created"},
      {"author", "author"},
      {"os", kPlatformSubject},
      {"architecture", kPlatformSubject},
      {"variant", kPlatformSubject},
      {"os.version", kPlatformSubject},
      {"os.features", kPlatformSubject},
      {"annotations", "annotations"},
      {"mediaType", "format"},
      {"config.mediaType", "format"},
  };
  if (change.member == "annotations" && change.key.starts_with("org.opencontainers.image.base.")) return "base";
  if (change.member.starts_with("history[")) return "history";
  const auto found = kSubjects.find(change.member);
  return found == kSubjects.end() ? "other" : found->second;
}

}  // namespace ociassemble
