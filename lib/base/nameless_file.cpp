// SPDX-License-Identifier: Apache-2.0
#include "base/nameless_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/system_error.hpp"
#include "base/temporary_parent.hpp"

namespace ociassemble {

UniqueFd open_nameless_file() {
  return in_temporary_parent([](const std::filesystem::path& parent) {
    auto name = (parent / "ociassemble-XXXXXX").string();
    UniqueFd fd(::mkostemp(name.data(), O_CLOEXEC));
    // Never not_found: that would be said of the image.
    if (!fd) {
      throw Error(ErrorCode::io, fmt::format("cannot make a temporary file {}: {}", name, errno_text(errno)));
    }
    ::unlink(name.c_str());
    return fd;
  });
}

void write_nameless_file(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_errno("cannot write a temporary file");
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

}  // namespace ociassemble
