// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "compare/file_facts.hpp"
#include "digest/hasher.hpp"
#include "ociassemble/image.hpp"
#include "tree/tree.hpp"

namespace ociassemble {

// The files that an image's layers make when they are unpacked, and what single layers did to them. One thread.
class ImageTree : private TreeWatcher {
 public:
  struct LayerDeeds {
    std::uint64_t size = 0;                     // of the tar
    std::map<std::string, std::string> placed;  // path in the tar -> where it landed; folders too
    std::set<std::string> removed;              // by whiteouts, with all below
  };

  ImageTree();
  // Reads every layer and recomputes its diff ID. What the layers of `noted` (counted from 0) do is written down.
  // Throws DigestMismatch, and what reading and Tree::apply() throw.
  void read(const Image& image, const std::set<std::size_t>& noted, const std::stop_token& stop);

  const Tree& tree() const noexcept { return tree_; }
  const std::vector<LayerDeeds>& layers() const noexcept { return layers_; }

 private:
  std::shared_ptr<const FileFacts> read(const TarEntry& entry, Source& data) override;
  void placed(const TarEntry& entry, const std::string& path) override;
  void removed(const std::string& path) override;

  Tree tree_;
  FactsReader reader_;
  std::vector<LayerDeeds> layers_;
  bool is_noted_ = false;
  const HashSource* tar_bytes_ = nullptr;
  std::stop_token stop_;
};

// The loaders' files that a proof reads.
inline constexpr const char* kLoaderCachePath = "etc/ld.so.cache";
inline constexpr const char* kPreloadPath = "etc/ld.so.preload";
// musl's lists of folders (its configure's names of machines).
inline constexpr std::array kMuslPaths = {
    "etc/ld-musl-x86_64.path",      "etc/ld-musl-aarch64.path", "etc/ld-musl-armhf.path",
    "etc/ld-musl-arm.path",         "etc/ld-musl-i386.path",    "etc/ld-musl-riscv64.path",
    "etc/ld-musl-powerpc64le.path", "etc/ld-musl-s390x.path",   "etc/ld-musl-loongarch64.path"};

// Whether two nodes are the same to whoever runs the image: type, mode, owner, bytes, link target, attributes. Null is
// nothing.
bool same_file(const Tree::Node* left, const Tree::Node* right);
// "file 0755 0:0 12 B sha256:0123456789ab", for messages; "nothing" for null.
std::string describe_file(const Tree::Node* node);

}  // namespace ociassemble
