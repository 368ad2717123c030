// SPDX-License-Identifier: Apache-2.0
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "base/unique_fd.hpp"
#include "fuzz.hpp"
#include "inspect/elf.hpp"
#include "ociassemble/error.hpp"

namespace {

using ociassemble::Error;
using ociassemble::ErrorCode;
using ociassemble::UniqueFd;
using ociassemble::fuzz::require;

bool is_one_line(const std::string& text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7F; });
}

void inspect(const std::string& file) {
  try {
    const auto elf = ociassemble::read_elf(file);
    require(is_one_line(elf.interpreter) && elf.interpreter.size() < 4096, "the interpreter can be shown");
    require(elf.needed.size() <= 4096, "libraries are bounded");
    for (const auto& name : elf.needed) require(is_one_line(name) && !name.empty(), "a library's name can be shown");
    require(is_one_line(elf.go_version) && elf.go_version.size() <= 256, "Go's version can be shown");
    require(!elf_architecture(elf).empty(), "every machine has a name");
  } catch (const Error& error) {
    require(error.code() == ErrorCode::check_failed, "a bad file fails its check");
    require(is_one_line(error.what()), "an error is one line");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const UniqueFd file(::memfd_create("fuzz", MFD_CLOEXEC));
  require(static_cast<bool>(file), "memfd_create");
  require(::write(file.get(), data, size) == static_cast<ssize_t>(size), "write");
  inspect("/proc/self/fd/" + std::to_string(file.get()));
  return 0;
}
