// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "base/unique_fd.hpp"

namespace ociassemble {

// Held by whoever changes a layout's index, or removes blobs by it. Waits for others.
UniqueFd lock_folder(const std::filesystem::path& folder);

}  // namespace ociassemble
