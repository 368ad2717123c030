// SPDX-License-Identifier: Apache-2.0
#include "report/causes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/text.hpp"
#include "report/counted.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kShownPaths = 3;
constexpr std::size_t kShownChanges = 5;
constexpr std::size_t kShownRevision = 12;

// "a", "a and b", "a, b and 4 more".
std::string listed(const std::vector<std::string>& names, std::size_t shown, std::size_t count) {
  std::string text;
  const auto named = std::min({shown, names.size(), count});
  for (std::size_t i = 0; i < named; ++i) {
    const bool is_last = i + 1 == count;
    if (i != 0) text += is_last ? " and " : ", ";
    text += names[i];
  }
  if (named < count) text += fmt::format(" and {} more", count - named);
  return text;
}

std::string subject_of(const Cause& cause) {
  std::vector<std::string> paths;
  for (const auto& path : cause.paths) paths.push_back("/" + short_text(path));
  return listed(paths, kShownPaths, cause.count);
}

std::string value_text(const std::string& value) { return value.empty() ? "(none)" : short_text(value); }

std::string arrow(const CauseChange& change) {
  return fmt::format("{} -> {}", value_text(change.before), value_text(change.after));
}

CauseChange first_change(const Cause& cause) { return cause.changes.empty() ? CauseChange{} : cause.changes.front(); }

template <class Text>
std::string all_changes(const Cause& cause, const Text& text_of) {
  std::vector<std::string> texts;
  for (const auto& change : cause.changes) texts.push_back(text_of(change));
  return listed(texts, kShownChanges, texts.size());
}

// "GOAMD64 v1 -> v3".
std::string named_changes(const Cause& cause) {
  return all_changes(cause, [](const CauseChange& change) { return short_text(change.name) + " " + arrow(change); });
}

std::string modules(const Cause& cause) {
  return all_changes(cause, [](const CauseChange& change) {
    const auto& version = change.before.empty() ? change.after : change.before;
    return short_text(change.name) + (version.empty() ? "" : " " + short_text(version));
  });
}

// "2 modules".
std::string counted_changes(const Cause& cause, std::string_view noun) { return counted(cause.changes.size(), noun); }

// "Layer 2 was", "Layers 1, 2 and 3 were".
std::string layers(const Cause& cause, std::string_view one, std::string_view many) {
  constexpr std::string_view kPrefix = "layer ";
  std::vector<std::string> numbers;
  for (const auto& change : cause.changes) numbers.push_back(change.name.substr(kPrefix.size()));
  const bool is_one = numbers.size() == 1;
  return fmt::format("{} {} {}", is_one ? "Layer" : "Layers", listed(numbers, 2 * kShownChanges, numbers.size()),
                     is_one ? one : many);
}

std::string commit(const std::string& revision, const std::string& time) {
  const auto text = terminal_text(revision.substr(0, kShownRevision));
  return time.empty() ? text : fmt::format("{} of {}", text, short_text(time));
}

std::string commits(const Cause& cause) {
  const auto& revision = first_change(cause);
  const auto time = cause.changes.size() > 1 ? cause.changes[1] : CauseChange{};
  return fmt::format("{} -> {}", commit(revision.before, time.before), commit(revision.after, time.after));
}

std::string code_text(const std::string& programs, const std::string& were) {
  return fmt::format(
      "{} {} built from other source code, or of other packages; all that the build recorded is the same", programs,
      were);
}

std::string link_flags_text(const Cause& cause, const std::string& programs, const std::string& were) {
  if (!cause.changes.empty())
    return fmt::format("{} {} linked with other flags: {}", programs, were, named_changes(cause));
  constexpr std::string_view kHidden = "-trimpath keeps -ldflags from being recorded";
  if (cause.is_certain)
    return fmt::format("{} {} linked with other flags: the code is the same ({})", programs, were, kHidden);
  return fmt::format("{} {} probably linked with other flags ({}); else a package changed that is imported indirectly",
                     programs, were, kHidden);
}

