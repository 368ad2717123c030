// SPDX-License-Identifier: Apache-2.0
#include "spec/embedded_data.hpp"

#include <fmt/format.h>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "digest/hasher.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/manifest.hpp"
#include "spec/descriptor_json.hpp"
#include "spec/json.hpp"

namespace ociassemble {
namespace {

void check_embedded(const JsonView& descriptor, std::vector<std::string>& faults) {
  const auto data = descriptor.find("data");
  if (!data) return;
  const auto name = printable(descriptor.at("digest").string());
  const auto bytes = decode_base64(data->string());
  if (!bytes || encode_base64(*bytes) != data->string()) {
    faults.push_back(fmt::format("the embedded data of {} is not base64", name));
  } else if (bytes->size() != descriptor.at("size").size()) {
    faults.push_back(fmt::format("the embedded data of {} has {} bytes, and its descriptor says {}", name,
                                 bytes->size(), descriptor.at("size").size()));
  } else if (is_of_unknown_algorithm(descriptor.at("digest").string())) {
    faults.push_back(fmt::format("the embedded data of {} cannot be checked", name));
  } else if (const auto digest = read_digest(descriptor.at("digest"));
             Digest::of(*bytes, digest.algorithm()) != digest) {
    faults.push_back(fmt::format("the embedded data of {} has another digest", name));
  }
}

}  // namespace

std::vector<std::string> faults_of_embedded_data(std::string_view json) {
  constexpr std::string_view kSubject = "a document's embedded data";
  const auto value = parse_json(json, kSubject, {.size = kMaxManifestSize});
  const JsonView root(value, kSubject);
  std::vector<std::string> faults;
  for (const auto* name : {"config", "subject"}) {
    if (const auto descriptor = root.find(name)) check_embedded(*descriptor, faults);
  }
  for (const auto* name : {"manifests", "layers", "blobs"}) {
    const auto list = root.find(name);
    if (!list) continue;
    for (const auto& descriptor : list->elements()) check_embedded(descriptor, faults);
  }
  return faults;
}

}  // namespace ociassemble
