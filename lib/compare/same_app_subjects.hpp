// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ociassemble/same_app.hpp"

namespace ociassemble {

inline constexpr const char* kApplicationSubject = "application";
inline constexpr const char* kPlatformSubject = "platform";

// What a change of a member of a config or manifest is about.
std::string subject_of(const ValueChange& change);
// Never for application and platform.
bool is_allowed(const SameAppOptions& options, const std::string& subject);
// Throws Error{invalid_argument} for a name in options.allow that is no subject.
void check_allowances(const SameAppOptions& options);

}  // namespace ociassemble
