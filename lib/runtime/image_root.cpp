// SPDX-License-Identifier: Apache-2.0
#include "runtime/image_root.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/trace.hpp"
#include "image/layer_reader.hpp"
#include "ociassemble/digest.hpp"
#include "tree/tree_record.hpp"

namespace ociassemble {
namespace {

constexpr const char* kRecordKind = "run-trees";

Digest record_key(const Image& image, std::size_t layers) {
  return Digest::of(fmt::format("{} {}\n{}", kPasswdPath, kGroupPath, chain_id(image, layers)));
}

constexpr std::size_t kMostRecorded = 200'000;  // entries; a larger record would take too much memory at once

// No more than one beyond the limit.
std::size_t count_entries(const Tree::Node& folder, std::size_t limit) {
  std::size_t count = 0;
  for (const auto& child : folder.children) {
    if (count > limit) break;
    ++count;
    if (child.node.type == EntryType::directory) count += count_entries(child.node, limit - std::min(count, limit));
  }
  return count;
}

void put_record(RecordCache& cache, const Image& image, std::size_t layers, const Tree& tree) {
  if (count_entries(tree.root(), kMostRecorded) <= kMostRecorded)
    cache.put(kRecordKind, record_key(image, layers), encode_tree(tree));
}

std::optional<Tree> find_record(const Image& image, std::size_t layers, const RecordCache& cache) {
  auto bytes = cache.find(kRecordKind, record_key(image, layers));
  if (!bytes) return {};
  const auto known = decode_tree(std::move(*bytes));
  if (!known) return {};
  return Tree::continued(known->root(), {kPasswdPath, kGroupPath}, static_cast<std::uint32_t>(layers));
}

}  // namespace

std::string chain_id(const Image& image, std::size_t layers) {
  std::string chain;
  for (std::size_t i = 0; i < layers; ++i) {
    const auto diff_id = image.layers()[i].diff_id.to_string();
    chain = i == 0 ? diff_id : Digest::of(fmt::format("{} {}", chain, diff_id)).to_string();
  }
  return chain;
}

void add_layers(Tree& tree, const Image& image, std::size_t from, std::size_t to, const std::stop_token& stop) {
  for (std::size_t i = from; i < to; ++i) {
    TraceSpan span("read a layer");
    span.note("bytes", image.layers()[i].descriptor.size);
    tree.start_layer();
    for_each_entry(image.layers()[i], stop, [&](const ReadEntry& read) { tree.add(read.entry, read.data); });
  }
}

// The last layer is the one that changes with every build: nobody would read its record.
Tree read_image_root(const Image& image, std::size_t layers, RecordCache* cache, const std::stop_token& stop) {
  Tree tree({kPasswdPath, kGroupPath});
  const auto below = std::max<std::size_t>(image.layers().size(), 1) - 1;
  std::size_t known = cache != nullptr ? std::min(layers, below) : 0;
  for (; known > 0; --known) {
    auto found = find_record(image, known, *cache);
    if (!found) continue;
    tree = std::move(*found);
    break;
  }
  for (std::size_t i = known; i < layers; ++i) {
    add_layers(tree, image, i, i + 1, stop);
    if (cache != nullptr && i + 1 <= below) put_record(*cache, image, i + 1, tree);
  }
  return tree;
}

}  // namespace ociassemble
