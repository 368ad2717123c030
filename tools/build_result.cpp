// SPDX-License-Identifier: Apache-2.0
#include "build_result.hpp"

#include <algorithm>

#include "ociassemble/report.hpp"
#include "ociassemble/shallow.hpp"

namespace ociassemble::tool {
namespace {

bool asks_for_platform(const BinaryInput& binary) {
  const auto path = binary.source.string();
  const auto has = [&](const char* word) { return path.find(word) != std::string::npos; };
  return has("{os}") || has("{arch}") || has("{variant}");
}

}  // namespace

BuildResult::BuildResult(const std::vector<AssembleOptions>& options, const Workplace& workplace)
    : images_(assemble_all(options, workplace)) {
  if (images_.size() > 1) index_ = make_index(images_, options.front().annotations);
}

const Digest& BuildResult::digest() const noexcept {
  return index_ ? index_->descriptor.digest : images_.front().image.digest();
}

std::vector<std::filesystem::path> BuildResult::inputs() const {
  std::set<std::filesystem::path> all;
  for (const auto& made : images_) all.insert(made.inputs.begin(), made.inputs.end());
  return {all.begin(), all.end()};
}

std::string BuildResult::publish(const Location& target, const Workplace& workplace) const {
  return index_ ? ociassemble::publish(*index_, target, workplace)
                : ociassemble::publish(images_.front().image, target, workplace);
}

std::string BuildResult::publish_shallow(const Location& target, const Workplace& workplace) const {
  std::set<Digest> left_out;
  for (const auto& made : images_) left_out.insert(made.base_layers.begin(), made.base_layers.end());
  return index_ ? ociassemble::publish_shallow(*index_, target, left_out, workplace.stop)
                : ociassemble::publish_shallow(images_.front().image, target, left_out, workplace.stop);
}

std::string BuildResult::json(const std::vector<std::string>& published) const {
  return index_ ? build_json(*index_, published) : build_json(images_.front().image, published);
}

std::vector<Platform> parse_platforms(const std::vector<std::string>& texts) {
  std::vector<Platform> platforms;
  for (std::string_view rest : texts) {
    for (auto comma = rest.find(','); comma != std::string_view::npos; comma = rest.find(',')) {
      platforms.push_back(Platform::parse(rest.substr(0, comma)));
      rest = rest.substr(comma + 1);
    }
    platforms.push_back(Platform::parse(rest));
  }
  return platforms;
}

std::vector<AssembleOptions> options_for(const AssembleOptions& options, const std::vector<Platform>& platforms) {
  if (!platforms.empty()) return for_platforms(options, platforms);
  if (std::any_of(options.binaries.begin(), options.binaries.end(), asks_for_platform)) {
    return for_platforms(options, {host_platform()});
  }
  return {options};
}

}  // namespace ociassemble::tool
