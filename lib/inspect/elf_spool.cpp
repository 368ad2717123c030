// SPDX-License-Identifier: Apache-2.0
#include "inspect/elf_spool.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <string_view>
#include <utility>

#include "base/nameless_file.hpp"
#include "base/system_error.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/io.hpp"

namespace ociassemble {
namespace {

constexpr std::string_view kSpooledMagic =
    "\x7f"
    "ELF";

}  // namespace

void ElfSpool::begin() {
  if (size_ != 0 && (::ftruncate(fd_.get(), 0) != 0 || ::lseek(fd_.get(), 0, SEEK_SET) != 0)) {
    throw_errno("cannot write a temporary file");
  }
  kind_ = Kind::unknown;
  head_.clear();
  size_ = 0;
}

void ElfSpool::write(std::span<const std::byte> bytes) {
  if (kind_ == Kind::other) return;
  if (kind_ == Kind::kept) return keep(bytes);
  const auto missing = kSpooledMagic.size() - head_.size();
  head_ += as_text(bytes.first(std::min(missing, bytes.size())));
  if (head_.size() < kSpooledMagic.size()) return;
  kind_ = head_ == kSpooledMagic ? Kind::kept : Kind::other;
  if (kind_ == Kind::other) return;
  keep(as_bytes(head_));
  keep(bytes.subspan(std::min(missing, bytes.size())));
}

void ElfSpool::keep(std::span<const std::byte> bytes) {
  if (bytes.size() > largest_ - size_) {
    begin();
    kind_ = Kind::other;
    return;
  }
  if (!fd_) fd_ = open_nameless_file();
  write_nameless_file(fd_.get(), bytes);
  size_ += bytes.size();
}

std::optional<BoundedFile> ElfSpool::file(std::string name) const {
  if (kind_ != Kind::kept) return {};
  UniqueFd copy(::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy) throw_errno("cannot read a temporary file");
  return BoundedFile(std::move(copy), std::move(name));
}

}  // namespace ociassemble
