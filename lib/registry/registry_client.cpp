// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "image/contents.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/registry.hpp"
#include "registry/blob_reader.hpp"
#include "registry/deletion.hpp"
#include "registry/known_blobs.hpp"
#include "registry/manifests.hpp"
#include "registry/mirrors.hpp"
#include "registry/push.hpp"
#include "registry/referrers.hpp"
#include "registry/registry_session.hpp"

namespace ociassemble {
namespace {

Error blocked(const Reference& reference, const std::string& file) {
  return {ErrorCode::unsupported, fmt::format("cannot pull {}: {} blocks the registry", reference.to_string(), file),
          "pull from another registry, or leave the system's configuration aside with --no-system-mirrors"};
}

// Of a registry that is blocked: a build that needs none of them goes on.
class BlockedBlobs : public BlobReader {
 public:
  BlockedBlobs(const Reference& reference, const std::string& file)
      : repository_(reference.name()), error_(blocked(reference, file)) {}
  std::unique_ptr<Source> open(const Descriptor& /*descriptor*/) override { throw error_; }
  std::optional<std::string> repository() const override { return repository_; }

 private:
  const std::string repository_;
  const Error error_;
};

std::optional<Descriptor> find_at(const PullPlace& place) {
  const auto& [session, reference] = place;
  const auto facts = head_manifest(*session, Scope::pull(reference.repository()), reference.identifier(),
                                   "look up " + reference.to_string(), session->stop());
  if (!facts || !facts->digest || !facts->size || facts->media_type.empty()) return {};
  return Descriptor{.media_type = facts->media_type, .digest = *facts->digest, .size = *facts->size};
}

// Such an image is not asked for.
bool has_new_layer(const ImageIndex& index, const Descriptor& entry, const std::shared_ptr<PushAhead>& ahead) {
  const auto image = std::ranges::find(index.images, entry.digest, &Image::digest);
  if (!ahead || image == index.images.end()) return false;
  return std::ranges::any_of(image->layers(),
                             [&](const Layer& layer) { return ahead->is_new(layer.descriptor.digest); });
}

}  // namespace

struct RegistryClient::State {
  struct Registry {
    std::shared_ptr<RegistrySession> session;
    std::shared_ptr<KnownBlobs> known;
  };

  State(RegistryOptions options, std::stop_token wanted_stop)
      : context(make_registry_context(std::move(options))), stop(std::move(wanted_stop)) {}

  // Where to pull the reference from; the files of the system are read by the first call.
  Mirrors::Places places(const Reference& reference) {
    const std::lock_guard lock(mirrors_mutex);
    if (!mirrors) mirrors.emplace(context->options, context->listener, stop);
    return mirrors->of(reference);
  }

  // The registry itself, or what the system's files have in its place.
  PullPlace origin(const Reference& reference, const Mirrors::Places& places) {
    if (!places.blocked_by.empty()) throw blocked(reference, places.blocked_by);
    return places.origin ? *places.origin : PullPlace{of(reference).session, reference};
  }

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

  Push push(const Reference& target, const Digest& root, const std::vector<Document>& referrers) {
    auto registry = of(target);
    return {std::move(registry.session), std::move(registry.known), ahead(target), target, root, referrers};
  }

  std::shared_ptr<PushAhead> ahead(const Reference& target) {
    const std::lock_guard lock(mutex);
    const auto found = aheads.find(target.name());
    return found == aheads.end() ? nullptr : found->second;
  }

  std::vector<std::shared_ptr<PushAhead>> all_ahead() {
    const std::lock_guard lock(mutex);
    std::vector<std::shared_ptr<PushAhead>> all;
    for (const auto& [name, each] : aheads) all.push_back(each);
    return all;
  }

  // The platforms of one image have most layers in common: where one has a new layer, so have the others, and each has
  // a config of its own. Images for several places go to one of them each.
  void expect_configs() {
    const auto all = all_ahead();
    const std::lock_guard lock(mutex);
    if (all.size() == 1) all.front()->expect_configs(expected_images);
  }

  void expect(const Reference& target) {
    auto session = of(target).session;
    std::shared_ptr<PushAhead> pushes;
    {
      const std::lock_guard lock(mutex);
      auto& known = aheads[target.name()];
      if (!known) known = std::make_shared<PushAhead>(std::move(session), target.repository());
      pushes = known;
    }
    if (!target.digest()) pushes->ask_for_manifest(target.tag().value_or("latest"));
  }

