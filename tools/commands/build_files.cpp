// SPDX-License-Identifier: Apache-2.0
#include "commands/build_files.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <map>
#include <set>

#include "base/output_file.hpp"
#include "commands/side_files.hpp"
#include "help/command_text.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/io.hpp"

namespace ociassemble::tool {
namespace {

namespace fs = std::filesystem;

bool is_archive(const Location& target) {
  return target.kind == Location::Kind::oci_archive || target.kind == Location::Kind::docker_archive;
}

}  // namespace

void BuildFiles::add_to(CLI::App& app, const char* group) {
  app.add_option("--digest-file", digest_file_, "Write the image's digest to this file")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--checksums", checksums_, "Write the SHA-256 of archives, digest files and SBOMs, for sha256sum -c")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--depfile", depfile_, "Write a make rule with all local inputs")->type_name("FILE")->group(group);
  app.add_option("--depfile-target", depfile_target_,
                 "Target of that rule (default: the stamp, a push's digest file, or the first output)")
      ->type_name("NAME")
      ->group(group);
  app.add_option("--stamp", stamp_, "Write this file after every successful build, even if nothing changed")
      ->type_name("FILE")
      ->group(group);
  show_in_full_help_only(app, {"--checksums", "--depfile", "--depfile-target", "--stamp"});
}

void BuildFiles::check(const std::vector<Build>& builds, const std::optional<std::string>& folder) {
  sbom_folder_ = folder;
  for (const auto* file : {&digest_file_, &depfile_, &sbom_folder_}) reject_shared_side_file(*file, builds);
  const auto has_sbom = [](const Build& build) { return !build.sbom.formats.empty(); };
  if (sbom_folder_ && std::none_of(builds.begin(), builds.end(), has_sbom)) {
    throw Error(ErrorCode::invalid_argument, "cannot write SBOMs to " + *sbom_folder_ + ": none is made", "add --sbom");
  }
  if (!checksums_) return;
  const auto makes_files = [&, this](const Build& build) {
    return digest_file_ || (sbom_folder_ && has_sbom(build)) ||
           std::any_of(build.targets.begin(), build.targets.end(), is_archive);
  };
  if (std::any_of(builds.begin(), builds.end(), makes_files)) return;
  throw Error(ErrorCode::invalid_argument,
              "cannot write " + *checksums_ + ": the build writes no file that it could be about",
              "checksums are of archives, --digest-file and --sbom-dir");
}

void BuildFiles::claim(const std::vector<Build>& builds, const std::vector<BuildResult>& made,
                       PathClaims& claims) const {
  std::set<std::string> claimed;
  for (std::size_t i = 0; i < builds.size(); ++i) {
    const auto& build = builds[i];
    const auto write = [&](const char* option, const std::optional<std::string>& file) {
      if (!file) return;
      const auto path = with_profile(*file, build.profile);
      const auto what = std::string(option) + " " + path;
      if (claimed.insert(what).second) claims.write(path, what);  // profiles may share a stamp
    };
    write("--digest-file", digest_file_);
    write("--depfile", depfile_);
    write("--checksums", checksums_);
    write("--stamp", stamp_);
    if (made.empty()) continue;
    for (const auto& file : sboms_of(build, made[i])) claims.write(file, "the SBOM " + file.string());
  }
}

void BuildFiles::write(const Build& build, const BuildResult& made, const std::vector<fs::path>& read) const {
  const auto digest = made.digest().to_string() + "\n";
  if (digest_file_) write_output(with_profile(*digest_file_, build.profile), as_bytes(digest));
  if (depfile_) {
    auto inputs = made.inputs();
    for (const auto& file : read) {
      if (std::find(inputs.begin(), inputs.end(), file) == inputs.end()) inputs.push_back(file);
    }
    const auto rule = make_rule(depfile_target(build), inputs);
    write_output(with_profile(*depfile_, build.profile), as_bytes(rule));
  }
  if (sbom_folder_ && !build.sbom.formats.empty()) made.write_sboms(with_profile(*sbom_folder_, build.profile));
}

std::vector<fs::path> BuildFiles::sboms_of(const Build& build, const BuildResult& made) const {
  return sbom_folder_ ? made.sbom_files(with_profile(*sbom_folder_, build.profile)) : std::vector<fs::path>();
}

// One file for all profiles, or one for each that {profile} tells apart.
void BuildFiles::write_checksums(const std::vector<Build>& builds, const std::vector<BuildResult>& made) const {
  if (!checksums_) return;
  std::map<std::string, std::vector<fs::path>> files;
  for (std::size_t i = 0; i < builds.size(); ++i) {
    auto& into = files[with_profile(*checksums_, builds[i].profile)];
    for (const auto& target : builds[i].targets) {
      if (is_archive(target)) into.push_back(target.path);
    }
    if (digest_file_) into.emplace_back(with_profile(*digest_file_, builds[i].profile));
    const auto sboms = sboms_of(builds[i], made[i]);
    into.insert(into.end(), sboms.begin(), sboms.end());
  }
  for (const auto& [file, about] : files) write_output(file, as_bytes(checksum_lines(about, file)));
}

void BuildFiles::write_stamp_of(const Build& build, const BuildResult& made) const {
  if (stamp_) write_stamp(with_profile(*stamp_, build.profile), made.digest().to_string() + "\n");
}

// A push makes no file that make could look at; the digest file stands for it.
std::string BuildFiles::depfile_target(const Build& build) const {
  if (depfile_target_) return with_profile(*depfile_target_, build.profile);
  if (stamp_) return with_profile(*stamp_, build.profile);
  const auto& output = build.targets.front();
  if (output.reference && digest_file_) return with_profile(*digest_file_, build.profile);
  return rule_target(output);
}

}  // namespace ociassemble::tool
