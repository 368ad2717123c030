// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ociassemble/assemble.hpp"

namespace CLI {
class App;
}

namespace ociassemble::tool {

// The options of `build` that say what goes in and how it runs.
class BuildFlags {
 public:
  void add_to(CLI::App& app);

  // Whether one of them names what goes in, so that no recipe needs to.
  bool inputs_named() const noexcept { return base_ || !binaries_.empty() || !adds_.empty() || !adds_from_.empty(); }
  // Those that were asked for. Throws Error{invalid_argument}, as apply().
  std::vector<Platform> platforms() const;
  // As they were given.
  const std::vector<std::string>& platform_texts() const noexcept { return platforms_; }
  // `options`, a recipe's or none, with what the command line says over them: one for each platform that was asked for,
  // or for the options' own.
  std::vector<AssembleOptions> apply(AssembleOptions options) const;
  // Files that options name and that are read before anything is made.
  std::vector<std::filesystem::path> files() const { return {env_files_.begin(), env_files_.end()}; }

 private:
  using Texts = std::vector<std::string>;

  void add_inputs(CLI::App& app);
  void add_execution(CLI::App& app);
  void add_healthcheck(CLI::App& app, const char* group);
  void add_origin(CLI::App& app);
  void apply_inputs(AssembleOptions& options) const;
  void apply_execution(AssembleOptions& options) const;
  void apply_healthcheck(AssembleOptions& options) const;
  void apply_origin(AssembleOptions& options) const;

  Texts binaries_, adds_, adds_from_, writable_, capabilities_, env_, labels_, annotations_, ports_, volumes_,
      platforms_, annotate_, env_files_;
  std::optional<std::string> base_, ca_certificates_, tzdata_, user_, create_user_, entrypoint_, cmd_, working_dir_,
      stop_signal_;
  std::optional<std::string> base_name_, created_, file_times_;
  std::optional<std::string> healthcheck_, health_interval_, health_timeout_, health_start_period_;
  std::optional<std::uint32_t> health_retries_;
  bool inherit_labels_ = false;
  bool no_read_only_ = false;
  bool no_writable_volumes_ = false;
  bool any_binary_ = false;
  bool fix_media_types_ = false;
};

// A repeatable option that takes one value a time.
void add_list(CLI::App& app, const char* name, std::vector<std::string>& values, const char* description,
              const char* type, const char* group);

}  // namespace ociassemble::tool
