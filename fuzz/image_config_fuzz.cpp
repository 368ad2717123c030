// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/image_config.hpp"

#include <optional>

#include "fuzz.hpp"
#include "ociassemble/error.hpp"

namespace {

using ociassemble::Error;
using ociassemble::ErrorCode;
using ociassemble::ImageConfig;
using ociassemble::fuzz::require;

std::optional<ImageConfig> parse(const std::string& text) {
  try {
    return ImageConfig::parse(text);
  } catch (const Error& error) {
    require(error.code() == ErrorCode::corrupt, "a bad image config is corrupt");
    return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto config = parse(ociassemble::fuzz::as_text(data, size));
  if (!config) return 0;
  const auto written = config->to_json();
  const auto again = ImageConfig::parse(written);
  require(again == *config, "to_json() is parsed to the same config");
  require(again.to_json() == written, "one value, one text");
  auto changed = again;
  changed.set_env("FUZZ", "1");
  require(changed.env_value("FUZZ") == "1", "what was set is there");
  return 0;
}
