// SPDX-License-Identifier: Apache-2.0
#include "inspect/elf_links.hpp"

#include <algorithm>
#include <string_view>

#include "fuzz.hpp"
#include "ociassemble/error.hpp"

namespace {

using ociassemble::fuzz::require;

bool is_one_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7F; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = ociassemble::fuzz::as_text(data, size);
  const auto links = ociassemble::read_elf_links(ociassemble::BoundedFile("fuzz", bytes));
  require(is_one_line(links.fault), "a fault is one line");
  if (!links.fault.empty()) {
    require(links.interpreter.empty() && links.needed.empty() && links.rpath.empty() && links.runpath.empty(),
            "of a damaged file nothing is said");
    return 0;
  }
  require(is_one_line(links.interpreter) && links.interpreter.size() < 4096, "an interpreter is a path");
  require(links.needed.size() <= 4096, "libraries are bounded");
  for (const auto& name : links.needed) require(!name.empty(), "a library has a name");
  require(links.rpath.empty() || links.runpath.empty(), "DT_RUNPATH takes the place of DT_RPATH");
  return 0;
}
