// SPDX-License-Identifier: Apache-2.0
#include "gates/musl_names.hpp"

#include <algorithm>
#include <array>

namespace ociassemble {
namespace {

constexpr std::array<std::string_view, 7> kReserved{"c.", "pthread.", "rt.", "m.", "dl.", "util.", "xnet."};

// musl 1.2.4's "lfs64_list" without the "64" behind each.
constexpr std::array<std::string_view, 59> kLargeFileNames{
    "__fxstat",      "__fxstatat",      "__lxstat",    "__xstat",   "aio_cancel", "aio_error", "aio_fsync",
    "aio_read",      "aio_return",      "aio_suspend", "aio_write", "alphasort",  "creat",     "fallocate",
    "fgetpos",       "fopen",           "freopen",     "fseeko",    "fsetpos",    "fstat",     "fstatat",
    "fstatfs",       "fstatvfs",        "ftello",      "ftruncate", "ftw",        "getdents",  "getrlimit",
    "glob",          "globfree",        "lio_listio",  "lockf",     "lseek",      "lstat",     "mkostemp",
    "mkostemps",     "mkstemp",         "mkstemps",    "mmap",      "nftw",       "open",      "openat",
    "posix_fadvise", "posix_fallocate", "pread",       "preadv",    "prlimit",    "pwrite",    "pwritev",
    "readdir",       "scandir",         "sendfile",    "setrlimit", "stat",       "statfs",    "statvfs",
    "tmpfile",       "truncate",        "versionsort"};

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::binary_search(names.begin(), names.end(), name);
}

}  // namespace

bool is_musl_itself(std::string_view library) noexcept {
  if (!library.starts_with("lib")) return false;
  const auto rest = library.substr(3);
  return std::any_of(kReserved.begin(), kReserved.end(), [&](std::string_view name) { return rest.starts_with(name); });
}

bool musl_offers(const std::vector<std::string>& offered, std::string_view symbol) {
  if (has(offered, symbol)) return true;
  if (symbol == "readdir64_r") return has(offered, "readdir_r");
  if (!symbol.ends_with("64")) return false;
  const auto plain = symbol.substr(0, symbol.size() - 2);
  return std::find(kLargeFileNames.begin(), kLargeFileNames.end(), plain) != kLargeFileNames.end() &&
         has(offered, plain);
}

}  // namespace ociassemble
