// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace ociassemble {

// Why others could decide what is in a folder, which need not be there yet: it, a folder in it or one above it belongs
// to another user (root is nobody's other), or others can write to it. A sticky folder above (/tmp) lets nobody replace
// what is ours; the group that has the user's own number is the user. Nothing when only the user and root can write.
// Symlinks are followed first. Never throws.
std::optional<std::string> why_not_private(const std::filesystem::path& folder) noexcept;

// Makes a folder and those above it that are missing, each private (0700) from its creation on. Throws Error{io}.
void make_private_folders(const std::filesystem::path& folder);

}  // namespace ociassemble
