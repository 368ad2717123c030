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

std::optional<RecipeSigning> Members::signing() const {
  const auto* node = recipe_.find("sign");
  if (node == nullptr) return {};
  const MemberReader reader(text_, folder_, std::nullopt);
  const auto* key = node->string() != nullptr ? node : node->find("key");
  if (key == nullptr) reader.refuse(*node, "no key", R"(add "key": "release.key", or "key": "env:NAME")");
  // Neither the error nor anything else repeats it.
  if (key->string()->find("-----BEGIN") != std::string::npos) {
    reader.refuse(*key, "the key itself is written here, where everybody can read it who has the recipe",
                  "name its file, or a variable as env:NAME; and make a new key, since this one is no secret any more");
  }
  RecipeSigning signing;
  signing.key = reader.text(*key).starts_with("env:") ? reader.text(*key) : reader.path(*key).string();
  signing.place = reader.place(*key);
  with_member(*node, "passphraseFile", [&](const auto& value) { signing.passphrase_file = reader.path(value); });
  return signing;
}

}  // namespace ociassemble
