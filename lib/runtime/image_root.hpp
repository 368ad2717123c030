// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <stop_token>
#include <string>

#include "ociassemble/image.hpp"
#include "ociassemble/runtime.hpp"
#include "store/record_cache.hpp"
#include "tree/tree.hpp"

namespace ociassemble {

inline constexpr const char* kPasswdPath = "etc/passwd";
inline constexpr const char* kGroupPath = "etc/group";

// The root file system that the first `layers` of the image make, with the contents of the two files above. With a
// cache, layers below the image's last are read once: the trees that they make are kept in it, and are continued
// (Tree::continued). Throws what reading layers and Tree::add() throw.
Tree read_image_root(const Image& image, std::size_t layers, RecordCache* cache, const std::stop_token& stop);
// Lays further layers over it: those from `from` to before `to`, counted from 0.
void add_layers(Tree& tree, const Image& image, std::size_t from, std::size_t to, const std::stop_token& stop);

// OCI image specification, config.md, "Layer ChainID"; of the first `layers`, empty for none.
std::string chain_id(const Image& image, std::size_t layers);

// read_contract() where the files are known.
RunContract read_contract(const Image& image, const Tree& tree, const RunSettings& settings);

}  // namespace ociassemble
