// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compare/file_facts.hpp"
#include "digest/hasher.hpp"
#include "io/sorted_records.hpp"
#include "ociassemble/image.hpp"
#include "tree/tree.hpp"

namespace ociassemble {

// The files that an image's layers make when they are unpacked, and what single layers did to them. One thread.
class ImageTree : private TreeWatcher {
 public:
  struct LayerDeeds {
    std::uint64_t size = 0;          // of the tar
    SortedRecords placed;            // path in the tar -> where it landed, empty where that is the path; folders too
    std::uint64_t placed_count = 0;  // of its records, or some more
    std::set<std::string> removed;   // by whiteouts, with all below
  };

  ImageTree();
  // Reads every layer and recomputes its diff ID. What the layers of `noted` (counted from 0) do is written down.
  // Throws DigestMismatch, and what reading and Tree::apply() throw.
  void read(const Image& image, const std::set<std::size_t>& noted, const std::stop_token& stop);

  const Tree& tree() const noexcept { return tree_; }
  const std::vector<LayerDeeds>& layers() const noexcept { return layers_; }
  // How a file of the tree is started; of any other node, nothing.
  const FileLinks& links_of(const Tree::Node& node) const;

 private:
  std::optional<Known> read(const TarEntry& entry, Source& data, std::uint32_t layer, std::uint32_t number) override;
  void placed(const TarEntry& entry, const std::string& path) override;
  void removed(const std::string& path) override;

  Tree tree_;
  FactsReader reader_;
  std::vector<LayerDeeds> layers_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, FileLinks> links_;  // by the layer and the entry that has the bytes
  RecordSorter* placed_ = nullptr;                                      // of a layer that is noted
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

// Where a record of LayerDeeds::placed landed.
inline std::string_view place_of(const SortedRecords::Reader& placed) {
  return placed.value().empty() ? placed.key() : placed.value().substr(1);
}

// Whether two nodes are the same to whoever runs the image: type, mode, owner, bytes, link target, attributes. Null is
// nothing.
bool same_file(const Tree::Node* left, const Tree::Node* right);
// "file 0755 0:0 12 B sha256:0123456789ab", for messages; "nothing" for null.
std::string describe_file(const Tree::Node* node);

}  // namespace ociassemble
