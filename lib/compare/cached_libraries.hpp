// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ociassemble {

// What glibc's /etc/ld.so.cache says: paths by library name, in its order, those that only loaders of before 2.37 take
// included. Nothing for bytes that are no such cache, or of which an entry cannot be read.
using CachedLibraries = std::map<std::string, std::vector<std::string>>;
std::optional<CachedLibraries> parse_cached_libraries(std::string_view bytes);

}  // namespace ociassemble
