// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "ociassemble/image.hpp"
#include "runtime/image_root.hpp"
#include "runtime/unpack.hpp"
#include "store/record_cache.hpp"
#include "tree/tree.hpp"

namespace ociassemble {

// An unpacked image. While `lock` is open, in this process or in one that it became, nobody removes the folder.
struct KeptRoot {
  std::filesystem::path folder;
  UniqueFd lock;  // not closed on exec
  UnpackReport report;
  Tree tree;  // the image's files
};

// What is kept: at most so many folders and bytes, the least recently used go first, and never one that is in use.
struct KeptRootLimits {
  std::size_t folders = 24;
  std::uint64_t bytes = std::uint64_t{8} << 30U;
};

// Root file systems of images in a private folder, by the chain ID of their layers (OCI image specification,
// config.md), so that each is unpacked once. An image's root shares the files of the layers below its last with a kept
// one.
class KeptRoots {
 public:
  // With a cache of trees (read_image_root), the layers of a kept root are not read again. Throws Error{io} for a
  // folder where others could write.
  KeptRoots(std::filesystem::path folder, KeptRootLimits limits = {}, RecordCache* trees = nullptr);

  // A root that is read only, and may be shared by several runs that mount on the same paths: a runtime makes what
  // is not there to be mounted on.
  KeptRoot shared(const Image& image, bool keep_set_id, const std::stop_token& stop,
                  const std::vector<std::string>& mounted_on = {});
  // One of the caller's own, which may be written to; it goes with the next use of this folder after its own.
  KeptRoot own(const Image& image, bool keep_set_id, const std::stop_token& stop);
  // Removes what is beyond the limits, and what interrupted runs left behind.
  void prune() const { prune({}); }

 private:
  std::filesystem::path place(const Image& image, std::size_t layers, bool keep_set_id,
                              const std::vector<std::string>& mounted_on = {}) const;
  KeptRoot make_shared(const std::filesystem::path& whole, const Image& image, bool keep_set_id, RecordCache* trees,
                       const std::stop_token& stop);
  KeptRoot make(const std::filesystem::path& place, const Image& image, std::size_t layers, const Tree& tree,
                const UnpackOptions& options, const std::stop_token& stop);
  static void fill(KeptRoot& root, const Image& image, std::size_t layers, const Tree& tree,
                   const UnpackOptions& options, const std::stop_token& stop);
  void prune(const std::filesystem::path& except) const;

  std::filesystem::path folder_;
  KeptRootLimits limits_;
  RecordCache* trees_;
};

}  // namespace ociassemble
