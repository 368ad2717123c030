// SPDX-License-Identifier: Apache-2.0
#include "io/shared_bytes.hpp"

#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <utility>

#include "io/streams.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr off_t kWorthMapping = off_t{128} * 1024;

// Over a network, a file that is removed elsewhere may be gone for its readers, too, and a mapping of it a signal.
bool keeps_removed_files(int fd) {
  constexpr std::array<unsigned long, 6> kLocal = {EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC,  BTRFS_SUPER_MAGIC,
                                                   TMPFS_MAGIC,      F2FS_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC};
  struct statfs status = {};
  if (::fstatfs(fd, &status) != 0) return false;
  return std::ranges::find(kLocal, static_cast<unsigned long>(status.f_type)) != kLocal.end();
}

// Nothing where the file has to be read.
std::optional<SharedBytes> map_file(int fd, std::size_t limit) {
  struct stat status = {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size < kWorthMapping) return {};
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > limit || !keeps_removed_files(fd)) return {};
  void* const begin = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
  if (begin == MAP_FAILED) return {};
  std::shared_ptr<const void> keeper(begin, [size](const void* mapped) { ::munmap(const_cast<void*>(mapped), size); });
  return SharedBytes{{static_cast<const char*>(begin), size}, std::move(keeper)};
}

}  // namespace

SharedBytes share(std::string bytes) {
  auto keeper = std::make_shared<const std::string>(std::move(bytes));
  const std::string_view view = *keeper;
  return {view, std::move(keeper)};
}

std::optional<SharedBytes> load_file_if_exists(const std::filesystem::path& path, std::size_t limit) {
  try {
    auto fd = open_for_reading(path);
    if (auto mapped = map_file(fd.get(), limit)) return mapped;
    FileSource file(std::move(fd), path.string());
    return share(read_all(file, limit, path.string()));
  } catch (const Error& error) {
    if (error.code() == ErrorCode::not_found) return {};
    throw;
  }
}

}  // namespace ociassemble
