// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/file_status.hpp"
#include "base/text.hpp"
#include "ociassemble/compression.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/layer_format.hpp"
#include "ociassemble/provenance.hpp"
#include "provenance/inputs.hpp"
#include "provenance/options_json.hpp"
#include "spec/json.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

constexpr JsonLimits kPredicateLimits{.size = std::size_t{16} << 20U};
constexpr std::string_view kSubject = "the provenance";
constexpr std::size_t kMostImages = 64;
constexpr std::size_t kMostBuilds = 1000;

std::string name_of_fact(const std::map<std::string, std::string>& facts, const char* key, const char* none) {
  const auto found = facts.find(key);
  return found == facts.end() ? none : printable(found->second);
}

// Why another Go program was made: what the linker wrote into both, the most telling first.
std::string program_difference(const std::map<std::string, std::string>& was,
                               const std::map<std::string, std::string>& now) {
  if (was.empty() || now.empty()) return {};
  const auto compare = [&](const char* key, const char* none) {
    return std::pair(name_of_fact(was, key, none), name_of_fact(now, key, none));
  };
  const auto [toolchain, toolchain_here] = compare("go.version", "an unknown Go");
  if (toolchain != toolchain_here)
    return fmt::format("; it was built by {}, this one by {}", toolchain, toolchain_here);
  const auto [commit, commit_here] = compare("vcs.revision", "none (no commit is recorded)");
  if (commit != commit_here)
    return fmt::format("; it was built from the commit {}, this one from {}", commit, commit_here);
  const auto [changed, changed_here] = compare("vcs.modified", "false");
  if (changed != changed_here) {
    return fmt::format("; it was built from {} files (vcs.modified={}), this one from {} ones",
                       changed == "true" ? "changed" : "committed", changed,
                       changed_here == "true" ? "changed" : "committed");
  }
  if (changed == "true") {
    return fmt::format("; both were built by {} from changed files (vcs.modified=true), which no commit has",
                       toolchain);
  }
  const auto source = was.count("vcs.revision") == 0 ? std::string(", and record no commit")
                                                     : fmt::format(" from the commit {}", commit);
  return fmt::format("; both were built by {}{}: flags, environment or files outside of the commit differ", toolchain,
                     source);
}

RecipeBuild read_build(const JsonView& json) {
  RecipeBuild build;
  build.output = json.at("output").string();
  build.command = json.at("command").strings();
  if (build.command.empty()) json.at("command").refuse("is empty");
  build.directory = json.at("directory").string();
  for (const auto& text : json.find_strings("env")) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) json.at("env").refuse("has a member that is not NAME=VALUE");
    build.env.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  if (const auto platform = json.find("platform")) build.platform = Platform::parse(platform->string());
  return build;
}

// A name that stays below the folder.
bool is_inside(const fs::path& name) {
  if (name.empty() || name.is_absolute()) return false;
  return std::none_of(name.begin(), name.end(), [](const fs::path& part) { return part == ".." || part == "."; });
}

class RebuildInputs {
 public:
  RebuildInputs(const JsonView& definition, const RebuildPlaces& places) : places_(places) {
    if (const auto dependencies = definition.find("resolvedDependencies")) {
      for (const auto& one : dependencies->elements()) {
        const auto& digest = one.at("digest");
        const auto plain = digest.find_string("sha256");
        const auto& name = one.at("name").string();
        wanted_[name] = plain.empty() ? digest.find_string("ociassembleV1") : plain;
        facts_[name] = one.find_string_map("annotations");
      }
    }
  }

