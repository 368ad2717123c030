// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/compare.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "compare/causes.hpp"
#include "compare/layer_alignment.hpp"
#include "compare/layer_changes.hpp"
#include "compare/named_images.hpp"
#include "compare/value_changes.hpp"
#include "image/layer_makers.hpp"

namespace ociassemble {
namespace {

bool base_layers_differ(const Image& before, const Image& after) {
  const auto left = application_layers(before);
  const auto right = application_layers(after);
  if (left.empty() || right.empty()) return false;
  if (left.front() != right.front()) return true;
  for (std::size_t i = 0; i < left.front(); ++i) {
    if (before.layers()[i].diff_id != after.layers()[i].diff_id) return true;
  }
  return false;
}

bool is_recompressed(const LayerComparison& layer) { return layer.change == LayerChange::recompressed; }
bool has_same_contents(const LayerComparison& layer) {
  return layer.change == LayerChange::same || layer.change == LayerChange::recompressed;
}

// Entries that no platform runs: attestations, signatures.
std::vector<std::string> artifacts(const ImageIndex& index) {
  std::vector<std::string> names;
  for (const auto& entry : index.index.manifests) {
    const bool is_image = std::any_of(index.images.begin(), index.images.end(),
                                      [&](const Image& image) { return image.digest() == entry.digest; });
    if (!is_image) names.push_back("artifact " + entry.digest.to_string());
  }
  for (const auto& entry : index.index.unreadable) names.push_back("artifact " + entry.digest);
  std::sort(names.begin(), names.end());
  return names;
}

void compare_artifacts(Comparison& result, const ImageIndex& before, const ImageIndex& after) {
  const auto left = artifacts(before);
  const auto right = artifacts(after);
  std::set_difference(left.begin(), left.end(), right.begin(), right.end(), std::back_inserter(result.only_before));
  std::set_difference(right.begin(), right.end(), left.begin(), left.end(), std::back_inserter(result.only_after));
}

void compare_index_images(Comparison& result, const ImageIndex& before, const ImageIndex& after,
                          const CompareOptions& options) {
  auto pairs = pair_images(before, after);
  for (const auto& [left, right] : pairs.both) result.images.push_back(compare_images(left, right, options));
  result.only_before = std::move(pairs.only_before);
  result.only_after = std::move(pairs.only_after);
  compare_artifacts(result, before, after);
  result.index = compare_indexes(before.index, after.index);
}

void read_layers(ImageComparison& result, const Image& before, const Image& after, const CompareOptions& options,
                 CauseList& causes) {
  MetadataBudget budget;
  // In the layers of another base everything may differ: the base is the cause.
  const auto application = application_layers(before);
  const auto of_base = result.base.moved() && !application.empty() ? application.front() : 0;
  for (auto& layer : result.layers) {
    const bool is_base = layer.before && layer.before->number <= of_base;
    read_changes(layer, before, after, budget, is_base ? nullptr : &causes, options.stop);
  }
}

}  // namespace

Verdict ImageComparison::verdict() const {
  if (before == after) return Verdict::same;
  const bool only_recompressed = config.empty() && manifest.empty() &&
                                 std::any_of(layers.begin(), layers.end(), is_recompressed) &&
                                 std::all_of(layers.begin(), layers.end(), has_same_contents);
  return only_recompressed ? Verdict::recompressed : Verdict::different;
}

Verdict Comparison::verdict() const {
  if (before == after) return Verdict::same;
  const bool same_images = std::all_of(
      images.begin(), images.end(), [](const ImageComparison& image) { return image.verdict() != Verdict::different; });
  const bool any_recompressed = std::any_of(images.begin(), images.end(), [](const ImageComparison& image) {
    return image.verdict() == Verdict::recompressed;
  });
  const bool only_recompressed =
      same_images && any_recompressed && only_before.empty() && only_after.empty() && index.empty();
  return only_recompressed ? Verdict::recompressed : Verdict::different;
}

ImageComparison compare_images(const Image& before, const Image& after, const CompareOptions& options) {
  ImageComparison result{after.config().platform, before.digest(), after.digest(), {}, {}, {}, {}, {}};
  result.base = {annotation(before, kBaseName), annotation(after, kBaseName), annotation(before, kBaseDigest),
                 annotation(after, kBaseDigest), base_layers_differ(before, after)};
  result.layers = align_layers(layer_sides(before), layer_sides(after));
  if (before.digest() == after.digest()) return result;
  result.config = compare_configs(before.config(), after.config());
  result.manifest = compare_manifests(before.manifest(), after.manifest());
  CauseList causes;
  if (options.read_layers) read_layers(result, before, after, options, causes);
  find_image_causes(result, before, after, options, causes);
  result.causes = causes.take();
  return result;
}

Comparison compare(const Document& before, const Document& after, const std::optional<Platform>& platform,
                   const CompareOptions& options) {
  Comparison result{before.descriptor.digest, after.descriptor.digest, {}, {}, {}, {}};
  if (result.before == result.after) {
    if (platform) open_image(before, platform);  // one that is not there is compared with nothing
    return result;
  }
  if (!platform && is_index(before) && is_index(after)) {
    compare_index_images(result, open_index(before, {}), open_index(after, {}), options);
    return result;
  }
  const auto pairs = pair_images(before, after, platform);
  const auto& [left, right] = pairs.both.front();
  result.before = left.digest();
  result.after = right.digest();
  if (result.before != result.after) result.images.push_back(compare_images(left, right, options));
  return result;
}

}  // namespace ociassemble
