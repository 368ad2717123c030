// SPDX-License-Identifier: Apache-2.0
#include "yaml/yaml.hpp"

#include "fuzz.hpp"
#include "ociassemble/error.hpp"

// libfyaml loses a string of some texts that it refuses.
extern "C" const char* __lsan_default_suppressions() { return "leak:libfyaml"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ociassemble;
  try {
    parse_yaml(fuzz::as_text(data, size), "yaml");
  } catch (const Error& error) {
    fuzz::require(error.code() == ErrorCode::corrupt || error.code() == ErrorCode::unsupported,
                  "what is no YAML is corrupt");
    fuzz::require(!error.hint().empty(), "it comes with a remedy");
  }
  return 0;
}