std::string go_text(const Cause& cause) {
  const auto programs = subject_of(cause);
  const std::string were = cause.count == 1 ? "was" : "were";
  const auto change = first_change(cause);
  const auto sentence = [&](std::string_view rest) { return fmt::format("{} {} {}", programs, were, rest); };
  switch (cause.kind) {
    case CauseKind::go_toolchain:
      return sentence("built with another Go: " + arrow(change));
    case CauseKind::go_platform:
      return sentence("built for another platform: " + arrow(change));
    case CauseKind::go_level:
      return sentence("built for other processors: " + named_changes(cause));
    case CauseKind::go_package:
      return sentence("built from another main package: " + arrow(change));
    case CauseKind::go_vcs_revision:
      return sentence("built from another commit: " + commits(cause));
    case CauseKind::go_vcs_modified:
      return sentence(change.after == "true"
                          ? "built from a work tree with changes that are not committed; before, from a clean one"
                          : "built from a clean work tree; before, from one with changes that were not committed");
    case CauseKind::go_vcs_stamp:
      return sentence(change.after.empty()
                          ? "built without naming a commit; before, it was " + value_text(change.before)
                          : "built from the named commit " + value_text(change.after) + "; before, none was named");
    case CauseKind::go_module_added:
      return fmt::format("{} added to {}: {}", counted_changes(cause, "module"), programs, modules(cause));
    case CauseKind::go_module_removed:
      return fmt::format("{} removed from {}: {}", counted_changes(cause, "module"), programs, modules(cause));
    case CauseKind::go_module_changed:
      return fmt::format("{} changed in {}: {}", counted_changes(cause, "module"), programs, named_changes(cause));
    case CauseKind::go_module_sums:
      return sentence(change.after == "recorded"
                          ? "built with modules whose sums are recorded; before, they were vendored or local"
                          : "built with vendored or local modules, without sums; before, sums were recorded");
    case CauseKind::go_tags:
      return sentence("built with other tags: " + arrow(change));
    case CauseKind::go_trimpath:
      return sentence(change.after == "true" ? "built with -trimpath; before, without"
                                             : "built without -trimpath; before, with it");
    case CauseKind::go_link_flags:
      return link_flags_text(cause, programs, were);
    case CauseKind::go_cgo:
      return sentence("built with other settings of cgo: " + named_changes(cause));
    case CauseKind::go_setting:
      return sentence("built with other settings: " + named_changes(cause));
    case CauseKind::go_stripped:
      return fmt::format("{} {} other symbols: {}", programs, cause.count == 1 ? "has" : "have", arrow(change));
    case CauseKind::go_code:
      return code_text(programs, were);
    case CauseKind::go_folder:
      return sentence("built in another folder, and without -trimpath: " + arrow(change));
    case CauseKind::go_build_id:
      return fmt::format("{} {} in the build ID only", programs, cause.count == 1 ? "differs" : "differ");
    default:
      return sentence("changed after linking: the build ID is the same");
  }
}

std::string files_text(const Cause& cause, std::string_view what) {
  return fmt::format("{} {} in {} only: {}", counted(cause.count, "file"), cause.count == 1 ? "differs" : "differ",
                     what, subject_of(cause));
}

}  // namespace

std::string cause_text(const Cause& cause) {
  const auto change = first_change(cause);
  switch (cause.kind) {
    case CauseKind::base:
      return "The base is another: " + arrow(change);
    case CauseKind::base_named_otherwise:
      return "The base is the same by another name: " + arrow(change);
    case CauseKind::format:
      return "The image is of another format: " + arrow(change);
    case CauseKind::compressor:
      return fmt::format("{} compressed by {}: {}", layers(cause, "was", "were"),
                         cause.is_certain ? "another compressor" : "another compressor or version of it",
                         arrow(change));
    case CauseKind::compression_level:
      return fmt::format("{} compressed at another level: {}", layers(cause, "was", "were"), arrow(change));
    case CauseKind::tar_bytes:
      return layers(cause, "has", "have") + " the same files in other tar bytes";
    case CauseKind::file_times:
      return files_text(cause, "time");
    case CauseKind::file_modes:
      return files_text(cause, "mode");
    case CauseKind::file_owners:
      return files_text(cause, "owner");
    case CauseKind::file_attributes:
      return files_text(cause, "extended attributes");
    case CauseKind::env_order:
      return "The environment has the same variables in another order";
    case CauseKind::created:
      return fmt::format("The image names another creation time (SOURCE_DATE_EPOCH, --created): {}", arrow(change));
    default:
      return go_text(cause);
  }
}

void print_causes(JsonPrinter& json, const std::vector<Cause>& causes) {
  json.begin_array();
  for (const auto& cause : causes) {
    json.begin_object();
    json.member("cause", cause_name(cause.kind));
    json.member("text", cause_text(cause));
    json.member("certain", cause.is_certain);
    if (cause.count != 0) {
      json.key("paths").begin_array();
      for (const auto& path : cause.paths) json.value("/" + path);
      json.end_array();
      json.member("count", std::uint64_t{cause.count});
    }
    json.key("changes").begin_array();
    for (const auto& change : cause.changes) {
      json.begin_object();
      if (!change.name.empty()) json.member("name", change.name);
      if (!change.before.empty()) json.member("before", change.before);
      if (!change.after.empty()) json.member("after", change.after);
      json.end_object();
    }
    json.end_array();
    json.end_object();
  }
  json.end_array();
}

}  // namespace ociassemble
