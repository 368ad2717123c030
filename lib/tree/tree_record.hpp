// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "io/shared_bytes.hpp"
#include "tree/tree.hpp"

namespace ociassemble {

// A tree as bytes, for a cache, and back. decode_tree gives nothing for bytes that encode_tree of this version did not
// write; it never trusts a length. It reads all of them, but makes a folder's nodes only when the folder is looked at.
std::string encode_tree(const Tree& tree);
std::optional<Tree> decode_tree(SharedBytes shared);

}  // namespace ociassemble
