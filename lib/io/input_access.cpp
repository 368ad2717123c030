// SPDX-License-Identifier: Apache-2.0
#include "io/input_access.hpp"

#include <fmt/format.h>

#include <atomic>
#include <system_error>

#include "base/system_error.hpp"

namespace ociassemble {
namespace {

std::atomic<const InputAccess*> in_place = nullptr;

}  // namespace

const InputAccess* InputAccess::current() noexcept { return in_place.load(); }

ScopedInputAccess::ScopedInputAccess(const InputAccess& access) noexcept { in_place = &access; }
ScopedInputAccess::~ScopedInputAccess() { in_place = nullptr; }

std::vector<std::filesystem::path> list_folder(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> members;
  std::error_code failure;
  for (std::filesystem::directory_iterator at(folder, failure), end; at != end; at.increment(failure)) {
    if (failure) break;
    members.push_back(at->path());
  }
  if (failure) throw_errno(fmt::format("cannot read folder {}", folder.string()), failure.value());
  if (const auto* access = InputAccess::current()) access->arrange(members);
  return members;
}

}  // namespace ociassemble
