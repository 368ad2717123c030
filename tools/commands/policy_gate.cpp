// SPDX-License-Identifier: Apache-2.0
#include "commands/policy_gate.hpp"

#include <algorithm>
#include <ostream>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "commands/command.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/layout.hpp"
#include "ociassemble/places.hpp"
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

std::string tag_in(const std::string& name) {
  const auto colon = name.rfind(':');
  return colon == std::string::npos ? name : name.substr(colon + 1);
}

}  // namespace

std::string tag_of(const Location& location) {
  if (location.reference) {
    if (location.reference->tag()) return *location.reference->tag();
    return location.reference->digest() ? "" : "latest";
  }
  if (!location.name || location.chooses()) return {};
  return tag_in(*location.name);
}

std::string base_signer(const AssembleOptions& options, const Assembled& made) {
  if (!options.lock || !options.base.reference) return {};
  const auto* locked = options.lock->find(*options.base.reference);
  const bool is_signed = locked != nullptr && locked->signed_by && made.base_root == locked->digest;
  return is_signed ? locked->signed_by->to_string() : std::string();
}

std::string tag_found_at(const Location& location) {
  if (location.kind != Location::Kind::oci_layout || location.name) return tag_of(location);
  const auto names = OciLayout::open(location.path).names();
  return names.size() == 1 ? tag_in(names.front()) : std::string();
}

std::optional<Image> older_image(const JudgingFlags& judging, const Image& image, const Workplace& workplace) {
  const auto& text = judging.against();
  if (text.empty()) return {};
  return reading(text, [&] { return open_image(Location::parse(text), image.config().platform, workplace); });
}

void check_policy(const Build& build, const BuildResult& made, const JudgingFlags& judging, const Workplace& workplace,
                  const Streams& streams) {
  if (!build.policy) return;
  std::vector<CheckReport> reports;
  for (std::size_t i = 0; i < made.images().size(); ++i) {
    CheckInputs inputs;
    inputs.name = build.targets.front().to_string();
    inputs.tag = tag_among(build.targets);
    inputs.now = judging.now();
    inputs.against = older_image(judging, made.images()[i].image, workplace);
    // Assembling refuses programs that do not start, and looks at what they need unless it was told not to.
    inputs.left_out.insert("runs");
    if (build.images[i].needs != Severity::off) inputs.left_out.insert("needs");
    inputs.base_signed_by = base_signer(build.images[i], made.images()[i]);
    inputs.cache_folder = workplace.cache_folder;
    inputs.kept_layers = workplace.kept_layers;
    inputs.new_layers = made.images()[i].new_layers;
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

namespace {

// Of a folder the files in it; not the folder, whose time changes when an index of it is written there.
void add_files(const std::filesystem::path& path, std::set<std::filesystem::path>& files) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    files.insert(path);
    return;
  }
  using Walk = std::filesystem::recursive_directory_iterator;
  for (auto at = Walk(path, error); !error && at != Walk(); at.increment(error)) {
    std::error_code unknown;
    if (at->is_regular_file(unknown) && !at->path().filename().string().starts_with('.')) files.insert(at->path());
  }
}

}  // namespace

std::vector<std::filesystem::path> files_of(const std::optional<Policy>& policy) {
  if (!policy) return {};
  std::set<std::filesystem::path> files;
  for (const auto& [name, setting] : policy->rules) {
    if (setting.level == Severity::off) continue;
    if (setting.place && !setting.place->file.empty()) files.insert(setting.place->file);
    for (const char* option : {"files", "databases", "vex", "goMod", "goSum"}) {
      const auto named = setting.options.find(option);
      if (named == setting.options.end()) continue;
      for (const auto& file : named->second) add_files(file, files);
    }
  }
  return {files.begin(), files.end()};
}

std::vector<std::filesystem::path> judged_by(const Build& build, const JudgingFlags& judging) {
  auto files = files_of(build.policy);
  if (judging.against().empty()) return files;
  const auto older = Location::parse(judging.against());
  const auto is_replaced = [&](const Location& target) { return target.path == older.path; };
  if (older.path.empty() || std::any_of(build.targets.begin(), build.targets.end(), is_replaced)) return files;
  files.push_back(older.kind == Location::Kind::oci_layout ? older.path / "index.json" : older.path);
  return files;
}

}  // namespace ociassemble::tool
