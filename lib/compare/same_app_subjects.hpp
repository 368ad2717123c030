// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "ociassemble/same_app.hpp"

namespace ociassemble {

inline constexpr const char* kApplicationSubject = "application";
inline constexpr const char* kPlatformSubject = "platform";
inline constexpr const char* kStartSubject = "start";
inline constexpr std::string_view kFilesPrefix = "files:";

// What a change of a member of a config or manifest is about.
std::string subject_of(const ValueChange& change);
// Never for application and platform; for "start" only where it is named.
bool is_allowed(const SameAppOptions& options, const std::string& subject);
// Whether a "files:/PATH" names the path or a folder above it.
bool is_path_allowed(const SameAppOptions& options, std::string_view path);
// Whether one names a path below the folder.
bool is_path_allowed_below(const SameAppOptions& options, std::string_view folder);
// Throws Error{invalid_argument} for a name in options.allow that is no subject.
void check_allowances(const SameAppOptions& options);

}  // namespace ociassemble
