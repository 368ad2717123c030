// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flags/output_flags.hpp"
#include "ociassemble/assemble.hpp"
#include "ociassemble/document.hpp"
#include "ociassemble/error.hpp"
#include "run.hpp"

namespace CLI {
class App;
}

namespace ociassemble::tool {

// One command of the tool: registers its options, then runs with what was parsed.
class Command {
 public:
  Command() = default;
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;
  virtual ~Command() = default;

  // Returns the exit status; throws Error.
  virtual int run(const Streams& streams) = 0;
  // Called after run() returned 0, when a trace is written and the output is flushed.
  virtual void after_run() {}
};

std::unique_ptr<Command> make_attest_command(CLI::App& app);
std::unique_ptr<Command> make_build_command(CLI::App& app);
std::unique_ptr<Command> make_check_command(CLI::App& app);
std::unique_ptr<Command> make_db_command(CLI::App& app);
std::unique_ptr<Command> make_delete_command(CLI::App& app);
std::unique_ptr<Command> make_diff_command(CLI::App& app);
std::unique_ptr<Command> make_digest_command(CLI::App& app);
std::unique_ptr<Command> make_generate_key_command(CLI::App& app);
std::unique_ptr<Command> make_copy_command(CLI::App& app);
std::unique_ptr<Command> make_import_command(CLI::App& app);
std::unique_ptr<Command> make_inspect_command(CLI::App& app);
std::unique_ptr<Command> make_login_command(CLI::App& app);
std::unique_ptr<Command> make_logout_command(CLI::App& app);
std::unique_ptr<Command> make_pull_command(CLI::App& app);
std::unique_ptr<Command> make_prune_command(CLI::App& app);
std::unique_ptr<Command> make_push_command(CLI::App& app);
std::unique_ptr<Command> make_rebuild_command(CLI::App& app);
std::unique_ptr<Command> make_referrers_command(CLI::App& app);
std::unique_ptr<Command> make_run_command(CLI::App& app);
std::unique_ptr<Command> make_run_spec_command(CLI::App& app);
std::unique_ptr<Command> make_sbom_command(CLI::App& app);
std::unique_ptr<Command> make_sign_command(CLI::App& app);
std::unique_ptr<Command> make_tags_command(CLI::App& app);
std::unique_ptr<Command> make_lock_command(CLI::App& app);
std::unique_ptr<Command> make_verify_command(CLI::App& app);
std::unique_ptr<Command> make_version_command(CLI::App& app);
std::unique_ptr<Command> make_vulnerabilities_command(CLI::App& app);

// The folder that was named, else the one of the XDG base directory specification; empty where there is no home either.
std::filesystem::path cache_folder(const std::optional<std::string>& named, const Streams& streams);

// The registry that a location is in; empty for another kind.
inline std::string registry_of(const Location& location) {
  return location.reference ? location.reference->registry() : std::string();
}

// Which registry the environment's credentials are for, of those that the user named: the first that is pushed to, else
// the first that is read. Empty when there is none.
inline std::string chief_registry(const std::vector<Location>& pushed, const std::vector<Location>& read) {
  for (const auto* locations : {&pushed, &read}) {
    for (const auto& location : *locations) {
      if (location.reference) return registry_of(location);
    }
  }
  return {};
}

// How to name the file or folder of that name; empty where there is none, or the text is a location that has its kind.
std::string path_hint(const std::string& text);

// Runs what reads a location; where that fails and is a registry's, and there is a file or folder of that name, the
// hint says how to name it.
template <class Work>
auto reading(const std::string& text, const Work& work) {
  try {
    return work();
  } catch (const Error& error) {
    const auto hint = path_hint(text);
    if (hint.empty()) throw;
    throw Error(error.code(), error.what(), error.hint().empty() ? hint : error.hint() + "; " + hint);
  }
}

// The manifest of this platform ("linux/arm64") in an index, or `root` itself, an image of the platform. Throws as
// open_image().
Document manifest_of_platform(const Document& root, const std::string& platform);

// Options that every command that may talk to a registry has.
class RegistryFlags {
 public:
  void add_to(CLI::App& app);
  // Credentials come from the environment, never from the command line, which others can read. They are for the
  // registry that OCIASSEMBLE_REGISTRY names, else for `registry`, which the user has to have named himself (empty: for
  // none); no other ever sees them.
  Workplace workplace(const Streams& streams, Verbosity verbosity, const std::string& registry,
                      const std::filesystem::path& cache_folder = {}) const;

  // Of --trace, which run() writes; empty without it.
  const std::string& trace_file() const noexcept { return trace_file_; }

 private:
  std::vector<std::string> plain_http_;
  std::vector<std::string> mirrors_;
  bool no_system_mirrors_ = false;
  std::string ca_file_;
  std::uint32_t timeout_ = 0;
  std::string trace_file_;
  bool trace_ = false;
  bool skip_tls_verify_ = false;
};

}  // namespace ociassemble::tool
