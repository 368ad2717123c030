// SPDX-License-Identifier: Apache-2.0
#include "io/shared_bytes.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <span>
#include <utility>

#include "io/streams.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
SharedBytes share(std::string bytes) {
  auto keeper = std::make_shared<const std::string>(std::move(bytes));
  const std::string_view view = *keeper;
  return {view, std::move(keeper)};
}

std::optional<SharedBytes> load_file_if_exists(const std::filesystem::path& path, std::size_t limit) {
  try {
    auto fd = open_regular_file(path);
    struct stat status = {};
    std::string bytes;
    // Read, not mapped: a mapping of a file that somebody truncates meanwhile is a signal (SIGBUS).
    if (::fstat(fd.get(), &status) == 0) bytes.resize(std::min(static_cast<std::size_t>(status.st_size), limit));
    FileSource file(std::move(fd), path.string());
    bytes.resize(read_full(file, std::as_writable_bytes(std::span(bytes))));
    bytes += read_all(file, limit - bytes.size(), path.string());
    return share(std::move(bytes));
  } catch (const Error& error) {
    if (error.code() == ErrorCode::not_found) return {};
    throw;
  }
}

}  // namespace ociassemble
