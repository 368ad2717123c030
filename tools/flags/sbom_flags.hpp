// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ociassemble/sbom.hpp"

namespace CLI {
class App;
}

namespace ociassemble::tool {

// What a bill of materials says besides what the image holds.
class SbomFlags {
 public:
  void add_to(CLI::App& app);
  const SbomOptions& options() const noexcept { return options_; }

 private:
  SbomOptions options_;
};

}  // namespace ociassemble::tool
