// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ociassemble {

// Bytes that are there as long as any copy of this is.
struct SharedBytes {
  std::string_view bytes;
  std::shared_ptr<const void> keeper;
};

SharedBytes share(std::string bytes);

// The whole of a regular file; nothing when there is no such file. Throws as read_file_if_exists().
std::optional<SharedBytes> load_file_if_exists(const std::filesystem::path& path, std::size_t limit);

}  // namespace ociassemble
