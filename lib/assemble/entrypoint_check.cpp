// SPDX-License-Identifier: Apache-2.0
#include "assemble/entrypoint_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

// Docker's and podman's where the config has none.
constexpr std::string_view kUsualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::vector<std::string> candidates(const std::string& program, const ImageConfig& config) {
  if (program.front() == '/') return {program};
  if (program.find('/') != std::string::npos) return {config.working_dir + "/" + program};
  std::vector<std::string> paths;
  const auto search = config.env_value("PATH").value_or(std::string(kUsualPath));
  for (std::size_t begin = 0; begin <= search.size();) {
    const auto end = std::min(search.find(':', begin), search.size());
    paths.push_back(search.substr(begin, end - begin) + "/" + program);
    begin = end + 1;
  }
  return paths;
}

bool is_in_volume(const std::string& path, const ImageConfig& config) {
  return std::any_of(config.volumes.begin(), config.volumes.end(),
                     [&](const std::string& volume) { return path.starts_with(volume + "/"); });
}

std::string hint_for(const std::string& program, const Placement& placement) {
  const auto programs = placement.programs();
  const std::vector<std::string_view> names(programs.begin(), programs.end());
  if (const auto near = nearest(program, names)) return fmt::format("did you mean {}?", printable(*near));
  return "name a program that is in the image, or choose a base that has it";
}

}  // namespace

void require_program(const AssembleOptions& options, const ImageConfig& config, const Placement& placement) {
  const bool has_entrypoint = config.entrypoint && !config.entrypoint->empty();
  const auto& words = has_entrypoint ? options.entrypoint : options.cmd;
  if (!words || words->empty() || words->front().empty()) return;
  const auto& program = words->front();
  for (const auto& path : candidates(program, config)) {
    if (is_in_volume(path, config) || placement.has_file(path)) return;
  }
  throw Error(ErrorCode::check_failed,
              fmt::format("cannot start the image with {}: there is no such file in it", printable(program)),
              hint_for(program, placement));
}

}  // namespace ociassemble
