// SPDX-License-Identifier: Apache-2.0
#include "inspect/loader_cache.hpp"

#include <algorithm>

namespace ociassemble {
namespace {

constexpr std::string_view kCacheMagic = "glibc-ld.so.cache1.1";
constexpr std::size_t kCacheHeader = 48;
constexpr std::size_t kCacheEntry = 24;
constexpr std::size_t kLongestPath = 4096;
constexpr std::uint32_t kExtensionMagic = 0xEAA42174;
constexpr std::uint32_t kExtensionHwcaps = 1;
constexpr std::uint64_t kMostExtensions = 64;
constexpr std::uint64_t kMostHwcaps = 4096;
constexpr std::uint64_t kHwcapExtension = std::uint64_t{1} << 62U;  // The low half is an index of the extension's list.
constexpr std::size_t kLargestLoader = std::size_t{16} * 1024 * 1024;

// Numbers and texts of the cache; everything outside it is absent. Offsets count from the magic.
class CacheBytes {
 public:
  explicit CacheBytes(std::string_view bytes)
      : bytes_(bytes), is_little_(bytes.size() <= 28 || (static_cast<unsigned char>(bytes[28]) & 3U) != 3) {}

  bool holds(std::uint64_t at, std::uint64_t size) const { return at <= bytes_.size() && size <= bytes_.size() - at; }

  std::uint64_t number(std::uint64_t at, std::size_t width) const {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i) {
      const std::size_t place = static_cast<std::size_t>(at) + (is_little_ ? width - 1 - i : i);
      value = value << 8U | static_cast<unsigned char>(bytes_[place]);
    }
    return value;
  }

  std::optional<std::string> text(std::uint64_t at) const {
    if (at >= bytes_.size()) return {};
    const auto rest = bytes_.substr(static_cast<std::size_t>(at), kLongestPath + 1);
    const auto end = rest.find('\0');
    if (end == std::string_view::npos || end == 0) return {};
    const auto found = rest.substr(0, end);
    const auto is_control = [](unsigned char c) { return c < ' ' || c == 0x7F; };
    if (std::any_of(found.begin(), found.end(), is_control)) return {};
    return std::string(found);
  }

 private:
  std::string_view bytes_;
  bool is_little_ = true;
};

// The names that entries of glibc-hwcaps folders refer to by their number.
std::vector<std::string> read_hwcaps(const CacheBytes& bytes) {
  std::vector<std::string> names;
  const auto at = bytes.number(32, 4);
  if (at == 0 || !bytes.holds(at, 8) || bytes.number(at, 4) != kExtensionMagic) return names;
  const auto sections = std::min(bytes.number(at + 4, 4), kMostExtensions);
  for (std::uint64_t i = 0; i < sections; ++i) {
    const auto section = at + 8 + 16 * i;  // tag, flags, offset, size
    if (!bytes.holds(section, 16) || bytes.number(section, 4) != kExtensionHwcaps) continue;
    const auto list = bytes.number(section + 8, 4);
    const auto count = std::min(bytes.number(section + 12, 4) / 4, kMostHwcaps);
    for (std::uint64_t n = 0; n < count && bytes.holds(list + 4 * n, 4); ++n)
      names.push_back(bytes.text(bytes.number(list + 4 * n, 4)).value_or(""));
  }
  return names;
}

// Whether a loader of today looks at the entry, and if so, of which folder of glibc-hwcaps it is.
bool take_hwcaps(LoaderCacheEntry& entry, std::uint64_t hwcap, const std::vector<std::string>& hwcaps) {
  if (hwcap == 0) return true;
  const std::size_t index = static_cast<std::uint32_t>(hwcap);
  if ((hwcap & kHwcapExtension) == 0 || index >= hwcaps.size() || hwcaps[index].empty()) return false;
  entry.hwcaps = hwcaps[index];
  return true;
}

std::optional<LoaderCacheEntry> read_entry(const CacheBytes& bytes, std::uint64_t at) {
  LoaderCacheEntry entry;
  entry.flags = static_cast<std::uint32_t>(bytes.number(at, 4));
  auto name = bytes.text(bytes.number(at + 4, 4));
  auto path = bytes.text(bytes.number(at + 8, 4));
  if (!name || !path) return {};
  entry.name = std::move(*name);
  entry.path = std::move(*path);
  return entry;
}

bool is_folder(std::string_view text) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";
  return text.size() >= 5 && text.front() == '/' && text.back() == '/' && text.find("lib") != std::string_view::npos &&
         text.find_first_not_of(kPlain) == std::string_view::npos;
}

// The first two or more texts in a row that are folders.
std::vector<std::string> find_folders(std::string_view bytes) {
  std::vector<std::string> folders;
  while (!bytes.empty()) {
    const auto end = std::min(bytes.find('\0'), bytes.size());
    if (is_folder(bytes.substr(0, end))) {
      folders.emplace_back(bytes.substr(0, end));
    } else {
      if (folders.size() >= 2) return folders;
      folders.clear();
    }
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  return folders.size() >= 2 ? folders : std::vector<std::string>();
}

}  // namespace

std::optional<std::vector<LoaderCacheEntry>> parse_loader_cache(std::string_view bytes, CacheEntries which) {
  // The old form comes first, where it is; its own magic ("ld.so-1.7.0") and entries are skipped.
  const auto start = bytes.find(kCacheMagic);
  if (start == std::string_view::npos || bytes.size() - start < kCacheHeader) return {};
  const CacheBytes cache(bytes.substr(start));
  const auto count = cache.number(20, 4);
  if (!cache.holds(kCacheHeader, count * kCacheEntry)) return {};
  const auto hwcaps = read_hwcaps(cache);
  std::vector<LoaderCacheEntry> entries;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto at = kCacheHeader + i * kCacheEntry;
    auto entry = read_entry(cache, at);
    if (!entry && which == CacheEntries::all) return {};
    if (!entry) continue;
    if (take_hwcaps(*entry, cache.number(at + 16, 8), hwcaps) || which == CacheEntries::all)
      entries.push_back(std::move(*entry));
  }
  return entries;
}

std::vector<std::string> loader_default_folders(const ElfFile& elf, const BoundedFile& file) {
  for (const auto& segment : elf.segments()) {
    if (segment.type != kPtLoad || (segment.flags & kPfWrite) != 0 || segment.file_size > kLargestLoader) continue;
    auto folders = find_folders(file.read(segment.offset, static_cast<std::size_t>(segment.file_size)));
    if (!folders.empty()) return folders;
  }
  return {};
}

}  // namespace ociassemble
