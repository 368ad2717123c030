// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "attest/bom.hpp"

namespace ociassemble {

// "KIND-NAME-HASH": an id whose hash is that of `identity`.
std::string bom_id(std::string_view kind, std::string_view name, std::string_view identity);

// The version of a main module: its own; for "(devel)" with a commit that Go recorded the pseudo-version of that; else
// empty.
std::string main_module_version(const GoBuild& build);
// "go1.22.1 X:boringcrypto" -> "1.22.1".
std::string go_release(std::string_view go_version);

// Go programs and the modules that they were linked from, each module once.
class GoComponents {
 public:
  // `whole` is the id of what contains the programs.
  explicit GoComponents(std::string whole) : whole_(std::move(whole)) {}

  void add(const InstalledProgram& program);
  // Adds what was collected to the bill.
  void take(Bom& bom) &&;

 private:
  std::string add_main(const InstalledProgram& program);
  std::string add_module(const GoModule& module);
  std::string add_standard_library(const GoBuild& build);

  std::string whole_;
  std::map<std::string, BomComponent> components_;  // by id
  std::vector<std::pair<std::string, std::string>> contains_;
  std::vector<std::pair<std::string, std::string>> depends_on_;
};

}  // namespace ociassemble
