// SPDX-License-Identifier: Apache-2.0
#include "flags/output_flags.hpp"

#include <CLI/CLI.hpp>

namespace ociassemble::tool {

void OutputFlags::add_quiet_to(CLI::App& app, const char* description, const char* group) {
  app.add_flag("-q,--quiet", quiet_, description)->group(group);
}

void OutputFlags::add_to(CLI::App& app, const char* group) {
  add_quiet_to(app, "No progress; warnings and errors only", group);
  app.add_option("--progress", progress_,
                 "Show progress as lines or as bars, or not at all (default: bars on a terminal, else lines)")
      ->type_name("plain|bar|none")
      ->check(CLI::IsMember({"plain", "bar", "none"}).description("").name(""))
      ->group(group);
}

Verbosity OutputFlags::verbosity(bool json) const {
  if (quiet_) return Verbosity::quiet;
  if (progress_ == "plain") return Verbosity::plain;
  if (progress_ == "bar") return Verbosity::bars;
  if (progress_ == "none" || json) return Verbosity::result;
  return Verbosity::automatic;
}

}  // namespace ociassemble::tool
