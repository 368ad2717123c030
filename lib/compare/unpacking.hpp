// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "tree/tree.hpp"

namespace ociassemble {

// Lays the layers of one image over each other, to find what no reading of a single layer shows: hard links to nothing,
// files below files, links in circles. After the first fault the rest of the image is not looked at. One thread.
class Unpacking {
 public:
  using Report = std::function<void(std::string)>;

  explicit Unpacking(Report report) : report_(std::move(report)), tree_(std::in_place) {}

  bool is_going_on() const noexcept { return tree_.has_value(); }
  // `subject` names the layer in what is reported.
  void start_layer(std::string subject);
  void add(const TarEntry& entry, TarReader& layer);
  void end_layer();
  // A layer that cannot be read: what is above it may need it.
  void give_up() { tree_.reset(); }
  // Why nobody can say whether the image can be unpacked; empty where it can be said.
  const std::string& unjudged() const noexcept { return unjudged_; }

 private:
  Report report_;
  std::optional<Tree> tree_;
  std::string subject_;
  std::string unjudged_;
};

}  // namespace ociassemble
