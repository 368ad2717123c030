// SPDX-License-Identifier: Apache-2.0
#include "commands/build_result.hpp"

#include <iterator>
#include <set>
#include <utility>

#include "ociassemble/copy.hpp"
#include "ociassemble/places.hpp"
#include "report/images.hpp"

namespace ociassemble::tool {

BuildResult::BuildResult(std::vector<Assembled> images, const std::vector<AssembleOptions>& options)
    : images_(std::move(images)) {
  if (options.size() > 1) index_ = make_index(images_, options.front().annotations);
}

const Digest& BuildResult::digest() const noexcept {
  return index_ ? index_->descriptor.digest : images_.front().image.digest();
}

std::vector<std::filesystem::path> BuildResult::inputs() const {
  std::set<std::filesystem::path> all;
  for (const auto& made : images_) all.insert(made.inputs.begin(), made.inputs.end());
  return {all.begin(), all.end()};
}

std::string BuildResult::publish(const Location& target, const Workplace& workplace,
                                 const std::vector<std::string>& more_references) const {
  PublishOptions options;
  options.more_references = more_references;
  return index_ ? ociassemble::publish(*index_, target, workplace, options)
                : ociassemble::publish(images_.front().image, target, workplace, options);
}

std::string BuildResult::publish_shallow(const Location& target, const Workplace& workplace) const {
  PublishOptions options;
  for (const auto& made : images_) options.left_out.insert(made.base_layers.begin(), made.base_layers.end());
  return index_ ? ociassemble::publish(*index_, target, workplace, options)
                : ociassemble::publish(images_.front().image, target, workplace, options);
}

std::string BuildResult::json(const std::vector<std::string>& published) const {
  return index_ ? build_json(*index_, images_, published) : build_json(images_.front(), published);
}

PushPlan BuildResult::plan(const Reference& target, const Workplace& workplace) const {
  return index_ ? plan_publish(*index_, target, workplace) : plan_publish(images_.front().image, target, workplace);
}

std::vector<BuildResult> assemble_builds(const std::vector<Build>& builds, const Workplace& workplace) {
  std::vector<AssembleOptions> options;
  for (const auto& build : builds) options.insert(options.end(), build.images.begin(), build.images.end());
  auto images = assemble_all(options, workplace);
  std::vector<BuildResult> results;
  results.reserve(builds.size());
  auto next = std::make_move_iterator(images.begin());
  for (const auto& build : builds) {
    const auto end = next + static_cast<std::ptrdiff_t>(build.images.size());
    results.emplace_back(std::vector<Assembled>(next, end), build.images);
    next = end;
  }
  return results;
}

}  // namespace ociassemble::tool
