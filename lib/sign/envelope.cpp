// SPDX-License-Identifier: Apache-2.0
#include "sign/envelope.hpp"

#include <fmt/format.h>

#include "base/base64.hpp"
#include "ociassemble/error.hpp"
#include "spec/json.hpp"
#include "spec/json_writer.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMostSubjects = 1024;
constexpr std::size_t kLargestEcdsaSignature = 512;
constexpr JsonLimits kBundleLimits{.size = kLargestAttestation, .depth = 24, .values = 10000};

std::string base64_of(const JsonView& view) {
  auto bytes = decode_base64(view.string());
  if (!bytes) view.refuse("is not base64");
  return std::move(*bytes);
}

Envelope read_envelope(const JsonView& view) {
  const auto signatures = view.at("signatures").elements();
  if (signatures.size() != 1) view.at("signatures").refuse(fmt::format("has {} members, not one", signatures.size()));
  Envelope envelope{view.at("payloadType").string(), base64_of(view.at("payload")),
                    base64_of(signatures.front().at("sig"))};
  if (envelope.payload_type != kStatementPayloadType) view.at("payloadType").refuse("is not that of a Statement");
  if (envelope.signature.size() > kLargestEcdsaSignature) signatures.front().refuse("is longer than any signature");
  return envelope;
}

}  // namespace

std::string pre_authentication_encoding(std::string_view payload_type, std::string_view payload) {
  auto text = fmt::format("DSSEv1 {} {} {} ", payload_type.size(), payload_type, payload.size());
  return text.append(payload);
}

std::string make_bundle(std::string_view statement, std::string_view signature, const PublicKey& key) {
  const auto id = key.id();
  std::string raw_id;
  for (std::size_t i = 0; i < id.hex().size(); i += 2) {
    raw_id += static_cast<char>(std::stoi(std::string(id.hex().substr(i, 2)), nullptr, 16));
  }
  JsonObjectWriter hint;
  hint.string("hint", encode_base64(raw_id));
  JsonObjectWriter material;
  material.json("publicKey", hint.finish());
  JsonObjectWriter one;
  one.string("sig", encode_base64(signature));
  const std::vector<std::string> signatures{one.finish()};
  JsonObjectWriter envelope;
  envelope.string("payload", encode_base64(statement));
  envelope.string("payloadType", kStatementPayloadType);
  envelope.json("signatures", json_array(signatures));
  JsonObjectWriter bundle;
  bundle.string("mediaType", kBundleType);
  bundle.json("verificationMaterial", material.finish());
  bundle.json("dsseEnvelope", envelope.finish());
  return bundle.finish();
}

Envelope parse_bundle(std::string_view json, std::string_view subject) {
  const auto value = parse_json(json, subject, kBundleLimits);
  const JsonView bundle(value, subject);
  const auto media_type = bundle.at("mediaType");
  if (!media_type.string().starts_with(kBundleTypePrefix)) media_type.refuse("is not that of a sigstore bundle");
  return read_envelope(bundle.at("dsseEnvelope"));
}

Envelope parse_envelope(std::string_view json, std::string_view subject) {
  const auto value = parse_json(json, subject, kBundleLimits);
  return read_envelope(JsonView(value, subject));
}

StatementHead parse_statement(std::string_view json, std::string_view subject) {
  const auto value = parse_json(json, subject, {.size = kLargestAttestation});
  const JsonView statement(value, subject);
  const auto type = statement.at("_type");
  if (type.string() != "https://in-toto.io/Statement/v1" && type.string() != "https://in-toto.io/Statement/v0.1") {
    type.refuse("is not that of a Statement of version 1 or 0.1");
  }
  StatementHead head{statement.at("predicateType").string(), {}};
  const auto subjects = statement.at("subject").elements();
  if (subjects.empty() || subjects.size() > kMostSubjects) statement.at("subject").refuse("has none, or too many");
  for (const auto& one : subjects) head.subjects.push_back(one.at("digest").find_string("sha256"));
  return head;
}

}  // namespace ociassemble
