// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "commands/command.hpp"
#include "ociassemble/same_app.hpp"

namespace ociassemble::tool {

// `verify --same-app`: its options, and what it does.
class SameAppFlags {
 public:
  void add_to(CLI::App& app);
  // Whether it was asked for. Throws Error{invalid_argument} where the number of locations does not fit.
  bool is_asked(const std::vector<std::string>& locations) const;
  // Prints to the standard output what was proven, or why it was not; nothing when quiet. Returns the exit status.
  enum class Output { text, json, none };
  int run(const std::vector<std::string>& locations, const RegistryFlags& registry, const Streams& streams,
          Output output) const;

 private:
  bool same_app_ = false;
  bool strict_ = false;
  std::vector<std::string> allow_;
  std::string platform_;
};

}  // namespace ociassemble::tool
