// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "measure.hpp"

namespace ociassemble::bench {

// Where a benchmark works: its input and a folder for what is made.
struct Bench {
  std::filesystem::path input;
  std::filesystem::path folder;
  std::filesystem::path tool;  // the program ociassemble; empty: not there
};

// Our layer of the input, file synced to disk included, with `compression` as on the command line.
Contender our_layer(const Bench& bench, const std::string& name, const std::string& compression, std::size_t workers);

// What `cores` cores can do with the input: our layers, and the peers that are installed.
std::vector<Contender> layer_contenders(const Bench& bench, std::size_t cores);
// Ours at each level, `gzip -6` and `zstd -3`.
std::vector<Contender> level_contenders(const Bench& bench, std::size_t cores);
// The parts of the gzip layer, each alone on one core.
std::vector<Contender> stage_contenders(const Bench& bench);
// `ociassemble build` of a file that is a program to it.
Contender tool_build(const Bench& bench, const std::string& name, const std::filesystem::path& program,
                     const std::vector<std::string>& more_words);
// `ociassemble build` of a folder against `tar | gzip -6`.
std::vector<Contender> tree_contenders(const Bench& bench, const std::filesystem::path& tree);

}  // namespace ociassemble::bench
