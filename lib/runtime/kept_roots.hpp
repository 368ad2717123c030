// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>

#include "base/unique_fd.hpp"
#include "ociassemble/image.hpp"
#include "runtime/unpack.hpp"
#include "tree/tree.hpp"

namespace ociassemble {

// An unpacked image. While `lock` is open, in this process or in one that it became, nobody removes the folder.
struct KeptRoot {
  std::filesystem::path folder;
  UniqueFd lock;  // not closed on exec
  UnpackReport report;
};

// What is kept: at most so many folders and bytes, the least recently used go first, and never one that is in use.
struct KeptRootLimits {
  std::size_t folders = 24;
  std::uint64_t bytes = std::uint64_t{8} << 30U;
};

// Root file systems of images in a private folder, by the chain ID of their layers (OCI image specification,
// config.md), so that each is unpacked once. An image's root shares the files of the layers below its last with a kept
// one. `tree` is empty, and has the image's files afterwards.
class KeptRoots {
 public:
  // Throws Error{io} for a folder where others could write.
  KeptRoots(std::filesystem::path folder, KeptRootLimits limits = {});

  // A root that is read only, and may be shared by several runs.
  KeptRoot shared(const Image& image, bool keep_set_id, Tree& tree, const std::stop_token& stop);
  // One of the caller's own, which may be written to; it goes with the next prune() after its use.
  KeptRoot own(const Image& image, bool keep_set_id, Tree& tree, const std::stop_token& stop);

 private:
  std::filesystem::path place(const Image& image, std::size_t layers, bool keep_set_id) const;
  KeptRoot make(const std::filesystem::path& place, const Image& image, std::size_t layers, const Tree& tree,
                const UnpackOptions& options, const std::stop_token& stop);
  static void fill(KeptRoot& root, const Image& image, std::size_t layers, const Tree& tree,
                   const UnpackOptions& options, const std::stop_token& stop);
  void prune(const std::filesystem::path& except) const;

  std::filesystem::path folder_;
  KeptRootLimits limits_;
};

}  // namespace ociassemble
