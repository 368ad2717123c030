// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <utility>

#include "ociassemble/artifact.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/manifest.hpp"
#include "ociassemble/media_type.hpp"
#include "spec/json.hpp"
#include "spec/json_writer.hpp"

namespace ociassemble {
namespace {

constexpr std::string_view kEmptyJson = "{}";
constexpr std::string_view kStatementType = "application/vnd.in-toto+json";
constexpr std::size_t kLargestPredicate = std::size_t{64} << 20U;

}  // namespace

Document make_referrer(const Descriptor& subject, std::string_view artifact_type, std::string_view layer_type,
                       std::string_view content, const Annotations& annotations,
                       const std::shared_ptr<BlobStore>& store) {
  return make_referrer(subject, artifact_type, store->put(content, layer_type), annotations, store);
}

Document make_referrer(const Descriptor& subject, std::string_view artifact_type, const Descriptor& layer,
                       const Annotations& annotations, const std::shared_ptr<BlobStore>& store) {
  Manifest manifest{.artifact_type = std::string(artifact_type), .config = store->put(kEmptyJson, media_type::kEmpty)};
  manifest.layers.push_back(layer);
  manifest.subject = Descriptor{.media_type = subject.media_type, .digest = subject.digest, .size = subject.size};
  manifest.annotations = annotations;
  auto json = manifest.to_json();
  auto descriptor = store->put(json, manifest.media_type());
  descriptor.artifact_type = artifact_type;
  return {std::move(descriptor), std::move(json), store};
}

std::string make_statement(const Digest& subject, std::string_view predicate_type, std::string_view predicate) {
  const auto value = parse_json(predicate, "the predicate", {.size = kLargestPredicate});
  if (!std::holds_alternative<JsonValue::Object>(value.data)) {
    throw Error(ErrorCode::corrupt, "cannot use the predicate: it is not a JSON object");
  }
  JsonObjectWriter digest;
  digest.string(subject.algorithm_name(), subject.hex());
  JsonObjectWriter named;
  named.json("digest", digest.finish());
  const std::vector<std::string> subjects{named.finish()};
  JsonObjectWriter statement;
  statement.string("_type", "https://in-toto.io/Statement/v1");
  statement.json("subject", json_array(subjects));
  statement.string("predicateType", predicate_type);
  statement.json("predicate", to_json(value));
  return statement.finish();
}

Document make_statement_referrer(const Descriptor& subject, std::string_view predicate_type, std::string_view predicate,
                                 const std::shared_ptr<BlobStore>& store) {
  return make_referrer(subject, kStatementType, kStatementType,
                       make_statement(subject.digest, predicate_type, predicate),
                       {{"in-toto.io/predicate-type", std::string(predicate_type)}}, store);
}

}  // namespace ociassemble
