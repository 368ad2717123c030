// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "ociassemble/sbom.hpp"
#include "ociassemble/workplace.hpp"

namespace CLI {
class App;
}

namespace ociassemble::tool {

// What a bill of materials says besides what the image holds.
class SbomFlags {
 public:
  void add_to(CLI::App& app, const std::string& group);
  SbomOptions options(SbomOptions recipes = {}) const;

 private:
  std::optional<std::string> author_, supplier_, name_;
};

// The options of `build` that are about SBOMs.
class SbomRequestFlags {
 public:
  void add_to(CLI::App& app, const std::string& group);
  // A recipe's request, or none, with what the command line says over it. Throws Error{invalid_argument}.
  SbomRequest apply(SbomRequest recipes) const;
  // Where the documents go as files, too; "{profile}" not yet put in.
  const std::optional<std::string>& folder() const noexcept { return folder_; }

 private:
  SbomFlags flags_;
  std::optional<std::string> formats_, form_, folder_;
};

// "linux-arm64.spdx.json"
std::string sbom_file_name(const Platform& platform, SbomFormat format);

// Tells of records of package databases that could not be read.
void warn_of_broken_records(const Inventory& inventory, const Workplace& workplace);

}  // namespace ociassemble::tool
