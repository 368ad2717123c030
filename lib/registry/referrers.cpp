// SPDX-License-Identifier: Apache-2.0
#include "registry/referrers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <utility>

#include "base/task_group.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/manifest.hpp"
#include "registry/link.hpp"
#include "registry/manifests.hpp"
#include "registry/retry.hpp"
#include "spec/index_edit.hpp"

namespace ociassemble {
namespace {

// Two clients that change the tag at once can undo each other's change. So it is read again when whoever read it before
// our change has written theirs.
constexpr int kMaxMerges = 12;
constexpr std::chrono::milliseconds kOthersWrite{150};

void add_unique(std::vector<Descriptor>& all, Descriptor entry) {
  const auto same = [&](const Descriptor& other) { return other.digest == entry.digest; };
  if (std::ranges::none_of(all, same)) all.push_back(std::move(entry));
}

// How registries answer a request that they do not know: 404, as they should; Artifactory 406, Harbor until 2.7 401,
// GitHub with a redirect (303) to its web pages. Where 401 means what it says, so does it for the tag.
bool knows_no_such_request(const RegistryAnswer& answer) {
  constexpr int unknown[] = {303, 400, 401, 404, 405, 406, 501};
  return std::ranges::find(unknown, answer.status) != std::end(unknown) ||
         (answer.status / 100 == 2 && answer.is_web_page());
}

// Whoever reads the error did not ask for an index, but for what is listed.
Index parse_list(const std::string& body, const std::string& action) {
  try {
    return Index::parse(body);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("cannot {}: {}", action, error.what()), error.hint());
  }
}

std::optional<std::vector<Descriptor>> ask_api(RegistrySession& session, const std::string& repository,
                                               const Digest& subject, const std::string& artifact_type,
                                               const std::string& action) {
  auto url = session.endpoint().referrers(repository, subject);
  if (!artifact_type.empty()) url = url.with_query("artifactType", artifact_type);
  std::vector<Descriptor> all;
  PageBudget budget(action);
  for (bool first = true;; first = false) {
    RegistryCall call{
        .url = url, .scope = Scope::pull(repository), .stop = session.stop(), .redirects = Redirects::to_same_resource};
    call.headers.add("Accept", std::string(media_type::kOciIndex));
    const auto answer = session.request(call, kMaxManifestSize);
    if (first && knows_no_such_request(answer)) return {};
    if (!answer.succeeded()) throw session.failure(action, answer);
    budget.take(answer.body.size(), url);
    std::ranges::move(parse_list(answer.body, action).manifests, std::back_inserter(all));
    const auto next = next_page(session.endpoint(), answer.url, answer.headers, action);
    if (!next) return all;
    url = *next;
  }
}

struct TagIndex {
  Index index;
  std::string json;  // empty: the tag names the subject itself
};

std::optional<TagIndex> read_tag(RegistrySession& session, const std::string& repository, const Digest& subject,
                                 const std::string& action) {
  RegistryCall call{.url = session.endpoint().manifest(repository, referrers_tag(subject)),
                    .scope = Scope::pull(repository),
                    .stop = session.stop()};
  call.headers.add("Accept", std::string(media_type::kOciIndex));
  auto answer = session.request(call, kMaxManifestSize);
  if (answer.status == 404) return {};
  if (!answer.succeeded()) throw session.failure(action, answer);
  // GitLab takes the tag for the digest, and answers with the subject.
  if (Digest::of(answer.body, subject.algorithm()) == subject) return TagIndex{};
  auto index = parse_list(answer.body, action);  // others' need not state their type
  return TagIndex{std::move(index), std::move(answer.body)};
}

// What the specification wants the entry to say: the manifest's artifact type (its config's type where it has none) and
// annotations.
std::optional<UnlistedReferrer> referrer_of(const Descriptor& descriptor, const std::string& json) {
  Descriptor entry{.media_type = descriptor.media_type, .digest = descriptor.digest, .size = descriptor.size};
  if (document_kind(json, descriptor.media_type) == DocumentKind::index) {
    auto index = Index::parse(json, descriptor.media_type);
    if (!index.subject) return {};
    entry.artifact_type = std::move(index.artifact_type);
    entry.annotations = std::move(index.annotations);
    return UnlistedReferrer{std::move(*index.subject), std::move(entry)};
  }
  auto manifest = Manifest::parse(json, descriptor.media_type);
  if (!manifest.subject) return {};
  entry.artifact_type =
      manifest.artifact_type.empty() ? std::move(manifest.config.media_type) : std::move(manifest.artifact_type);
  entry.annotations = std::move(manifest.annotations);
  return UnlistedReferrer{std::move(*manifest.subject), std::move(entry)};
}

bool names(const Index& index, const Digest& digest) {
  return std::ranges::find(index.manifests, digest, &Descriptor::digest) != index.manifests.end();
}

// All of one subject.
void merge_into_tag(RegistrySession& session, const std::string& repository,
                    const std::vector<const UnlistedReferrer*>& referrers) {
  const auto& subject = referrers.front()->subject.digest;
  const auto tag = referrers_tag(subject);
  const auto action = fmt::format("list a referrer under {}/{}:{}", session.registry(), repository, tag);
  for (int merge = 0; merge < kMaxMerges; ++merge) {
    if (merge != 0) sleep_until(std::chrono::steady_clock::now() + kOthersWrite, session.stop());
    const auto found = read_tag(session, repository, subject, action);
    if (found && found->json.empty()) {
      throw Error(ErrorCode::unsupported,
                  fmt::format("cannot {}: the registry reads that tag as the digest of the image", action),
                  "this registry cannot list referrers");
    }
    const auto index = found ? found->index : Index();
    // What others wrote there stays, known or not.
    const auto nothing = [](const IndexEntryNames&) { return false; };
    auto json = found ? found->json : index.to_json();
    bool is_complete = true;
    for (const auto* referrer : referrers) {
      if (names(index, referrer->entry.digest)) continue;
      json = put_index_entry(json, nothing, referrer->entry);
      is_complete = false;
    }
    if (is_complete) return;
    const Descriptor descriptor{
        .media_type = std::string(index.media_type()), .digest = Digest::of(json), .size = json.size()};
    put_manifest(session, repository, tag, descriptor, json, action);
  }
  throw Error(ErrorCode::network, fmt::format("cannot {}: others keep changing it", action), "try again later");
}

}  // namespace

