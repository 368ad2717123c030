// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "commands/command.hpp"
#include "ociassemble/layout.hpp"

namespace ociassemble::tool {

// `verify --repair`: its options, and what it does before the layout is verified.
class RepairFlags {
 public:
  void add_to(CLI::App& app);
  bool is_asked() const { return repair_; }
  // Locations that the user named, for the environment's credentials.
  std::vector<Location> named() const;
  // Replaces what is damaged. Throws Error{invalid_argument} for anything but a layout.
  RepairReport run(const Location& location, const Workplace& workplace, const Streams& streams) const;
  // What was replaced to the standard output, unless quiet; what could not be to the standard error.
  static void print(const RepairReport& report, const Streams& streams, bool quiet);

 private:
  bool repair_ = false;
  bool from_base_ = false;
  std::vector<std::string> from_;
};

}  // namespace ociassemble::tool
