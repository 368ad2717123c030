// SPDX-License-Identifier: Apache-2.0
#include "spec/embedded_data.hpp"

#include <algorithm>
#include <string_view>

#include "fuzz.hpp"
#include "ociassemble/error.hpp"

namespace {

bool is_one_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7F; });
}

// In any case, as Go reads names; and escaped, which is not looked into.
bool may_name_data(std::string_view text) {
  constexpr std::string_view kName = "data";
  const auto same = [](char left, char right) { return (left | 0x20) == right; };
  return text.find('\\') != std::string_view::npos ||
         std::search(text.begin(), text.end(), kName.begin(), kName.end(), same) != text.end();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using ociassemble::fuzz::require;
  const auto text = ociassemble::fuzz::as_text(data, size);
  try {
    const auto faults = ociassemble::faults_of_embedded_data(text);
    require(faults.size() <= size / 6, "each fault has a descriptor");
    for (const auto& fault : faults) require(is_one_line(fault), "a fault is one line");
    if (!may_name_data(text)) require(faults.empty(), "what is not there has no fault");
  } catch (const ociassemble::Error& error) {
    require(error.code() == ociassemble::ErrorCode::corrupt || error.code() == ociassemble::ErrorCode::unsupported,
            "a bad document is corrupt or unsupported");
  }
  return 0;
}
