// SPDX-License-Identifier: Apache-2.0
#include "report/versions.hpp"

#include <fmt/format.h>

#include "compress/codec.hpp"
#include "ociassemble/version.hpp"
#include "report/json_text.hpp"

namespace ociassemble {

std::string version_json() {
  return json_object([](JsonPrinter& json) {
    json.member("version", version());
    json.member("layerFormat", kLayerFormat);
    json.key("codecs").begin_object();
    for (const auto& codec : codec_versions()) json.member(codec.name, codec.version);
    json.end_object();
  });
}

std::string version_text() {
  std::string text = fmt::format("ociassemble {}\nlayer format {}\n", version(), kLayerFormat);
  for (const auto& codec : codec_versions()) text += fmt::format("{} {}\n", codec.name, codec.version);
  return text;
}

}  // namespace ociassemble
