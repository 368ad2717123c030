// SPDX-License-Identifier: Apache-2.0
#include "registry/auth/challenge.hpp"

#include "base/text.hpp"
#include "fuzz.hpp"

namespace {

using ociassemble::Challenge;
using ociassemble::fuzz::require;

// The challenge as a careful server would write it.
std::string written(const Challenge& challenge) {
  std::string text = challenge.scheme + " ";
  for (const auto& [name, value] : challenge.parameters) {
    text += name + "=\"";
    for (const char c : value) text += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    text += "\",";
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = ociassemble::fuzz::as_text(data, size);
  for (const auto& challenge : ociassemble::parse_challenges(text)) {
    require(!challenge.scheme.empty(), "a scheme has a name");
    require(challenge.scheme == ociassemble::to_lower(challenge.scheme), "schemes are in lower case");
    const auto again = ociassemble::parse_challenges(written(challenge));
    require(again.size() == 1 && again.front() == challenge, "what is written is parsed to the same challenge");
  }
  return 0;
}