  fs::path path(const std::string& name, bool keep_name) {
    const auto named = places_.inputs.find(name);
    if (named == places_.inputs.end() && !is_inside(name)) {
      throw Error(ErrorCode::corrupt,
                  fmt::format("cannot use the provenance: its input {} leads out of the folder", printable(name)),
                  fmt::format("where you trust it, name the file: --input {}=PATH", printable(name)));
    }
    const auto path = named != places_.inputs.end() ? named->second : places_.folder / name;
    if (!file_status(path)) {
      throw Error(ErrorCode::not_found,
                  fmt::format("the input {} is missing: there is no {}", printable(name), printable(path.string())),
                  fmt::format("say where it is: --input {}=PATH; or all of them: --inputs FOLDER", printable(name)));
    }
    return keep_name && !is_folder(path) ? with_name(path, fs::path(name).filename()) : path;
  }

  std::optional<std::string> host(const std::string& what) {
    const auto named = places_.inputs.find("host:" + what);
    if (named != places_.inputs.end()) return named->second.string();
    const bool is_zones = what == "tzdata";
    compare("host:" + what, std::string(lock_host_data(!is_zones, is_zones).at(what).hex()), "this machine's");
    return {};
  }

  // What lies at a path is hashed by the rules that the image takes it by.
  void check(const AssembleOptions& options, const JsonView& json) {
    check(options.contents, json.at("contents"));
    const auto foundations = json.find("foundations");
    for (std::size_t i = 0; i < options.foundations.size(); ++i)
      check(options.foundations[i], foundations->elements()[i]);
    const auto base = json.at("base");
    if (options.base.kind != Location::Kind::rootfs) return;
    const auto& path = options.base.path;
    compare(base.at("input").string(), is_folder(path) ? hash_rootfs(path) : hash_file(path), path.string());
  }

  std::vector<std::string> differences;

 private:
  void check(const Contents& contents, const JsonView& json) {
    for (std::size_t i = 0; i < contents.binaries.size(); ++i) {
      const auto& source = contents.binaries[i].source;
      compare(json.at("binaries").elements()[i].at("input").string(), hash_file(source), source.string());
    }
    for (std::size_t i = 0; i < contents.adds.size(); ++i) {
      const auto& add = contents.adds[i];
      const auto one = json.at("files").elements()[i];
      if (add.image) continue;
      compare(one.at("input").string(),
              is_folder(add.source) ? hash_folder(add.source, add.ignore) : hash_file(add.source), add.source.string());
      if (add.ignore && *add.ignore != "none")
        compare(one.at("ignoreInput").string(), hash_file(*add.ignore), *add.ignore);
    }
    for (const auto& [member, value] :
         {std::pair("caCertificatesInput", &contents.ca_certificates), std::pair("tzdataInput", &contents.tzdata)}) {
      const auto name = json.find_string(member);
      if (name.empty()) continue;
      compare(name, is_folder(**value) ? hash_folder(**value, "none") : hash_file(**value), **value);
    }
  }

  void compare(const std::string& name, const std::string& found, const std::string& path) {
    const auto wanted = wanted_.find(name);
    if (wanted == wanted_.end()) {
      throw Error(ErrorCode::corrupt,
                  fmt::format("cannot use the provenance: it has no digest of its input {}", printable(name)),
                  "it was not written by `ociassemble build --provenance`");
    }
    if (wanted->second == found || !told_.insert(name).second) return;
    const auto& facts = facts_[name];
    differences.push_back(fmt::format("the input {} differs: its digest was {}, that of {} is {}{}", printable(name),
                                      printable(wanted->second), printable(shown(path)), found,
                                      facts.empty() ? "" : program_difference(facts, program_facts(path))));
  }

  // The path that was given, where with_name() made a link to it.
  std::string shown(const std::string& path) const {
    std::error_code error;
    const auto target = path.starts_with(places_.scratch.string() + "/") && !places_.scratch.empty()
                            ? fs::read_symlink(path, error)
                            : fs::path();
    return target.empty() ? path : target.string();
  }

