// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <mutex>
#include <utility>

#include "ociassemble/registry.hpp"
#include "registry/blob_reader.hpp"
#include "registry/known_blobs.hpp"
#include "registry/manifests.hpp"
#include "registry/push.hpp"
#include "registry/registry_session.hpp"

namespace ociassemble {
struct RegistryClient::State {
  struct Registry {
    std::shared_ptr<RegistrySession> session;
    std::shared_ptr<KnownBlobs> known;
  };

  State(RegistryOptions options, std::stop_token wanted_stop)
      : context(make_registry_context(std::move(options))), stop(std::move(wanted_stop)) {}

  Registry of(const Reference& reference) {
    const std::lock_guard lock(mutex);
    auto found = registries.find(reference.registry());
    if (found == registries.end()) {
      Registry made{std::make_shared<RegistrySession>(reference.registry(), context, stop),
                    std::make_shared<KnownBlobs>()};
      found = registries.emplace(reference.registry(), std::move(made)).first;
    }
    return found->second;
  }

  const std::shared_ptr<const RegistryContext> context;
  const std::stop_token stop;
  std::mutex mutex;
  std::map<std::string, Registry> registries;
};

RegistryClient::RegistryClient(RegistryOptions options, std::stop_token stop)
    : state_(std::make_shared<State>(std::move(options), std::move(stop))) {}

RegistryClient::~RegistryClient() = default;

Document RegistryClient::fetch(const Reference& reference) {
  return fetch_document(state_->of(reference).session, reference);
}

std::optional<Descriptor> RegistryClient::resolve(const Reference& reference) {
  const auto registry = state_->of(reference);
  const auto facts = head_manifest(*registry.session, Scope::pull(reference.repository()), reference.identifier(),
                                   "look up " + reference.to_string(), state_->stop);
  if (!facts || !facts->digest || !facts->size || facts->media_type.empty()) return {};
  return Descriptor{.media_type = facts->media_type, .digest = *facts->digest, .size = *facts->size};
}

std::shared_ptr<BlobReader> RegistryClient::blobs(const Reference& repository) {
  return std::make_shared<RegistryBlobs>(state_->of(repository).session, repository.repository());
}

std::vector<std::string> RegistryClient::tags(const Reference& repository) {
  return list_tags(*state_->of(repository).session, repository);
}

Reference RegistryClient::push(const Image& image, const Reference& target) {
  const auto registry = state_->of(target);
  return push_image(registry.session, registry.known, image, target);
}

Reference RegistryClient::push(const ImageIndex& index, const Reference& target) {
  const auto registry = state_->of(target);
  return push_index(registry.session, registry.known, index, target);
}

}  // namespace ociassemble
