// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/platform.hpp"

#include <optional>

#include "fuzz.hpp"
#include "ociassemble/error.hpp"

namespace {

using ociassemble::Error;
using ociassemble::ErrorCode;
using ociassemble::Platform;
using ociassemble::fuzz::require;

std::optional<Platform> parse(const std::string& text) {
  try {
    return Platform::parse(text);
  } catch (const Error& error) {
    require(error.code() == ErrorCode::invalid_argument, "a bad platform is an invalid argument");
    return std::nullopt;
  }
}

void check_spelling(const Platform& platform) {
  require(platform.normalised() == platform, "what is parsed is normalised");
  require(Platform::parse(platform.to_string()) == platform, "to_string() is parsed to the same platform");
}

// An index's entry may say anything; the first line is asked for, the second offered.
void check_matching(const Platform& asked, const Platform& offered) {
  const auto normalised = offered.normalised();
  require(normalised.normalised() == normalised, "normalising twice changes nothing");
  require(asked.matches(asked), "a platform matches itself");
  require(asked.matches(offered) == asked.normalised().matches(normalised), "the spelling does not matter");
  if (asked.os_version.empty() && offered.os_version.empty())
    require(asked.matches(offered) == offered.matches(asked), "without versions, matching goes both ways");
}

// "OS/ARCHITECTURE/VARIANT@VERSION", any of which may be missing or nonsense.
Platform unchecked(std::string text) {
  Platform platform;
  const auto take_behind = [&text](char separator, std::string& part) {
    const auto at = text.rfind(separator);
    if (at == std::string::npos) return;
    part = text.substr(at + 1);
    text.resize(at);
  };
  take_behind('@', platform.os_version);
  take_behind('/', platform.variant);
  take_behind('/', platform.architecture);
  platform.os = text;
  return platform;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = ociassemble::fuzz::as_text(data, size);
  const auto end_of_line = text.find('\n');
  const auto first = text.substr(0, end_of_line);
  if (const auto platform = parse(first)) check_spelling(*platform);
  check_matching(unchecked(first), unchecked(end_of_line == std::string::npos ? "" : text.substr(end_of_line + 1)));
  return 0;
}
