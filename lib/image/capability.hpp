// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ociassemble {

// The value of the xattr security.capability (linux/capability.h, VFS_CAP_REVISION_2) that makes the named capabilities
// permitted and effective when the file is executed. Names with or without "cap_", in any case. Throws
// Error{invalid_argument} for a name that there is not.
std::string capability_xattr(const std::vector<std::string>& names);
// The name without "cap_", in small letters.
std::string canonical_capability(const std::string& name);
// The capabilities that such a value makes permitted, of any revision; one without a name here is "cap_NUMBER". Nothing
// for bytes that are no such value.
std::set<std::string> capabilities_of_xattr(std::string_view value);

}  // namespace ociassemble
