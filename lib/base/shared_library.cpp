// SPDX-License-Identifier: Apache-2.0
#include "base/shared_library.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "ociassemble/error.hpp"

namespace ociassemble {

SharedLibrary::SharedLibrary(std::string name, std::string hint)
    : name_(std::move(name)), hint_(std::move(hint)), handle_(::dlopen(name_.c_str(), RTLD_NOW | RTLD_LOCAL)) {
  if (handle_ == nullptr) fail();
}

void* SharedLibrary::address_of(const char* function) const {
  void* address = ::dlsym(handle_, function);
  if (address == nullptr) fail();
  return address;
}

void SharedLibrary::fail() const {
  const char* text = ::dlerror();
  std::string_view cause = text != nullptr ? text : "no cause is known";
  if (cause.starts_with(name_ + ": ")) cause.remove_prefix(name_.size() + 2);
  throw LibraryMissing(ErrorCode::unsupported, fmt::format("cannot load {}: {}", name_, cause), hint_);
}

}  // namespace ociassemble
