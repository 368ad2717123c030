// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "compare/image_tree.hpp"

namespace ociassemble {

// An image as the kernel and the loader see it. Borrows both.
struct StartSide {
  const ImageConfig& config;
  const ImageTree& image;
  // Where files of the application are that can be run.
  std::vector<std::string> programs;
};

// What the two sides start otherwise, one line each: another file by the entrypoint or by a name in PATH, another
// interpreter or library, another word to the loader in a file or in the environment. `laid_on(path)` says whether a
// layer that is only in one image, above the base, brought or removed something there. Empty when they start the same.
std::vector<std::string> compare_starts(const StartSide& before, const StartSide& after,
                                        const std::function<bool(const std::string&)>& laid_on);

}  // namespace ociassemble
