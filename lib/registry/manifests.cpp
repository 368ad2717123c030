// SPDX-License-Identifier: Apache-2.0
#include "registry/manifests.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ociassemble/manifest.hpp"
#include "ociassemble/media_type.hpp"
#include "registry/blob_reader.hpp"
#include "registry/failure.hpp"
#include "registry/link.hpp"
#include "registry/tag_list.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMaxTagsPage = std::size_t{16} << 20U;
constexpr std::string_view kSignedManifest = "application/vnd.docker.distribution.manifest.v1+prettyjws";
constexpr std::string_view kOldManifest = "application/vnd.docker.distribution.manifest.v1+json";

HttpHeaders accept_documents() {
  return {{"Accept", fmt::format("{}, {}, {}, {}", media_type::kOciIndex, media_type::kOciManifest,
                                 media_type::kDockerIndex, media_type::kDockerManifest)}};
}

// A word that is no digest, or none that we can compute, is no word.
std::optional<Digest> content_digest(const HttpHeaders& headers) {
  const auto text = headers.find("Docker-Content-Digest");
  if (!text) return {};
  try {
    return Digest::parse(*text);
  } catch (const Error&) {
    return {};
  }
}

// Where a tag is pulled, this is all there is to verify by: what is no digest is not passed over.
std::optional<Digest> promised_digest(const RegistryAnswer& answer, const std::string& action) {
  auto digest = content_digest(answer.headers);
  if (!digest && !answer.headers.find("Docker-Content-Digest").value_or("").empty()) {
    throw Error(ErrorCode::corrupt,
                fmt::format("cannot {}: what the registry sent as the manifest's digest is none", action));
  }
  return digest;
}

// A server's word that is no media type of ours ("text/plain") is no word.
std::string document_type(const HttpHeaders& headers) {
  auto type = media_type_of(headers);
  return is_manifest_type(type) || is_index_type(type) ? type : std::string();
}

std::string detect_type(std::string_view json) {
  const bool index = document_kind(json) == DocumentKind::index;
  return std::string(index ? Index::parse(json).media_type() : Manifest::parse(json).media_type());
}

bool lacks_blobs(const RegistryAnswer& answer) {
  const auto details = parse_error_body(answer.body);
  return std::ranges::any_of(
      details, [](const auto& each) { return each.code == "MANIFEST_BLOB_UNKNOWN" || each.code == "BLOB_UNKNOWN"; });
}

void refuse_schema_1(const RegistryAnswer& answer, const std::string& action) {
  const auto type = media_type_of(answer.headers);
  if (type != kSignedManifest && type != kOldManifest) return;
  throw Error(ErrorCode::unsupported, fmt::format("cannot {}: the image is in Docker's schema 1", action),
              "push it again with a client of this decade");
}

std::vector<std::string> parse_tags(const std::string& body, const std::string& action) {
  if (auto tags = parse_tag_list(body)) return std::move(*tags);
  throw Error(ErrorCode::corrupt, fmt::format("cannot {}: the registry's answer is no list of tags", action));
}

}  // namespace

RegistryAnswer get_manifest(RegistrySession& session, const std::string& repository, const std::string& identifier,
                            const std::string& action, std::string_view missing) {
  auto answer = session.request({.url = session.endpoint().manifest(repository, identifier),
                                 .scope = Scope::pull(repository),
                                 .stop = session.stop(),
                                 .headers = accept_documents()},
                                kMaxManifestSize);
  // Nobody asked for a part (206), and nothing (204, or an empty body) is no manifest.
  if (!answer.succeeded() || answer.status != 200) throw session.failure(action, answer, missing);
  if (answer.body.empty())
    throw Error(ErrorCode::corrupt, fmt::format("cannot {}: the registry answered with an empty manifest", action));
  return answer;
}

std::optional<ManifestFacts> head_manifest(RegistrySession& session, const Scope& scope, const std::string& identifier,
                                           const std::string& action, const std::stop_token& stop, bool large) {
  const auto answer = session.request({.method = "HEAD",
                                       .url = session.endpoint().manifest(scope.repository, identifier),
                                       .scope = scope,
                                       .stop = stop,
                                       .headers = accept_documents(),
                                       .large = large});
  constexpr int silences[] = {403, 404, 405, 501};
  if (std::ranges::find(silences, answer.status) != std::end(silences)) return {};
  if (!answer.succeeded()) throw session.failure(action, answer);
  return ManifestFacts{content_digest(answer.headers), answer.headers.find_number("Content-Length"),
                       document_type(answer.headers)};
}

