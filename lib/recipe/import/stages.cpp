// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/stages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "recipe/import/text.hpp"

namespace ociassemble {
namespace {

bool is_stage_name(std::string_view name) {
  return !name.empty() && name.front() >= 'a' && name.front() <= 'z' &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string_view::npos;
}

std::optional<std::size_t> find_stage_name(const std::vector<ImportStage>& stages, std::string_view name,
                                           std::size_t count) {
  const auto wanted = to_lower(name);
  for (auto i = std::min(count, stages.size()); i > 0; --i) {
    if (!wanted.empty() && stages[i - 1].name == wanted) return i - 1;
  }
  return {};
}

class StageDivider {
 public:
  StageDivider(const Dockerfile& file, ImportVariables& global, const ImportArguments& arguments, ImportNotes& notes)
      : file_(file), global_(global), arguments_(arguments), notes_(notes) {}

  std::vector<ImportStage> run() {
    for (const auto& made : file_.instructions) {
      if (made.name == "FROM") {
        begin_stage(made);
      } else if (!stages_.empty()) {
        stages_.back().instructions.push_back(&made);
      } else if (made.name == "ARG") {
        global_.declare(file_, made);
      } else {
        file_.refuse(made.line, made.name + " stands before the first FROM");
      }
    }
    if (stages_.empty()) file_.refuse(1, "there is no FROM");
    return std::move(stages_);
  }

 private:
  void begin_stage(const DockerInstruction& made) {
    const auto words = divide_at_blanks(made.text);
    const bool is_named = words.size() == 3 && to_lower(words[1]) == "as";
    if (words.size() != 1 && !is_named) file_.refuse(made.line, "FROM is not IMAGE [AS NAME]");
    global_.at(made);
    ImportStage stage;
    stage.from = &made;
    stage.base = file_.expand(made, words[0], global_);
    if (stage.base.empty()) file_.refuse(made.line, "the base is empty", "declare its argument before the first FROM");
    if (is_named) stage.name = to_lower(words[2]);
    if (is_named && !is_stage_name(stage.name))
      file_.refuse(made.line, fmt::format("{} is no name for a stage", printable(words[2])),
                   "use letters, digits, '-', '_' and '.', a letter first");
    find_parent(made, stage);
    if (const auto* platform = made.flag("platform")) stage.platform = file_.expand(made, *platform, global_);
    stages_.push_back(std::move(stage));
  }

  void find_parent(const DockerInstruction& made, ImportStage& stage) {
    const auto plain = arguments_.plain(stage.base);
    stage.parent = find_stage_name(stages_, plain, stages_.size());
    if (!stage.parent || plain == stage.base) return;
    notes_.add(made, fmt::format("this is the stage {} with the arguments as they are; for another stage import again "
                                 "with --build-arg",
                                 plain));
  }

  const Dockerfile& file_;
  ImportVariables& global_;
  const ImportArguments& arguments_;
  ImportNotes& notes_;
  std::vector<ImportStage> stages_;
};

}  // namespace

std::vector<ImportStage> divide_stages(const Dockerfile& file, ImportVariables& global,
                                       const ImportArguments& arguments, ImportNotes& notes) {
  return StageDivider(file, global, arguments, notes).run();
}

std::string image_of_stage(const std::vector<ImportStage>& stages, std::size_t index) {
  constexpr std::string_view kChanges = " ADD COPY RUN WORKDIR ";
  const auto& stage = stages[index];
  const bool is_changed = std::any_of(stage.instructions.begin(), stage.instructions.end(), [&](const auto* made) {
    return kChanges.find(fmt::format(" {} ", made->name)) != std::string_view::npos;
  });
  if (is_changed) return {};
  if (stage.parent) return image_of_stage(stages, *stage.parent);
  return stage.base == "scratch" ? std::string() : stage.base;
}

std::optional<std::size_t> find_stage(const std::vector<ImportStage>& stages, std::string_view name,
                                      std::size_t count) {
  if (const auto found = find_stage_name(stages, name, count)) return found;
  std::size_t number = 0;
  const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (failure == std::errc() && end == name.data() + name.size() && number < count) return number;
  return {};
}

}  // namespace ociassemble
