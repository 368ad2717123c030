// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/policy.hpp"

#include "fuzz.hpp"
#include "ociassemble/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ociassemble;
  try {
    const auto policy = Policy::parse(fuzz::as_text(data, size), "policy");
    fuzz::require(policy.rules.size() == describe_rules().size(), "a policy has every rule and no other");
    for (const auto& exception : policy.exceptions)
      fuzz::require(!exception.reason.empty(), "an exception has a reason");
  } catch (const Error& error) {
    fuzz::require(error.code() == ErrorCode::invalid_argument, "a bad policy is the user's");
    fuzz::require(!error.hint().empty(), "a bad policy comes with a remedy");
  }
  return 0;
}
