// SPDX-License-Identifier: Apache-2.0
#include "attest/owned_files.hpp"

#include "fuzz.hpp"

// The same bytes for each of the lists that package managers keep.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using ociassemble::fuzz::require;
  const auto text = ociassemble::fuzz::as_text(data, size);
  for (const auto read :
       {&ociassemble::for_each_apk_file, &ociassemble::for_each_dpkg_file, &ociassemble::for_each_summed_file}) {
    std::size_t count = 0;
    read(text, [&](std::string_view path) {
      ++count;
      require(!path.empty() && path.front() != '/', "a path is below the root");
      require(path.size() <= 4096, "a path is bounded");
      require(path.find('\n') == std::string_view::npos, "a path is of one line");
    });
    require(count <= (size + 1) / 2, "each file has a line, of which the last need not end");
  }
  return 0;
}
