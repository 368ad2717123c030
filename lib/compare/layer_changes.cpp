// SPDX-License-Identifier: Apache-2.0
#include "compare/layer_changes.hpp"

#include <utility>

#include "base/task_group.hpp"
#include "compare/layer_programs.hpp"

namespace ociassemble {

void read_changes(LayerComparison& comparison, const Image& before, const Image& after, MetadataBudget& budget,
                  CauseList* causes, const std::stop_token& stop) {
  const auto change = comparison.change;
  if (change != LayerChange::changed && change != LayerChange::added && change != LayerChange::removed) return;
  const bool shows_causes = causes != nullptr && change == LayerChange::changed;
  SortedRecords left;
  SortedRecords right;
  LayerPrograms left_programs;
  LayerPrograms right_programs;
  TaskGroup tasks(2, stop);
  const auto read = [&](const std::optional<LayerSide>& side, const Image& image, SortedRecords& files,
                        LayerPrograms& programs) {
    if (!side) return;
    auto* wanted = shows_causes ? &programs : nullptr;
    const auto& layer = image.layers().at(side->number - 1);
    tasks.spawn([&budget, &files, &layer, wanted](const std::stop_token& stopped) {
      files = read_layer_files(layer, budget, wanted, stopped);
    });
  };
  read(comparison.before, before, left, left_programs);
  read(comparison.after, after, right, right_programs);
  tasks.wait();
  comparison.files = compare_files(std::move(left), std::move(right));
  comparison.was_read = true;
  if (shows_causes) {
    find_go_causes(comparison.files, left_programs, right_programs, *causes);
    find_file_causes(comparison.files, *causes);
  }
}

}  // namespace ociassemble
