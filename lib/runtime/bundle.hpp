// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "ociassemble/image.hpp"
#include "ociassemble/runtime.hpp"
#include "store/record_cache.hpp"

namespace ociassemble {

struct BundleOptions {
  std::string runtime;           // the path of runc or crun
  std::filesystem::path folder;  // where roots and configs are kept; made private
  std::filesystem::path state;   // the runtime's own; empty: its usual one
  bool keep_set_id = false;      // set-user-ID and set-group-ID bits of the image's files
  bool terminal = false;
  RecordCache* trees = nullptr;  // of layers that were read before; may be null
};

// What starts a container, to be executed by this process: `words` begin with the runtime's path.
struct Bundle {
  std::vector<std::string> words;
  UniqueFd lock;  // holds the unpacked root, also across an exec
  std::vector<std::string> notes;
};

// Unpacks the image where it has not been, and writes its bundle. Where we are not root, the container has a user
// namespace; without user IDs of our own beyond one (/etc/subuid) the program runs as user 0 of it, as a note says.
// Throws as read_contract(), unpack() and write_bundle_config().
Bundle make_bundle(const Image& image, const RunSettings& settings, const BundleOptions& options,
                   const std::stop_token& stop);

}  // namespace ociassemble
