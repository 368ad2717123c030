// SPDX-License-Identifier: Apache-2.0
#include "inspect/loader_cache.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "raw_elf.hpp"

using namespace ociassemble;
using namespace ociassemble::test;
using namespace std::string_literals;

namespace {

struct CacheLine {
  std::uint64_t flags = 0x303;
  std::string name;
  std::string path;
  std::uint64_t hwcap = 0;
};

// The form of glibc 2.32 and later (elf/cache.c, "struct cache_file_new"): magic, count, size of the texts, byte order,
// place of the extension, entries, texts, extension with the names of glibc-hwcaps folders.
std::string cache_of(const std::vector<CacheLine>& lines, bool little = true, const std::string& hwcap_name = {}) {
  RawElf raw;
  raw.little = little;
  const auto word = [&](std::uint64_t value) { return raw.number(value, 4); };
  const std::size_t texts_at = 48 + 24 * lines.size();
  std::string texts;
  std::string entries;
  const auto put = [&](const std::string& text) {
    const auto at = texts_at + texts.size();
    texts += text + '\0';
    return word(at);
  };
  for (const auto& line : lines) {
    entries += word(line.flags) + put(line.name);
    entries += put(line.path) + word(0) + raw.number(line.hwcap, 8);
  }
  const auto hwcap_text = put(hwcap_name);
  texts.resize((texts.size() + 3) / 4 * 4, '\0');
  const auto extension_at = texts_at + texts.size();
  // Magic, one section: tag 1 (glibc-hwcaps), flags, place and size of a list of one text.
  const auto extension =
      word(0xEAA42174) + word(1) + word(1) + word(0) + word(extension_at + 24) + word(4) + hwcap_text;
  return "glibc-ld.so.cache1.1" + word(lines.size()) + word(texts.size()) + (little ? "\2" : "\3") + "\0\0\0"s +
         word(hwcap_name.empty() ? 0 : extension_at) + std::string(12, '\0') + entries + texts + extension;
}

std::vector<std::string> folders_in(const std::string& data) {
  RawElf raw;
  raw.type = 3;
  raw.segments = {{1, 5, 0x1000, "code"}, {1, 4, 0x2000, data}};
  const std::string bytes = raw.bytes();
  const BoundedFile file("ld.so", bytes);
  return loader_default_folders(ElfFile(file), file);
}

}  // namespace

TEST_CASE("the loader's cache is read in both byte orders, in its order") {
  for (const bool little : {true, false}) {
    const auto entries = parse_loader_cache(
        cache_of({{0x303, "libz.so.1", "/lib/libz.so.1", 0}, {0xA03, "liba.so", "/usr/lib/liba.so", 0}}, little));
    REQUIRE(entries);
    REQUIRE(entries->size() == 2);
    CHECK((*entries)[0].name == "libz.so.1");
    CHECK((*entries)[0].path == "/lib/libz.so.1");
    CHECK((*entries)[0].flags == kCacheAmd64);
    CHECK((*entries)[0].hwcaps.empty());
    CHECK((*entries)[1].flags == kCacheArm64);
  }
}

TEST_CASE("the cache is found behind the old form") {
  const auto entries = parse_loader_cache("ld.so-1.7.0\0\0\0\0\0"s + cache_of({{0x303, "liba.so", "/lib/liba.so", 0}}));
  REQUIRE(entries);
  REQUIRE(entries->size() == 1);
  CHECK((*entries)[0].path == "/lib/liba.so");
}

TEST_CASE("entries of glibc-hwcaps folders name their folder, and others are left out") {
  const std::uint64_t extension = std::uint64_t{1} << 62U;
  const auto entries = parse_loader_cache(cache_of({{0x303, "a", "/lib/glibc-hwcaps/x86-64-v3/a", extension},
                                                    {0x303, "b", "/lib/b", extension | 1U},
                                                    {0x303, "c", "/lib/haswell/c", 4},
                                                    {0x303, "d", "/lib/d", 0}},
                                                   true, "x86-64-v3"));
  REQUIRE(entries);
  REQUIRE(entries->size() == 2);
  CHECK((*entries)[0].hwcaps == "x86-64-v3");
  CHECK((*entries)[1].name == "d");
}

TEST_CASE("a cache that makes no sense is none, and entries that do not are left out") {
  CHECK_FALSE(parse_loader_cache(""));
  CHECK_FALSE(parse_loader_cache("ld.so-1.7.0"));
  auto bytes = cache_of({{0x303, "a", "/lib/a", 0}, {0x303, "b\x1b", "/lib/b", 0}, {0x303, "c", "", 0}});
  REQUIRE(parse_loader_cache(bytes));
  CHECK(parse_loader_cache(bytes)->size() == 1);
  CHECK_FALSE(parse_loader_cache(std::string_view(bytes).substr(0, 100)));
  bytes.replace(20, 4, 4, '\xff');  // the number of entries
  CHECK_FALSE(parse_loader_cache(bytes));
  bytes = cache_of({{0x303, "a", "/lib/a", 0}});
  bytes.replace(52, 4, 4, '\xff');  // the place of the name
  CHECK(parse_loader_cache(bytes)->empty());
}

TEST_CASE("all entries of a cache include those of older loaders, or are none") {
  const auto entries =
      parse_loader_cache(cache_of({{0x303, "c", "/lib/haswell/c", 4}, {0x303, "d", "/lib/d", 0}}), CacheEntries::all);
  REQUIRE(entries);
  REQUIRE(entries->size() == 2);
  CHECK((*entries)[0].path == "/lib/haswell/c");
  CHECK_FALSE(
      parse_loader_cache(cache_of({{0x303, "a", "/lib/a", 0}, {0x303, "b\x1b", "/lib/b", 0}}), CacheEntries::all));
}

TEST_CASE("a loader's default folders are in its bytes") {
  using Folders = std::vector<std::string>;
  CHECK(folders_in("text\0/lib/x86_64-linux-gnu/\0/usr/lib/x86_64-linux-gnu/\0/lib/\0/usr/lib/\0other\0"s) ==
        Folders{"/lib/x86_64-linux-gnu/", "/usr/lib/x86_64-linux-gnu/", "/lib/", "/usr/lib/"});
  CHECK(folders_in("/lib64/\0/usr/lib64/\0"s) == Folders{"/lib64/", "/usr/lib64/"});
  CHECK(folders_in("/lib/\0other\0/lib64/\0/usr/lib64/\0\0"s) == Folders{"/lib64/", "/usr/lib64/"});
  CHECK(folders_in("/lib/\0/etc/\0/lib/\0"s).empty());
  CHECK(folders_in("").empty());
}
