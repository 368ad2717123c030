// SPDX-License-Identifier: Apache-2.0
#include "compare/image_tree.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "compress/codec.hpp"
#include "io/read_ahead.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

// Two images are held at a time.
constexpr std::uint64_t kMostMetadata = 115'000'000;

// Of each noted layer's list, of which there may be a hundred.
constexpr std::size_t kListMemory = std::size_t{512} << 10U;

std::string short_digest(const FileMark& mark) {
  std::string text = "sha256:";
  for (std::size_t i = 0; i < kShownDigest; ++i) text += fmt::format("{:02x}", mark[i]);
  return text;
}

std::set<std::string> loader_files() {
  std::set<std::string> files(kMuslPaths.begin(), kMuslPaths.end());
  files.insert({kLoaderCachePath, kPreloadPath});
  return files;
}

}  // namespace

ImageTree::ImageTree() : tree_(loader_files(), kMostMetadata) {}

void ImageTree::read(const Image& image, const std::set<std::size_t>& noted, const std::stop_token& stop) {
  stop_ = stop;
  for (std::size_t i = 0; i < image.layers().size(); ++i) {
    const auto& layer = image.layers()[i];
    const auto subject = fmt::format("layer {}", layer.descriptor.digest.to_string());
    HashSource tar_bytes(read_ahead(make_decompressor(layer.blobs->open(layer.descriptor), subject)),
                         layer.diff_id.algorithm());
    tar_bytes_ = &tar_bytes;
    std::optional<RecordSorter> placed;
    if (noted.count(i) != 0) placed_ = &placed.emplace(kListMemory);
    layers_.emplace_back();
    TarReader tar(tar_bytes, subject);
    tree_.apply(tar, this);
    placed_ = nullptr;
    if (placed) layers_.back().placed = placed->finish();
    layers_.back().size = tar_bytes.size();
    const auto diff_id = tar_bytes.finish();
    if (diff_id != layer.diff_id) throw DigestMismatch(subject, layer.diff_id.to_string(), diff_id.to_string());
  }
  tar_bytes_ = nullptr;
  if (!tree_.below_files().empty()) {
    throw Error(ErrorCode::corrupt,
                fmt::format("its entry {} lies below a file", printable(tree_.below_files().front())));
  }
}

std::optional<TreeWatcher::Known> ImageTree::read(const TarEntry& entry, Source& data, std::uint32_t layer,
                                                  std::uint32_t number) {
  auto facts = reader_.read(entry, data, tar_bytes_->size(), stop_);
  if (!facts.links) return Known{facts.mark, 0};
  const auto room = room_of(*facts.links);
  links_.insert_or_assign({layer, number}, std::move(*facts.links));
  return Known{facts.mark, room};
}

const FileLinks& ImageTree::links_of(const Tree::Node& node) const {
  static const FileLinks kNone;
  if (!node.has_mark || node.type != EntryType::regular) return kNone;
  const auto found = links_.find({node.bytes_layer, node.bytes_entry});
  return found == links_.end() ? kNone : found->second;
}

void ImageTree::placed(const TarEntry& entry, const std::string& path) {
  if (placed_ == nullptr) return;
  // The mark in front tells the root from a place that is the path itself.
  placed_->add(entry.path, entry.path == path ? std::string() : "/" + path);
  ++layers_.back().placed_count;
}

void ImageTree::removed(const std::string& path) {
  if (placed_ != nullptr) layers_.back().removed.insert(path);
}

bool same_file(const Tree::Node* left, const Tree::Node* right) {
  if (left == nullptr || right == nullptr) return left == right;
  if (left->type != right->type || left->mode != right->mode || left->uid != right->uid || left->gid != right->gid ||
      left->xattrs() != right->xattrs()) {
    return false;
  }
  if (left->type == EntryType::directory) return true;
  return left->size == right->size && left->link_target() == right->link_target() && left->has_mark &&
         right->has_mark && left->mark == right->mark;
}

std::string describe_file(const Tree::Node* node) {
  if (node == nullptr) return "nothing";
  const auto rights = fmt::format("{:04o} {}:{}", node->mode, node->uid, node->gid);
  switch (node->type) {
    case EntryType::directory:
      return fmt::format("folder {}", rights);
    case EntryType::symlink:
      return fmt::format("link to {}", printable(node->link_target()));
    case EntryType::regular:
      return fmt::format("file {} {} {}", rights, format_size(node->size),
                         node->has_mark ? short_digest(node->mark) : std::string());
    default:
      return fmt::format("special file {}", rights);
  }
}

}  // namespace ociassemble
