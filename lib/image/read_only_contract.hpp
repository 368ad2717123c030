// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

#include "ociassemble/image_config.hpp"

namespace ociassemble {

// The labels by which an image says how it is to be run (docs/images.md).
inline constexpr const char* kReadOnlyLabel = "dev.ociassemble.readonly-rootfs";
inline constexpr const char* kWritableLabel = "dev.ociassemble.writable-paths";
inline constexpr const char* kCapabilitiesLabel = "dev.ociassemble.capabilities";

bool is_read_only(const ImageConfig& config);

// A label's words, which are separated by commas.
std::set<std::string> label_words(const ImageConfig& config, const char* label);

// The options of `docker run` and `podman run` that leave a container the capabilities named, and no others. A program
// with a file capability cannot even be executed where the container lacks it, and does not get it where new privileges
// are ruled out.
std::string confinement_options(const std::set<std::string>& capabilities);

}  // namespace ociassemble
