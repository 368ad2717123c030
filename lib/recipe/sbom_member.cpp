// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "ociassemble/sbom.hpp"
#include "recipe/member_reader.hpp"
#include "recipe/members.hpp"

namespace ociassemble {

SbomRequest Members::sbom() const {
  const MemberReader reader(text_, folder_, std::nullopt);
  SbomRequest request;
  with_member(recipe_, "sbom", [&](const auto& node) {
    const auto* formats = node.array() != nullptr ? &node : node.find("formats");
    if (formats == nullptr) request.formats = {SbomFormat::spdx};
    if (formats != nullptr && formats->array()->empty()) {
      reader.refuse(*formats, "no format", R"(write ["spdx"], or leave "sbom" out)");
    }
    for (std::size_t i = 0; formats != nullptr && i < formats->array()->size(); ++i) {
      const auto& element = (*formats->array())[i];
      const auto format = reader.parsed(element, [](const auto& text) { return parse_sbom_format(text); });
      if (std::find(request.formats.begin(), request.formats.end(), format) != request.formats.end()) {
        reader.refuse(element, "this format is there twice", "remove one of them");
      }
      request.formats.push_back(format);
    }
    if (node.object() == nullptr) return;
    with_member(node, "author", [&](const auto& value) { request.options.author = reader.text(value); });
    with_member(node, "supplier", [&](const auto& value) { request.options.supplier = reader.text(value); });
    with_member(node, "name", [&](const auto& value) { request.options.name = reader.text(value); });
    with_member(node, "attestations", [&](const auto& value) {
      request.form = reader.parsed(value, [](const auto& text) { return parse_attestation_form(text); });
    });
  });
  return request;
}

bool Members::provenance() const {
  bool wanted = false;
  with_member(recipe_, "provenance", [&](const auto& node) { wanted = std::get<bool>(node.data); });
  return wanted;
}

}  // namespace ociassemble
