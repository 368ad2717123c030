// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "image/layer_builder.hpp"

namespace ociassemble {

// The few files that a static binary needs from a system: users and groups root, nobody and nonroot (65532), the order
// of name services, /tmp and home folders. The same bytes for every platform.
std::vector<LayerEntry> static_base_entries(std::int64_t mtime);

// Entry makers for files whose bytes are made here.
LayerEntry directory_entry(std::string path, std::uint32_t mode, std::uint64_t uid, std::uint64_t gid,
                           std::int64_t mtime);
LayerEntry text_entry(std::string path, std::uint32_t mode, std::string bytes, std::int64_t mtime);

}  // namespace ociassemble
