// SPDX-License-Identifier: Apache-2.0
#include "spec/timestamp.hpp"

#include <fmt/format.h>

#include <ctime>

#include "ociassemble/error.hpp"

namespace ociassemble {

std::string format_timestamp(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm utc{};
  if (::gmtime_r(&time, &utc) == nullptr || utc.tm_year < -1900 || utc.tm_year > 8099) {
    throw Error(ErrorCode::invalid_argument, fmt::format("cannot write {} seconds as a date: out of range", seconds));
  }
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec);
}

}  // namespace ociassemble
