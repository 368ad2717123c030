// SPDX-License-Identifier: Apache-2.0
#include "registry/deletion.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ociassemble/error.hpp"
#include "registry/failure.hpp"
#include "registry/manifests.hpp"

namespace ociassemble {
namespace {

constexpr std::string_view kNoSuchTag = "the registry has no such tag";

// Registries refuse in several ways: with 405, with 400 UNSUPPORTED; distribution 2 takes a tag for a malformed digest.
bool is_unsupported(const RegistryAnswer& answer, const Reference& reference) {
  if (answer.status == 405 || answer.status == 501) return true;
  const auto details = parse_error_body(answer.body);
  return std::ranges::any_of(details, [&](const auto& each) {
    return each.code == "UNSUPPORTED" || (!reference.digest() && each.code == "DIGEST_INVALID");
  });
}

HttpError not_supported(const HttpError& refusal, const Reference& reference, const std::optional<Digest>& digest) {
  std::string hint = "the registry may have deletion switched off, or leave it to a web page of its own";
  if (!reference.digest() && digest) {
    hint = fmt::format(
        "the registry may delete manifests only; this deletes the manifest with all its tags: ociassemble delete {}@{}",
        reference.name(), digest->to_string());
  }
  return {ErrorCode::unsupported, refusal.status(), refusal.what(), hint};
}

}  // namespace

std::optional<Digest> delete_from_registry(RegistrySession& session, const Reference& reference) {
  const auto& repository = reference.repository();
  const auto action = "delete " + reference.to_string();
  const auto scope = Scope::remove(repository);
  auto digest = reference.digest();
  if (!digest) {
    const auto facts = head_manifest(session, scope, reference.identifier(), action, session.stop());
    if (facts) digest = facts->digest;
  }
  const auto answer = session.request({.method = "DELETE",
                                       .url = session.endpoint().manifest(repository, reference.identifier()),
                                       .scope = scope,
                                       .stop = session.stop()},
                                      kMaxErrorBody);
  if (answer.succeeded()) return digest;
  const auto missing = reference.digest() ? std::string_view("the registry has no such manifest") : kNoSuchTag;
  if (!is_unsupported(answer, reference)) throw session.failure(action, answer, missing);
  // Not to be told of tags that are not there.
  if (!digest) get_manifest(session, repository, reference.identifier(), action, kNoSuchTag);
  throw not_supported(session.failure(action, answer, missing), reference, digest);
}

}  // namespace ociassemble
