// SPDX-License-Identifier: Apache-2.0
#include "compare/cached_libraries.hpp"

#include <utility>

#include "inspect/loader_cache.hpp"

namespace ociassemble {

std::optional<CachedLibraries> parse_cached_libraries(std::string_view bytes) {
  auto entries = parse_loader_cache(bytes, CacheEntries::all);
  if (!entries) return {};
  CachedLibraries cache;
  for (auto& entry : *entries) cache[std::move(entry.name)].push_back(std::move(entry.path));
  return cache;
}

}  // namespace ociassemble
