// SPDX-License-Identifier: Apache-2.0
#include "compare/image_tree.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "compress/codec.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

// Two images are held at a time.
constexpr std::uint64_t kMostMetadata = 115'000'000;

std::string short_digest(const FileFacts& facts) {
  std::string text = "sha256:";
  for (std::size_t i = 0; i < 6; ++i) text += fmt::format("{:02x}", facts.digest[i]);
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
    HashSource tar_bytes(make_decompressor(layer.blobs->open(layer.descriptor), subject), layer.diff_id.algorithm());
    tar_bytes_ = &tar_bytes;
    is_noted_ = noted.count(i) != 0;
    layers_.emplace_back();
    TarReader tar(tar_bytes, subject);
    tree_.apply(tar, this);
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

std::shared_ptr<const FileFacts> ImageTree::read(const TarEntry& entry, Source& data) {
  return reader_.read(entry, data, tar_bytes_->size(), stop_);
}

void ImageTree::placed(const TarEntry& entry, const std::string& path) {
  if (is_noted_) layers_.back().placed.insert_or_assign(entry.path, path);
}

void ImageTree::removed(const std::string& path) {
  if (is_noted_) layers_.back().removed.insert(path);
}

bool same_file(const Tree::Node* left, const Tree::Node* right) {
  if (left == nullptr || right == nullptr) return left == right;
  if (left->type != right->type || left->mode != right->mode || left->uid != right->uid || left->gid != right->gid ||
      left->xattrs() != right->xattrs()) {
    return false;
  }
  if (left->type == EntryType::directory) return true;
  return left->size == right->size && left->link_target() == right->link_target() && left->facts && right->facts &&
         left->facts->digest == right->facts->digest;
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
                         node->facts ? short_digest(*node->facts) : std::string());
    default:
      return fmt::format("special file {}", rights);
  }
}

}  // namespace ociassemble
