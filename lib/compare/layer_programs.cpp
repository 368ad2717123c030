// SPDX-License-Identifier: Apache-2.0
#include "compare/layer_programs.hpp"

#include <algorithm>
#include <utility>

namespace ociassemble {
namespace {

std::uint64_t size_of_side(const GoSide& side) {
  auto size = size_of_facts(side.program);
  for (const auto& file : side.code.files) size += sizeof(std::string) + file.size();
  return size;
}

}  // namespace

void LayerPrograms::finish(const std::string& path) {
  if (const auto found = programs_.find(path); found != programs_.end()) {
    facts_ -= size_of_side(found->second);
    programs_.erase(found);
  }
  if (!spool_.keeps() || programs_.size() == kMost) return;
  const auto file = *spool_.file(path);
  auto program = read_program_file(file);
  if (!program || !program->go) return;
  auto code = read_go_code(file, program->go->build);
  if (!code) return;
  GoSide side{std::move(*program->go), std::move(*code)};
  const auto size = size_of_side(side);
  if (size > kMostFacts - facts_) return;
  facts_ += size;
  programs_.emplace(path, std::move(side));
}

const GoSide* LayerPrograms::find(const std::string& path) const {
  const auto found = programs_.find(path);
  return found == programs_.end() ? nullptr : &found->second;
}

void find_go_causes(const FileChanges& files, const LayerPrograms& before, const LayerPrograms& after,
                    CauseList& causes) {
  if (before.empty() || after.empty()) return;
  for (const auto& file : files) {
    if (std::find(file.aspects.begin(), file.aspects.end(), FileAspect::content) == file.aspects.end()) continue;
    const auto* left = before.find(file.path);
    const auto* right = after.find(file.path);
    if (left != nullptr && right != nullptr) compare_go_programs(file.path, *left, *right, causes);
  }
}

}  // namespace ociassemble
