// SPDX-License-Identifier: Apache-2.0
#include "spec/oci_layout_file.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "spec/json.hpp"
#include "spec/json_writer.hpp"

namespace ociassemble {

OciLayoutFile OciLayoutFile::parse(std::string_view json) {
  constexpr std::string_view kSubject = "oci-layout";
  const auto document = parse_json(json, kSubject, {.size = kMaxSize});
  OciLayoutFile result{.version = JsonView(document, kSubject).at("imageLayoutVersion").string()};
  if (!result.version.starts_with("1.")) {
    throw Error(ErrorCode::unsupported,
                fmt::format("cannot parse {}: version \"{}\" instead of 1.0.0", kSubject, printable(result.version)));
  }
  return result;
}

std::string OciLayoutFile::to_json() const {
  JsonObjectWriter writer;
  writer.string("imageLayoutVersion", version);
  return writer.finish();
}

}  // namespace ociassemble
