// SPDX-License-Identifier: Apache-2.0
#include "flags/judging_flags.hpp"

#include <CLI/CLI.hpp>

#include "ociassemble/error.hpp"

namespace ociassemble::tool {

void JudgingFlags::add_to(CLI::App& app, const char* group) {
  app.add_option("--against", against_, "Older image, for the policy's rule budget: what grew since then")
      ->type_name("IMAGE")
      ->group(group);
  clock_.add_to(app, group);
}

void JudgingFlags::reject_without_policy() const {
  if (against_.empty()) return;
  throw Error(ErrorCode::invalid_argument, "cannot use --against " + against_ + ": the recipe has no policy",
              R"(add "policy": {"budget": {"imageGrowth": "1MB"}} to the recipe, or leave --against out)");
}

}  // namespace ociassemble::tool
