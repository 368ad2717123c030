// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ociassemble {

// The form of TarEntry::path: no leading '/', "." components, "//" and trailing '/'; empty for the root. Nothing where
// the path climbs with a ".." component, wherever it leads.
std::optional<std::string> normalise_tar_path(std::string_view path);

// Whether a path is in that form, not empty and free of NUL.
bool is_canonical_tar_path(std::string_view path) noexcept;

// A name from an archive, fit for one line of a message: control characters as "\xNN", long ones cut.
std::string tar_name_for_message(std::string_view name);

}  // namespace ociassemble