  const std::shared_ptr<const RegistryContext> context;
  const std::stop_token stop;
  std::mutex mutex;
  std::map<std::string, Registry> registries;
  std::map<std::string, std::shared_ptr<PushAhead>> aheads;  // by the repository's name
  std::vector<Layer> expected_layers;
  std::size_t expected_images = 0;  // of which the base is known
  bool makes_layer = false;         // since expect_new_layer()
  std::mutex mirrors_mutex;
  std::optional<Mirrors> mirrors;
};

RegistryClient::RegistryClient(RegistryOptions options, std::stop_token stop)
    : state_(std::make_shared<State>(std::move(options), std::move(stop))) {}

RegistryClient::~RegistryClient() = default;

Document RegistryClient::open(const Reference& reference) {
  const auto places = state_->places(reference);
  const auto origin = state_->origin(reference, places);
  for (const auto& mirror : places.mirrors) {
    if (auto found = fetch_from_mirror(mirror, origin)) return std::move(*found);
  }
  return fetch_document(origin.session, origin.reference);
}

std::optional<Descriptor> RegistryClient::find(const Reference& reference) {
  const auto places = state_->places(reference);
  const auto origin = state_->origin(reference, places);
  for (const auto& mirror : places.mirrors) {
    try {
      if (auto found = find_at(mirror)) return found;
    } catch (const Error& error) {
      if (error.code() == ErrorCode::interrupted) throw;  // open() warns of what else there is
    }
  }
  return find_at(origin);
}

std::shared_ptr<BlobReader> RegistryClient::blobs(const Reference& repository) {
  const auto places = state_->places(repository);
  if (!places.blocked_by.empty()) return std::make_shared<BlockedBlobs>(repository, places.blocked_by);
  const auto origin = state_->origin(repository, places);
  return std::make_shared<RegistryBlobs>(origin.session, origin.reference.repository());
}

std::vector<std::string> RegistryClient::tags(const Reference& repository) {
  return list_tags(*state_->of(repository).session, repository);
}

Reference RegistryClient::push(const Image& image, const Reference& target, const std::vector<Document>& referrers,
                               const std::function<void()>& before_tag) {
  const auto find_parts = [&](const auto&, const auto&) { return parts_of(image); };
  return state_->push(target, image.digest(), referrers).run(find_parts, before_tag);
}

Reference RegistryClient::push(const ImageIndex& index, const Reference& target, const std::vector<Document>& referrers,
                               const std::function<void()>& before_tag) {
  const auto ahead = state_->ahead(target);
  const auto find_parts = [&](const auto& has, const auto& action) {
    const auto may_have = [&](const Descriptor& entry) { return !has_new_layer(index, entry, ahead) && has(entry); };
    return parts_of(index, may_have, action);
  };
  return state_->push(target, index.descriptor.digest, referrers).run(find_parts, before_tag);
}

Reference RegistryClient::push(const Document& root, const Reference& target, const std::vector<Document>& referrers) {
  return state_->push(target, root.descriptor.digest, referrers).run([&](const auto& has, const auto&) {
    return parts_of(root, has, state_->stop);
  });
}

std::optional<Digest> RegistryClient::remove(const Reference& reference) {
  if (reference.tag().has_value() == reference.digest().has_value()) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("cannot delete {}: it needs either a tag or a digest", reference.to_string()));
  }
  return delete_from_registry(*state_->of(reference).session, reference);
}

void RegistryClient::expect_push(const Reference& target) { state_->expect(target); }

void RegistryClient::expect_layers(const std::vector<Layer>& layers) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->expected_layers.insert(state_->expected_layers.end(), layers.begin(), layers.end());
    ++state_->expected_images;
    if (!state_->makes_layer) return;
  }
  state_->expect_configs();
}

void RegistryClient::expect_uploads(std::uint64_t size) {
  for (const auto& pushes : state_->all_ahead()) pushes->expect_uploads(size);
}

bool RegistryClient::is_push_expected() const { return !state_->all_ahead().empty(); }

std::shared_ptr<Sink> RegistryClient::expect_new_layer(std::uint64_t size) {
  std::vector<Layer> layers;
  {
    const std::lock_guard lock(state_->mutex);
    layers = std::exchange(state_->expected_layers, {});
    state_->makes_layer = true;
  }
  const auto all = state_->all_ahead();
  std::shared_ptr<Sink> sink;
  const auto streams = all.size() == 1 ? PushAhead::Streaming::allowed : PushAhead::Streaming::none;
  for (const auto& pushes : all) sink = pushes->expect_layer(layers, size, streams);
  state_->expect_configs();
  return sink;
}

void RegistryClient::add_new_layer(const Digest& digest, const std::shared_ptr<Sink>& sent) {
  const auto streamed = std::dynamic_pointer_cast<StreamedUpload>(sent);
  if (streamed) streamed->finish();
  for (const auto& pushes : state_->all_ahead()) pushes->add_new(digest, streamed);
}

PushPlan RegistryClient::plan(const Image& image, const Reference& target, const std::vector<Document>& referrers) {
  return state_->push(target, image.digest(), referrers).plan([&](const auto&, const auto&) {
    return parts_of(image);
  });
}

PushPlan RegistryClient::plan(const ImageIndex& index, const Reference& target,
                              const std::vector<Document>& referrers) {
  return state_->push(target, index.descriptor.digest, referrers).plan([&](const auto& has, const auto& action) {
    return parts_of(index, has, action);
  });
}

PushPlan RegistryClient::plan(const Document& root, const Reference& target, const std::vector<Document>& referrers) {
  return state_->push(target, root.descriptor.digest, referrers).plan([&](const auto& has, const auto&) {
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
