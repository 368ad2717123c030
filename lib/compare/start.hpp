// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "compare/start_view.hpp"

namespace ociassemble {

// What was found of two starts.
struct StartDifferences {
  std::vector<std::string> lines;  // one for each; empty when they start the same
  // Where files lie that decide the start, in each image, with a leading '/' and without links.
  std::set<std::string> reached_before;
  std::set<std::string> reached_after;
};

// What the two sides start otherwise: another file by the entrypoint or by a name in PATH, another interpreter or
// library, another word to the loader in a file or in the environment, or other files behind the same words; and what
// nobody can judge. `laid_on(path)` says whether a layer that is only in one image, above the base, brought or removed
// something there.
StartDifferences compare_starts(const StartSide& before, const StartSide& after,
                                const std::function<bool(const std::string&)>& laid_on);

}  // namespace ociassemble
