// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <mutex>
#include <utility>

#include "image/contents.hpp"
#include "ociassemble/registry.hpp"
#include "registry/blob_reader.hpp"
#include "registry/known_blobs.hpp"
#include "registry/manifests.hpp"
#include "registry/mirrors.hpp"
#include "registry/push.hpp"
#include "registry/referrers.hpp"
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

  Push push(const Reference& target, const Digest& root) {
    auto registry = of(target);
    return {std::move(registry.session), std::move(registry.known), target, root};
  }

  std::vector<std::shared_ptr<Mirror>> mirrors(const std::string& registry) {
    const std::lock_guard lock(mutex);
    auto found = mirrored.find(registry);
    if (found == mirrored.end())
      found = mirrored.emplace(registry, open_mirrors(registry, context->options, stop)).first;
    return found->second;
  }

  const std::shared_ptr<const RegistryContext> context;
  const std::stop_token stop;
  std::mutex mutex;
  std::map<std::string, Registry> registries;
  std::map<std::string, std::vector<std::shared_ptr<Mirror>>> mirrored;
};

RegistryClient::RegistryClient(RegistryOptions options, std::stop_token stop)
    : state_(std::make_shared<State>(std::move(options), std::move(stop))) {}

RegistryClient::~RegistryClient() = default;

Document RegistryClient::open(const Reference& reference) {
  const auto origin = state_->of(reference).session;
  for (const auto& mirror : state_->mirrors(reference.registry())) {
    if (auto found = mirror->fetch(reference, origin)) return std::move(*found);
  }
  return fetch_document(origin, reference);
}

std::optional<Descriptor> RegistryClient::find(const Reference& reference) {
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
  return state_->push(target, image.digest()).run([&](const auto&, const auto&) { return parts_of(image); });
}

Reference RegistryClient::push(const ImageIndex& index, const Reference& target) {
  return state_->push(target, index.descriptor.digest).run([&](const auto& has, const auto& action) {
    return parts_of(index, has, action);
  });
}

Reference RegistryClient::push(const Document& root, const Reference& target) {
  return state_->push(target, root.descriptor.digest).run([&](const auto& has, const auto&) {
    return parts_of(root, has, state_->stop);
  });
}

PushPlan RegistryClient::plan(const Image& image, const Reference& target) {
  return state_->push(target, image.digest()).plan([&](const auto&, const auto&) { return parts_of(image); });
}

PushPlan RegistryClient::plan(const ImageIndex& index, const Reference& target) {
  return state_->push(target, index.descriptor.digest).plan([&](const auto& has, const auto& action) {
    return parts_of(index, has, action);
  });
}

PushPlan RegistryClient::plan(const Document& root, const Reference& target) {
  return state_->push(target, root.descriptor.digest).plan([&](const auto& has, const auto&) {
    return parts_of(root, has, state_->stop);
  });
}

std::vector<Descriptor> RegistryClient::referrers(const Reference& repository, const Digest& subject,
                                                  const std::string& artifact_type) {
  return list_referrers(*state_->of(repository).session, repository.repository(), subject, artifact_type);
}

Document RegistryClient::open(const Reference& repository, const Descriptor& manifest) {
  return read_document(manifest,
                       std::make_shared<RegistryBlobs>(state_->of(repository).session, repository.repository()));
}

}  // namespace ociassemble