namespace {

// A tag that is not there is mostly misspelt.
RegistryAnswer get_named_manifest(RegistrySession& session, const Reference& reference, const std::string& action) {
  const auto& repository = reference.repository();
  if (reference.digest())
    return get_manifest(session, repository, reference.identifier(), action, "the registry has no such manifest");
  try {
    return get_manifest(session, repository, reference.identifier(), action, "the registry has no such tag");
  } catch (const HttpError& error) {
    if (error.status() != 404 || !error.hint().empty()) throw;
    throw HttpError(error.code(), error.status(), error.what(),
                    fmt::format("`ociassemble tags {}` lists the tags", reference.name()));
  }
}

}  // namespace

Document fetch_document(const std::shared_ptr<RegistrySession>& session, const Reference& reference) {
  const auto action = "pull " + reference.to_string();
  auto answer = get_named_manifest(*session, reference, action);
  refuse_schema_1(answer, action);
  const auto promised = reference.digest() ? reference.digest() : promised_digest(answer, action);
  const auto digest =
      Digest::of(std::string_view(answer.body), promised ? promised->algorithm() : Digest::Algorithm::sha256);
  if (promised && digest != *promised) {
    throw DigestMismatch("the manifest of " + reference.to_string(), promised->to_string(), digest.to_string());
  }
  auto type = document_type(answer.headers);
  try {
    if (type.empty()) type = detect_type(answer.body);
    document_kind(answer.body, type);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("cannot {}: {}", action, error.what()), error.hint());
  }
  Descriptor descriptor{.media_type = std::move(type), .digest = digest, .size = answer.body.size()};
  return {std::move(descriptor), std::move(answer.body),
          std::make_shared<RegistryBlobs>(session, reference.repository())};
}

std::vector<std::string> list_tags(RegistrySession& session, const Reference& reference) {
  const auto action = "list the tags of " + reference.name();
  std::vector<std::string> tags;
  auto url = session.endpoint().tags(reference.repository());
  for (PageBudget budget(action);;) {
    const auto answer = session.request(
        {.url = url, .scope = Scope::pull(reference.repository()), .stop = session.stop()}, kMaxTagsPage);
    if (!answer.succeeded()) throw session.failure(action, answer, "the registry has no such repository");
    budget.take(answer.body.size(), url);
    auto names = parse_tags(answer.body, action);
    std::ranges::move(names, std::back_inserter(tags));
    const auto next = next_page(session.endpoint(), answer.url, answer.headers, action);
    if (!next) return tags;
    url = *next;
  }
}

RegistryAnswer put_manifest(RegistrySession& session, const std::string& repository, const std::string& identifier,
                            const Descriptor& descriptor, const std::string& json, const std::string& action) {
  auto answer = session.request({.method = "PUT",
                                 .url = session.endpoint().manifest(repository, identifier),
                                 .scope = Scope::push(repository),
                                 .stop = session.stop(),
                                 .headers = {{"Content-Type", descriptor.media_type}},
                                 .body = HttpBody::of(json)});
  if (!answer.succeeded()) {
    if (lacks_blobs(answer)) throw BlobsUnknown(session.failure(action, answer));
    throw session.failure(action, answer);
  }
  // 201 is what it should be (OCI distribution specification, "Pushing Manifests"), and Quay's 202 comes with both
  // fields.
  if (answer.status == 200 && !answer.headers.find("Location") && !answer.headers.find("Docker-Content-Digest")) {
    throw Error(ErrorCode::corrupt,
                fmt::format("cannot {}: the registry answered 200, and not that it stored the manifest", action),
                "check the name of the registry and its port");
  }
  const auto taken = content_digest(answer.headers);
  if (taken && taken->algorithm() == descriptor.digest.algorithm() && *taken != descriptor.digest) {
    throw DigestMismatch("the registry's copy of the manifest", descriptor.digest.to_string(), taken->to_string());
  }
  return answer;
}

}  // namespace ociassemble
