// SPDX-License-Identifier: Apache-2.0
#include "compare/layer_changes.hpp"

#include "base/task_group.hpp"

namespace ociassemble {

void read_changes(LayerComparison& comparison, const Image& before, const Image& after, MetadataBudget& budget,
                  const std::stop_token& stop) {
  const auto change = comparison.change;
  if (change != LayerChange::changed && change != LayerChange::added && change != LayerChange::removed) return;
  LayerFiles left;
  LayerFiles right;
  TaskGroup tasks(2, stop);
  const auto read = [&](const std::optional<LayerSide>& side, const Image& image, LayerFiles& files) {
    if (!side) return;
    tasks.spawn([&budget, &files, &layer = image.layers().at(side->number - 1)](const std::stop_token& stopped) {
      files = read_layer_files(layer, budget, stopped);
    });
  };
  read(comparison.before, before, left);
  read(comparison.after, after, right);
  tasks.wait();
  comparison.files = compare_files(left, right);
  comparison.was_read = true;
  // What is kept stays taken; it is no more than what was read.
  const auto all = left.entries.size() + right.entries.size();
  const auto kept = comparison.files.size();
  if (kept < all) budget.give_back((left.metadata_size + right.metadata_size) / all * (all - kept));
}

}  // namespace ociassemble
