// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "tree/tree.hpp"

namespace ociassemble {

// Nodes of a tree that does not change any more, in the room of a pointer each. Filled first, then asked. One thread.
class NodeSet {
 public:
  void reserve(std::size_t count) { nodes_.reserve(count); }
  void add(const Tree::Node* node) {
    // A folder is often added for each of its files.
    if (nodes_.empty() || nodes_.back() != node) nodes_.push_back(node);
    if (nodes_.size() >= 2 * packed_ + kSlack) pack();
  }
  // To be called after the last add().
  void finish() {
    pack();
    nodes_.shrink_to_fit();
  }

  std::size_t size() const { return nodes_.size(); }
  std::optional<std::size_t> place_of(const Tree::Node* node) const {
    const auto found = std::lower_bound(nodes_.begin(), nodes_.end(), node, std::less<>());
    if (node == nullptr || found == nodes_.end() || *found != node) return {};
    return static_cast<std::size_t>(found - nodes_.begin());
  }
  bool contains(const Tree::Node* node) const { return place_of(node).has_value(); }

 private:
  static constexpr std::size_t kSlack = 100'000;

  void pack() {
    std::sort(nodes_.begin(), nodes_.end(), std::less<>());
    nodes_.erase(std::unique(nodes_.begin(), nodes_.end()), nodes_.end());
    packed_ = nodes_.size();
  }

  std::vector<const Tree::Node*> nodes_;
  std::size_t packed_ = 0;  // how many were left when they were last sorted
};

}  // namespace ociassemble
