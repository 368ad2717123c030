// SPDX-License-Identifier: Apache-2.0
#include "assemble/origin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "inspect/elf_file.hpp"
#include "inspect/go_build_info.hpp"
#include "ociassemble/error.hpp"
#include "spec/timestamp.hpp"

namespace ociassemble {
namespace {

constexpr const char* kRevision = "org.opencontainers.image.revision";
constexpr const char* kCreated = "org.opencontainers.image.created";
constexpr const char* kVersion = "org.opencontainers.image.version";
constexpr const char* kSource = "org.opencontainers.image.source";
constexpr const char* kUrl = "org.opencontainers.image.url";
constexpr const char* kRefName = "org.opencontainers.image.ref.name";

// What a service's variables are called. The project's address is one variable, or a server and a path.
struct Service {
  const char* name;
  std::vector<const char*> project;
  const char* revision;
  const char* ref_name;
};

Service service_of(AnnotationSource source) {
  // https://docs.github.com/actions/reference/variables-reference,
  // https://docs.gitlab.com/ci/variables/predefined_variables/
  if (source == AnnotationSource::gitlab) return {"gitlab", {"CI_PROJECT_URL"}, "CI_COMMIT_SHA", "CI_COMMIT_REF_NAME"};
  return {"github", {"GITHUB_SERVER_URL", "GITHUB_REPOSITORY"}, "GITHUB_SHA", "GITHUB_REF_NAME"};
}

class ServiceReader {
 public:
  ServiceReader(const AssembleOptions& options, const Service& service,
                const std::function<void(const std::string&)>& warn)
      : options_(options), service_(service), warn_(warn) {}

  void add_to(Annotations& annotations) const {
    std::string project;
    for (const auto* part : service_.project) {
      const auto value = find(part);
      if (!value) return add_commit_to(annotations);
      project += (project.empty() ? "" : "/") + *value;
    }
    annotations.emplace(kSource, project);
    annotations.emplace(kUrl, project);
    add_commit_to(annotations);
  }

 private:
  void add_commit_to(Annotations& annotations) const {
    if (const auto revision = find(service_.revision)) annotations.emplace(kRevision, *revision);
    if (const auto name = find(service_.ref_name)) annotations.emplace(kRefName, *name);
  }

  std::optional<std::string> find(const char* variable) const {
    const auto found = options_.variables.find(variable);
    if (found == options_.variables.end() || found->second.empty()) {
      if (warn_) {
        warn_(fmt::format("{} is not set: the image lacks an annotation that \"annotate\" asks of {}", variable,
                          service_.name));
      }
      return {};
    }
    if (!is_valid_utf8(found->second) || printable(found->second) != found->second) {
      throw Error(ErrorCode::invalid_argument, fmt::format("cannot annotate the image: the value of {} is not text: {}",
                                                           variable, printable(found->second)));
    }
    return found->second;
  }

  const AssembleOptions& options_;
  const Service service_;
  const std::function<void(const std::string&)>& warn_;
};

std::optional<GoBuild> build_of(const CheckedBinary& binary) {
  const auto& source = binary.input->source;
  const BoundedFile file(source.string());
  return read_go_build(ElfFile(file), file);
}

void add_commit(Annotations& annotations, const std::vector<CheckedBinary>& binaries,
                const std::function<void(const std::string&)>& warn) {
  for (const auto& binary : binaries) {
    if (!binary.elf || binary.elf->vcs_time.empty()) continue;
    const auto build = build_of(binary);
    const auto* revision = build ? build->setting("vcs.revision") : nullptr;
    if (revision == nullptr) continue;
    const auto* modified = build->setting("vcs.modified");
    if (warn && modified != nullptr && *modified == "true") {
      warn(fmt::format("{} was built from a work tree with changes: it is not exactly what the revision {} says",
                       binary.input->source.string(), printable(*revision)));
    }
    annotations.emplace(kRevision, *revision);
    annotations.emplace(kCreated, format_timestamp(parse_time(binary.elf->vcs_time)));
    const auto version = build->main ? build->main->required.version : std::string();
    if (!version.empty() && version != "(devel)") annotations.emplace(kVersion, version);
    return;
  }
  throw Error(ErrorCode::check_failed, "cannot annotate the image: no program says which commit it was built from",
              "build with -buildvcs=true in the repository, or leave vcs out of --annotate");
}

}  // namespace

AnnotationSource parse_annotation_source(std::string_view text) {
  if (text == "vcs") return AnnotationSource::vcs;
  if (text == "github") return AnnotationSource::github;
  if (text == "gitlab") return AnnotationSource::gitlab;
  throw Error(ErrorCode::invalid_argument, fmt::format("cannot annotate from {}: it is not known", printable(text)),
              "annotations can be taken from vcs, github and gitlab");
}

std::vector<std::string> service_variables(AnnotationSource source) {
  if (source == AnnotationSource::vcs) return {};
  const auto service = service_of(source);
  std::vector<std::string> names(service.project.begin(), service.project.end());
  names.insert(names.end(), {service.revision, service.ref_name});
  return names;
}

Annotations origin_of(const AssembleOptions& options, const std::vector<CheckedBinary>& binaries,
                      const std::function<void(const std::string&)>& warn) {
  Annotations annotations;
  const auto& sources = options.annotate;
  if (std::find(sources.begin(), sources.end(), AnnotationSource::vcs) != sources.end()) {
    add_commit(annotations, binaries, warn);
  }
  for (const auto source : sources) {
    if (source != AnnotationSource::vcs) ServiceReader(options, service_of(source), warn).add_to(annotations);
  }
  return annotations;
}

}  // namespace ociassemble
