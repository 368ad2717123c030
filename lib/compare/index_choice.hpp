// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ociassemble/image.hpp"
#include "ociassemble/manifest.hpp"

namespace ociassemble {

// Why an engine may choose other images of an index than the platforms in their configs say, a line for each. `name`:
// "first" or "second".
std::vector<std::string> doubts_of_choice(const ImageIndex& index, const std::string& name);
// The same of an index of which only one image was opened: entries that nobody can read.
std::vector<std::string> doubts_of_entries(const Index& index, const std::string& name);
// Where the two differ in what engines choose by, beside the images: whether an entry says its platform, and entries
// that are no images and yet say one.
std::vector<std::string> differences_of_choice(const Index& before, const Index& after);

}  // namespace ociassemble
