// SPDX-License-Identifier: Apache-2.0
#include "compare/cached_libraries.hpp"

#include <cstdint>

namespace ociassemble {
namespace {

constexpr std::string_view kCacheMagic = "glibc-ld.so.cache1.1";
constexpr std::size_t kCacheHeader = 48;
constexpr std::size_t kCacheEntry = 24;
constexpr std::size_t kCacheFlags = 28;

std::uint32_t word_at(std::string_view bytes, std::size_t at, bool is_big) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = (value << 8U) | static_cast<unsigned char>(bytes[at + (is_big ? i : 3 - i)]);
  }
  return value;
}

std::optional<std::string> text_at(std::string_view bytes, std::size_t at) {
  if (at >= bytes.size()) return {};
  const auto end = bytes.find('\0', at);
  if (end == std::string_view::npos) return {};
  return std::string(bytes.substr(at, end - at));
}

}  // namespace

std::optional<CachedLibraries> parse_cached_libraries(std::string_view bytes) {
  // An older format may stand before it.
  const auto begin = bytes.find(kCacheMagic);
  if (begin == std::string_view::npos) return {};
  bytes.remove_prefix(begin);
  if (bytes.size() < kCacheHeader) return {};
  const bool is_big = bytes[kCacheFlags] == 3;
  const std::size_t count = word_at(bytes, kCacheMagic.size(), is_big);
  if (count > (bytes.size() - kCacheHeader) / kCacheEntry) return {};
  CachedLibraries cache;
  for (std::size_t i = 0; i < count; ++i) {
    const auto entry = kCacheHeader + i * kCacheEntry;
    auto key = text_at(bytes, word_at(bytes, entry + 4, is_big));
    auto value = text_at(bytes, word_at(bytes, entry + 8, is_big));
    if (!key || !value) return {};
    cache[*key].push_back(std::move(*value));
  }
  return cache;
}

}  // namespace ociassemble
