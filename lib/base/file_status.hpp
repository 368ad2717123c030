// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <optional>

namespace ociassemble {

// What the path leads to; nothing where there is nothing. Throws Error{io} where that cannot be told: a disk's error or
// a folder that may not be searched is no absence.
std::optional<struct stat> file_status(const std::filesystem::path& path);

// The same as a question about one kind.
bool is_folder(const std::filesystem::path& path);
bool is_there(const std::filesystem::path& path);

// The path from the root, not otherwise changed. Throws Error{io} where it is a relative one and the working folder is
// gone or cannot be told.
std::filesystem::path absolute_path(const std::filesystem::path& path);

// Makes a folder and those above it that are missing. Throws Error{io}, Error{not_found}.
void make_folders(const std::filesystem::path& folder, mode_t mode = 0777);

}  // namespace ociassemble
