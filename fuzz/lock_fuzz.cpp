// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/lock.hpp"

#include "fuzz.hpp"
#include "ociassemble/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ociassemble;
  try {
    auto lock = Lock::parse(fuzz::as_text(data, size), "lock");
    lock.format = kLockFormat;  // as it is written
    const auto written = lock.to_json();
    fuzz::require(Lock::parse(written, "lock") == lock, "to_json() is parsed to the same lock");
    fuzz::require(Lock::parse(written, "lock").to_json() == written, "one value, one text");
  } catch (const Error& error) {
    fuzz::require(error.code() == ErrorCode::corrupt || error.code() == ErrorCode::unsupported,
                  "a bad lock is corrupt or unsupported");
    fuzz::require(!error.hint().empty(), "a bad lock comes with a remedy");
  }
  return 0;
}
