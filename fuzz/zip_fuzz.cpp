// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "base/nameless_file.hpp"
#include "fuzz.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "vulnerabilities/zip_file.hpp"

using namespace ociassemble;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = open_nameless_file();
  write_nameless_file(file.get(), as_bytes(fuzz::as_text(data, size)));
  try {
    const ZipFile archive("/proc/self/fd/" + std::to_string(file.get()));
    for (const auto& entry : archive.entries()) {
      fuzz::require(!entry.name.starts_with("../") && entry.name.find("/../") == std::string::npos,
                    "no entry leaves the archive");
      try {
        const auto bytes = read_all(*archive.open(entry), std::size_t{1} << 20U, "entry");
        fuzz::require(bytes.size() == entry.size, "an entry has the size that it states");
      } catch (const Error&) {
        // An entry that cannot be read says nothing about the next.
      }
    }
  } catch (const Error& error) {
    fuzz::require(error.code() == ErrorCode::corrupt, "an archive is broken, and nothing else");
  }
  return 0;
}
