// SPDX-License-Identifier: Apache-2.0
#include "compare/layer_alignment.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>

#include "compare/value_changes.hpp"
#include "image/layer_makers.hpp"

namespace ociassemble {
namespace {

using Sides = std::span<const LayerSide>;
using Same = bool (*)(const LayerSide&, const LayerSide&);
using Pair = std::pair<std::size_t, std::size_t>;

// The table of a longest common subsequence has an entry for each two layers; beyond this only beginnings and ends
// count.
constexpr std::size_t kMaxTable = std::size_t{4} << 20U;

bool same_contents(const LayerSide& left, const LayerSide& right) { return left.diff_id == right.diff_id; }
bool same_maker(const LayerSide& left, const LayerSide& right) {
  return !left.created_by.empty() && left.created_by == right.created_by;
}

// The pairs of a longest common subsequence.
std::vector<Pair> common_pairs(Sides before, Sides after, Same same) {
  const auto width = after.size() + 1;
  if ((before.size() + 1) > kMaxTable / width) return {};
  std::vector<std::uint32_t> longest((before.size() + 1) * width);
  for (auto i = before.size(); i-- > 0;) {
    for (auto j = after.size(); j-- > 0;) {
      const auto at = i * width + j;
      longest[at] =
          same(before[i], after[j]) ? longest[at + width + 1] + 1 : std::max(longest[at + width], longest[at + 1]);
    }
  }
  std::vector<Pair> pairs;
  for (std::size_t i = 0, j = 0; i < before.size() && j < after.size();) {
    if (same(before[i], after[j])) {
      pairs.emplace_back(i++, j++);
    } else if (longest[(i + 1) * width + j] >= longest[i * width + j + 1]) {
      ++i;
    } else {
      ++j;
    }
  }
  return pairs;
}

LayerComparison paired(const LayerSide& before, const LayerSide& after) {
  LayerComparison result;
  if (before.diff_id != after.diff_id) {
    result.change = LayerChange::changed;
  } else if (before.descriptor.digest != after.descriptor.digest) {
    result.change = LayerChange::recompressed;
  }
  result.before = before;
  result.after = after;
  result.descriptor = compare_descriptors(before.descriptor, after.descriptor);
  return result;
}

class Alignment {
 public:
  // Common beginnings and ends first: most images differ in the middle or at the top.
  void add(Sides before, Sides after) {
    const auto shorter = std::min(before.size(), after.size());
    std::size_t head = 0;
    while (head < shorter && same_contents(before[head], after[head])) ++head;
    std::size_t tail = 0;
    while (tail < shorter - head && same_contents(before[before.size() - 1 - tail], after[after.size() - 1 - tail])) {
      ++tail;
    }
    add_pairs(before.first(head), after.first(head));
    add_by(before.subspan(head, before.size() - head - tail), after.subspan(head, after.size() - head - tail),
           same_contents, [this](Sides left, Sides right) {
             add_by(left, right, same_maker, [this](Sides l, Sides r) { add_by_place(l, r); });
           });
    add_pairs(before.last(tail), after.last(tail));
  }

  std::vector<LayerComparison> take() {
    join_moved();
    return std::move(layers_);
  }

 private:
  void add_pairs(Sides before, Sides after) {
    for (std::size_t i = 0; i < before.size(); ++i) layers_.push_back(paired(before[i], after[i]));
  }

  // Pairs what is the same, and hands what lies between to `between`.
  void add_by(Sides before, Sides after, Same same, const std::function<void(Sides, Sides)>& between) {
    std::size_t i = 0;
    std::size_t j = 0;
    for (const auto& [left, right] : common_pairs(before, after, same)) {
      between(before.subspan(i, left - i), after.subspan(j, right - j));
      layers_.push_back(paired(before[left], after[right]));
      i = left + 1;
      j = right + 1;
    }
    between(before.subspan(i), after.subspan(j));
  }

  void add_by_place(Sides before, Sides after) {
    const auto shorter = std::min(before.size(), after.size());
    add_pairs(before.first(shorter), after.first(shorter));
    for (const auto& side : before.subspan(shorter)) layers_.push_back({LayerChange::removed, side, {}, {}, false, {}});
    for (const auto& side : after.subspan(shorter)) layers_.push_back({LayerChange::added, {}, side, {}, false, {}});
  }

  // A removed layer that is added elsewhere has moved.
  void join_moved() {
    for (auto& added : layers_) {
      if (added.change != LayerChange::added) continue;
      const auto removed = std::find_if(layers_.begin(), layers_.end(), [&](const LayerComparison& other) {
        return other.change == LayerChange::removed && other.before && other.before->diff_id == added.after->diff_id;
      });
      if (removed == layers_.end()) continue;
      added.change = LayerChange::moved;
      added.before = removed->before;
      removed->before.reset();  // to be dropped
    }
    layers_.erase(std::remove_if(layers_.begin(), layers_.end(),
                                 [](const LayerComparison& layer) { return !layer.before && !layer.after; }),
                  layers_.end());
  }

  std::vector<LayerComparison> layers_;
};

}  // namespace

std::vector<LayerSide> layer_sides(const Image& image) {
  auto makers = layer_makers(image);
  std::vector<LayerSide> sides;
  for (std::size_t i = 0; i < makers.size(); ++i) {
    const auto& layer = image.layers()[i];
    sides.push_back({i + 1, layer.descriptor, layer.diff_id, std::move(makers[i])});
  }
  return sides;
}

std::vector<LayerComparison> align_layers(const std::vector<LayerSide>& before, const std::vector<LayerSide>& after) {
  Alignment alignment;
  alignment.add(before, after);
  return alignment.take();
}

}  // namespace ociassemble
