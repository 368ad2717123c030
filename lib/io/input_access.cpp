// SPDX-License-Identifier: Apache-2.0
#include "io/input_access.hpp"

#include <dirent.h>
#include <fmt/format.h>

#include <atomic>
#include <cerrno>
#include <string_view>
#include <utility>

#include "base/system_error.hpp"

namespace ociassemble {
namespace {

std::atomic<const InputAccess*> in_place = nullptr;

}  // namespace

const InputAccess* InputAccess::current() noexcept { return in_place.load(); }

ScopedInputAccess::ScopedInputAccess(const InputAccess& access) noexcept { in_place = &access; }
ScopedInputAccess::~ScopedInputAccess() { in_place = nullptr; }

InputFolder::InputFolder(std::string path) : path_(std::move(path)), opened_(::opendir(path_.c_str()), ::closedir) {
  if (!opened_) throw_errno(fmt::format("cannot read folder {}", path_));
}

int InputFolder::fd() const noexcept { return ::dirfd(opened_.get()); }

std::vector<std::string> InputFolder::names() const {
  std::vector<std::string> members;
  for (;;) {
    errno = 0;
    const dirent* member = ::readdir(opened_.get());
    if (member == nullptr) break;
    const std::string_view name = member->d_name;
    if (name != "." && name != "..") members.emplace_back(name);
  }
  if (errno != 0) throw_errno(fmt::format("cannot read folder {}", path_));
  if (const auto* access = InputAccess::current()) access->arrange(members);
  return members;
}

}  // namespace ociassemble