std::string referrers_tag(const Digest& subject) {
  return fmt::format("{}-{}", subject.algorithm_name(), subject.hex());
}

std::vector<Descriptor> list_referrers(RegistrySession& session, const std::string& repository, const Digest& subject,
                                       const std::string& artifact_type) {
  const auto action =
      fmt::format("list the referrers of {}/{}@{}", session.registry(), repository, subject.to_string());
  auto found = ask_api(session, repository, subject, artifact_type, action);
  if (!found) {
    auto tag = read_tag(session, repository, subject, action);
    found = tag ? std::move(tag->index.manifests) : std::vector<Descriptor>();
  }
  std::vector<Descriptor> referrers;
  for (auto& entry : *found) {
    // A registry need not filter, and a tag cannot.
    if (artifact_type.empty() || entry.artifact_type == artifact_type) add_unique(referrers, std::move(entry));
  }
  return referrers;
}

std::optional<UnlistedReferrer> unlisted_referrer(const Descriptor& descriptor, const std::string& json,
                                                  const HttpHeaders& answer) {
  if (json.find("\"subject\"") == std::string::npos || answer.find("OCI-Subject")) return {};
  return referrer_of(descriptor, json);
}

void list_under_tags(RegistrySession& session, const std::string& repository,
                     const std::vector<UnlistedReferrer>& referrers) {
  std::map<Digest, std::vector<const UnlistedReferrer*>> by_subject;
  for (const auto& referrer : referrers) by_subject[referrer.subject.digest].push_back(&referrer);
  TaskGroup group(session.context().options.parallel, session.stop());
  for (const auto& [subject, all] : by_subject)
    group.spawn([&, all = &all](const std::stop_token&) { merge_into_tag(session, repository, *all); });
  group.wait();
}

}  // namespace ociassemble
