// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/elf_file.hpp"

namespace ociassemble {

// /etc/ld.so.cache: where glibc's loader finds a library that no path of the program names.
inline constexpr std::string_view kLoaderCache = "etc/ld.so.cache";

struct LoaderCacheEntry {
  std::uint32_t flags = 0;  // the kind of library (glibc's sysdeps/generic/ldconfig.h)
  std::string name;         // "libz.so.1"
  std::string path;         // "/lib/x86_64-linux-gnu/libz.so.1"
  std::string hwcaps;       // the folder of glibc-hwcaps that it lies in, "x86-64-v3"; empty for one of any machine
};
// Flags of 64-bit libraries.
inline constexpr std::uint32_t kCacheAmd64 = 0x303;
inline constexpr std::uint32_t kCacheArm64 = 0xA03;

// usable: entries that the loader of today ignores (hardware capabilities of before 2.37), that lie outside the file,
// or that hold control characters are left out. all: ignored ones are in, and a file with an entry that cannot be read
// is no cache.
enum class CacheEntries { usable, all };

// The entries in the file's order, which is the loader's (glibc's elf/cache.c; "glibc-ld.so.cache1.1", also behind the
// old form of before 2.32). Nothing for a file that a loader would not take either.
std::optional<std::vector<LoaderCacheEntry>> parse_loader_cache(std::string_view bytes,
                                                                CacheEntries which = CacheEntries::usable);

// The folders that a glibc loader searches at last, in its order, as its own bytes have them: "/lib/x86_64-linux-gnu/",
// "/usr/lib/x86_64-linux-gnu/", "/lib/", "/usr/lib/". Empty where they cannot be found.
std::vector<std::string> loader_default_folders(const ElfFile& elf, const BoundedFile& file);

}  // namespace ociassemble
