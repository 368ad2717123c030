// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "compare/image_tree.hpp"
#include "ociassemble/same_app.hpp"

namespace ociassemble {

// One image of a proof: what its layers are to it, and the files that they make.
class ProofSide {
 public:
  // Borrows the image. `name`: "first" or "second".
  ProofSide(const Image& image, const char* name);

  // `application`: diff IDs of layers that one of the images calls its application's; `common`: numbers of the layers
  // that the other image has as well, from 1.
  void take_roles(const std::set<Digest>& application, const std::set<std::size_t>& common);
  // After take_roles(). Throws as ImageTree::read().
  void read(const std::stop_token& stop);

  const Image& image() const { return image_; }
  const char* name() const { return name_; }
  const std::vector<LayerSide>& sides() const { return sides_; }
  const std::vector<AccountedLayer>& accounted() const { return accounted_; }
  const ImageTree& files() const { return files_; }
  const Tree& tree() const { return files_.tree(); }
  // Of the layers below the application.
  const std::vector<Digest>& below() const { return below_; }
  // Where files of layers landed that are called the application's; true for those of layers that both images have.
  const std::map<std::string, bool>& claimed_paths() const { return claimed_paths_; }

  // Whether an extra layer brought something there, or removed it or what it lay in.
  bool is_laid_on(const std::string& path) const;

  // Of an extra layer: whether each path that it brings or removes satisfies a condition, and there is one.
  template <class Condition>
  bool touches_only(std::size_t index, const Condition& condition) const {
    const auto& deeds = files_.layers()[index];
    if (deeds.placed.empty() && deeds.removed.empty()) return false;
    return std::all_of(deeds.placed.begin(), deeds.placed.end(),
                       [&](const auto& placed) { return condition(placed.second); }) &&
           std::all_of(deeds.removed.begin(), deeds.removed.end(), condition);
  }

 private:
  bool is_folder(const std::string& path) const;

  const Image& image_;
  const char* name_;
  const std::vector<LayerSide> sides_;
  std::vector<AccountedLayer> accounted_;
  std::vector<Digest> below_;
  std::set<std::size_t> noted_;    // layers, counted from 0
  std::set<std::size_t> claimed_;  // called the application's
  ImageTree files_;
  std::map<std::string, bool> claimed_paths_;
  std::set<std::string> laid_on_;
  std::set<std::string> removed_;
};

}  // namespace ociassemble