  // The file's name shows in the image where it goes into a folder: a link has the name that it had.
  fs::path with_name(const fs::path& path, const fs::path& name) {
    if (path.filename() == name || places_.scratch.empty()) return path;
    const auto folder = places_.scratch / std::to_string(links_++);
    make_folders(folder);
    std::error_code error;
    fs::create_symlink(absolute_path(path), folder / name, error);
    if (error)
      throw Error(ErrorCode::io, fmt::format("cannot make a link in {}: {}", folder.string(), error.message()));
    return folder / name;
  }

  const RebuildPlaces& places_;
  std::map<std::string, std::string> wanted_;
  std::map<std::string, std::map<std::string, std::string>> facts_;  // of Go programs
  std::set<std::string> told_;
  std::size_t links_ = 0;
};

void compare_codecs(const JsonView& definition, const std::vector<AssembleOptions>& images,
                    std::vector<std::string>& differences) {
  const auto parameters = definition.at("internalParameters");
  if (const auto format = parameters.at("layerFormat").size(); format != static_cast<std::uint64_t>(kLayerFormat)) {
    throw Error(
        ErrorCode::unsupported,
        fmt::format("cannot rebuild: the image has layer format {}, and this version makes {}", format, kLayerFormat),
        "rebuild with the version that the provenance names");
  }
  const auto then = parameters.find_string_map("codecs");
  std::set<std::string> told;
  for (const auto& one : images) {
    const auto codec = codec_of(one.compression);
    if (!codec) continue;
    const auto kind = one.compression.to_string();
    const auto now = codec->name + " " + codec->version;
    const auto was = then.find(kind);
    if (was == then.end() || was->second == now || !told.insert(kind).second) continue;
    differences.push_back(
        fmt::format("the codec of {} differs: it was {}, here it is {}", kind, printable(was->second), now));
  }
}

std::optional<Digest> base_root(const JsonView& base) {
  const auto pinned = base.find_string("digest");
  if (!pinned.empty()) return Digest::parse(pinned);
  const auto image = base.find_string("image");
  if (image.empty()) return {};
  return Reference::parse(image).digest();
}

}  // namespace

std::vector<RecipeBuild> read_builds(std::string_view predicate) {
  const auto value = parse_json(predicate, kSubject, kPredicateLimits);
  std::vector<RecipeBuild> builds;
  const auto all = JsonView(value, kSubject).at("buildDefinition").at("externalParameters").find("builds");
  if (!all) return builds;
  for (const auto& one : all->elements()) {
    if (builds.size() >= kMostBuilds) all->refuse("has too many members");
    try {
      builds.push_back(read_build(one));
    } catch (const Error& error) {
      if (error.code() != ErrorCode::invalid_argument) throw;
      one.refuse(error.what());
    }
  }
  return builds;
}

RebuildPlan plan_rebuild(std::string_view predicate, const RebuildPlaces& places) {
  const auto value = parse_json(predicate, kSubject, kPredicateLimits);
  const auto definition = JsonView(value, kSubject).at("buildDefinition");
  if (const auto& type = definition.at("buildType").string(); type != kBuildType) {
    throw Error(ErrorCode::unsupported, fmt::format("cannot rebuild: the build type is {}", printable(type)),
                fmt::format("only images of `ociassemble build --provenance` can be: {}", kBuildType));
  }
  RebuildInputs inputs(definition, places);
  const InputFinder finder{[&](const std::string& name, bool keep_name) { return inputs.path(name, keep_name); },
                           [&](const std::string& what) { return inputs.host(what); }};
  RebuildPlan plan;
  const auto images = definition.at("externalParameters").at("images").elements();
  if (images.empty() || images.size() > kMostImages) definition.refuse("has no image, or too many");
  for (const auto& image : images) {
    plan.images.push_back(read_options(image, finder));
    inputs.check(plan.images.back(), image);
    plan.base_roots.push_back(base_root(image.at("base")));
  }
  plan.differences = std::move(inputs.differences);
  plan.inputs_match = plan.differences.empty();
  compare_codecs(definition, plan.images, plan.differences);
  return plan;
}

}  // namespace ociassemble
