// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>

#include "ociassemble/image.hpp"
#include "ociassemble/runtime.hpp"
#include "tree/tree.hpp"

namespace ociassemble {

inline constexpr const char* kPasswdPath = "etc/passwd";
inline constexpr const char* kGroupPath = "etc/group";

// The root file system that the image's layers make, with the contents of the two files above. Throws what reading
// layers and Tree::add() throw.
Tree read_image_root(const Image& image, const std::stop_token& stop);
// A tree without files that keeps those contents.
Tree empty_image_root();
// read_contract() where the files are known.
RunContract read_contract(const Image& image, const Tree& tree, const RunSettings& settings);

}  // namespace ociassemble
