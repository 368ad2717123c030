// SPDX-License-Identifier: Apache-2.0
#include "compare/same_app_subjects.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "tar/tar_path.hpp"

namespace ociassemble {

const std::vector<std::string>& same_app_subjects() {
  static const std::vector<std::string> kSubjects = {
      "env",    "cmd",         "entrypoint",  "labels",      "user",  "volumes", "workdir",
      "ports",  "stop-signal", "healthcheck", "annotations", "base",  "layers",  "files",
      "format", "compression", "created",     "author",      "start", "history", "other",
  };
  return kSubjects;
}

bool is_allowed(const SameAppOptions& options, const std::string& subject) {
  if (subject == kApplicationSubject || subject == kPlatformSubject) return false;
  const bool is_named = options.allow.count(subject) != 0;
  return is_named || (!options.is_strict && subject != kStartSubject);
}

bool is_path_allowed(const SameAppOptions& options, std::string_view path) {
  return std::any_of(options.allow.begin(), options.allow.end(), [path](const std::string& name) {
    if (!name.starts_with(kFilesPrefix)) return false;
    const auto allowed = normalise_tar_path(std::string_view(name).substr(kFilesPrefix.size()));
    if (!allowed) return false;
    return allowed->empty() || path == *allowed ||
           (path.starts_with(*allowed) && path.substr(allowed->size()).starts_with('/'));
  });
}

bool is_path_allowed_below(const SameAppOptions& options, std::string_view folder) {
  return std::any_of(options.allow.begin(), options.allow.end(), [folder](const std::string& name) {
    if (!name.starts_with(kFilesPrefix)) return false;
    const auto allowed = normalise_tar_path(std::string_view(name).substr(kFilesPrefix.size()));
    return allowed && allowed->starts_with(folder) && std::string_view(*allowed).substr(folder.size()).starts_with('/');
  });
}

void check_allowances(const SameAppOptions& options) {
  const auto& subjects = same_app_subjects();
  for (const auto& name : options.allow) {
    if (std::find(subjects.begin(), subjects.end(), name) != subjects.end()) continue;
    if (name.starts_with(kFilesPrefix)) {
      const auto path = std::string_view(name).substr(kFilesPrefix.size());
      if (path.starts_with('/') && normalise_tar_path(path)) continue;
      throw Error(ErrorCode::invalid_argument,
                  fmt::format("cannot allow \"{}\" to differ: not an absolute path without \"..\"", printable(name)),
                  "for example files:/etc/app");
    }
    throw Error(ErrorCode::invalid_argument, fmt::format("cannot allow \"{}\" to differ: not known", printable(name)),
                fmt::format("what may differ: {}, files:/PATH", fmt::join(subjects, ", ")));
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
