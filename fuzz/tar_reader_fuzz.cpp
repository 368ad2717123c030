// SPDX-License-Identifier: Apache-2.0
#include "tar/tar_reader.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "fuzz.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"

namespace {

using namespace ociassemble;
using ociassemble::fuzz::require;

constexpr std::uint64_t kMostData = std::uint64_t{4} << 20U;  // bytes of one archive; sparse files claim any size

bool has_component(const std::string& path, const std::string& name) {
  return ('/' + path + '/').find('/' + name + '/') != std::string::npos;
}

bool is_clean(const std::string& path) {
  return !has_component(path, "..") && !has_component(path, ".") &&
         ('/' + path + '/').find("//", path.empty() ? 1 : 0) == std::string::npos;
}

void check(const TarEntry& entry) {
  require(entry.path.empty() ? entry.type == EntryType::directory : is_clean(entry.path), "paths are clean");
  require(entry.mode <= 07777, "modes are permissions");
  require(entry.type == EntryType::regular || entry.size == 0, "only regular files have data");
  const bool is_link = entry.type == EntryType::hard_link || entry.type == EntryType::symlink;
  require(is_link != entry.link_target.empty(), "links have targets");
  require(entry.type != EntryType::hard_link || is_clean(entry.link_target), "hard links stay inside");
}

void read_all_entries(Source& archive) {
  TarReader reader(archive, "fuzz.tar");
  std::array<std::byte, 8192> buffer{};
  std::uint64_t left = kMostData;
  while (const auto entry = reader.next()) {
    check(*entry);
    std::uint64_t size = 0;
    std::size_t count = 1;
    while (left != 0 && count != 0) {
      count = reader.data().read(buffer);
      size += count;
      left -= std::min<std::uint64_t>(left, count);
    }
    require(size <= entry->size, "data ends with the entry");
    require(count != 0 || size == entry->size, "data is whole");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  StringSource source(ociassemble::fuzz::as_text(data, size));
  try {
    read_all_entries(source);
    std::array<std::byte, 1> more{};
    require(source.read(more) == 0, "all of the source has been read");
  } catch (const Error& error) {
    require(error.code() == ErrorCode::corrupt || error.code() == ErrorCode::unsupported,
            "a bad archive is corrupt or unsupported");
  }
  return 0;
}
