// SPDX-License-Identifier: Apache-2.0
#include "registry/mirrors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ociassemble/error.hpp"
#include "registry/blob_reader.hpp"
#include "registry/manifests.hpp"

namespace ociassemble {
namespace {

constexpr int kTries = 2;  // there is another place to ask

// Reads from the mirror, and what that does not give from the registry. It says no repository: that the mirror has a
// blob does not mean that the registry does.
class MirroredBlobs : public BlobReader {
 public:
  MirroredBlobs(std::shared_ptr<BlobReader> mirror, std::shared_ptr<BlobReader> origin, Listener& listener)
      : mirror_(std::move(mirror)), origin_(std::move(origin)), listener_(listener) {}

  std::unique_ptr<Source> open(const Descriptor& descriptor) override {
    try {
      return mirror_->open(descriptor);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::interrupted) throw;
      listener_.trace(fmt::format("the mirror does not help: {}", error.what()));
    }
    return origin_->open(descriptor);
  }

 private:
  const std::shared_ptr<BlobReader> mirror_;
  const std::shared_ptr<BlobReader> origin_;  // keeps the listener alive
  Listener& listener_;
};

struct MirrorPlace {
  bool plain_http = false;
  std::string authority;
  std::string prefix;
};

MirrorPlace parse_place(const std::string& text) {
  const bool schemed = text.find("://") != std::string::npos;
  const auto url = Url::parse(schemed ? text : "https://" + text);
  const auto& whole = url.to_string();
  const auto path = whole.find('/', whole.find("://") + 3);
  MirrorPlace place{schemed && !url.is_https(), url.authority(),
                    path == std::string::npos ? std::string() : whole.substr(path + 1)};
  if (place.prefix.find_first_of("?#") != std::string::npos) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("cannot use the mirror {}: its URL has a query", url.without_query()),
                "a mirror is [http://]HOST[:PORT][/PREFIX]");
  }
  while (place.prefix.ends_with('/')) place.prefix.pop_back();
  if (!place.prefix.empty()) place.prefix += '/';
  return place;
}

RegistryOptions options_of_mirrors(RegistryOptions options) {
  // Those that are meant for a mirror by its name are sent there; those for "every registry" are for registries.
  if (options.credentials_registry == "*") {
    options.username.reset();
    options.password.reset();
  }
  options.mirrors.clear();
  options.system_mirrors = false;
  options.progress = {};
  options.tries = std::min(options.tries, kTries);
  return options;
}

// The reference by another name, which may not be one: a prefix in upper case.
Reference renamed(const Reference& reference, const std::string& name) {
  auto there = Reference::parse(name);
  if (reference.tag() || !reference.digest()) there = there.with_tag(reference.tag().value_or("latest"));
  return reference.digest() ? there.with_digest(*reference.digest()) : there;
}

std::string_view trust_words(const HostTrust& trust) {
  if (trust.scheme == HostTrust::Scheme::http) return ", over plain HTTP";
  if (!trust.any_certificate) return "";
  return trust.scheme == HostTrust::Scheme::https_else_http ? ", with any certificate or over plain HTTP"
                                                            : ", with any certificate";
}

}  // namespace

std::optional<Document> fetch_from_mirror(const PullPlace& mirror, const PullPlace& origin) {
  auto& listener = origin.session->listener();
  try {
    auto document = fetch_document(mirror.session, mirror.reference);
    document.blobs = std::make_shared<MirroredBlobs>(
        std::move(document.blobs), std::make_shared<RegistryBlobs>(origin.session, origin.reference.repository()),
        listener);
    return document;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::interrupted) throw;
    if (error.code() != ErrorCode::not_found) listener.warn(fmt::format("mirror: {}", error.what()));
    return {};
  }
}

Mirrors::Mirrors(const RegistryOptions& options, const std::shared_ptr<Listener>& listener, std::stop_token stop)
    : options_(options_of_mirrors(options)), named_(options.mirrors), listener_(listener), stop_(std::move(stop)) {
  if (!options.system_mirrors) return;
  system_.emplace(SystemMirrorFiles::of_environment(), [listener](const std::string& text) { listener->warn(text); });
}

Mirrors::Places Mirrors::of(const Reference& reference) {
  Places places;
  for (const auto& mirror : named_) {
    if (!mirror.registry.empty() && mirror.registry != reference.registry()) continue;
    const auto place = parse_place(mirror.url);
    const HostTrust trust{.scheme = place.plain_http ? HostTrust::Scheme::http : HostTrust::Scheme::as_usual};
    places.mirrors.push_back({session_of(place.authority, trust),
                              renamed(reference, place.authority + "/" + place.prefix + reference.repository())});
  }
  if (!system_) return places;
  const auto sources = system_->sources(reference);
  places.blocked_by = sources.blocked_by;
  for (const auto& source : sources.mirrors) {
    if (auto place = place_of(source)) places.mirrors.push_back(std::move(*place));
  }
  if (sources.origin) places.origin = place_of(*sources.origin);
  return places;
}

// Nothing, and a warning, where the file's certificates cannot be read.
std::optional<PullPlace> Mirrors::place_of(const SystemSource& source) {
  try {
    listener_->trace(fmt::format("{} names {} for pulls{}", source.file, source.authority, trust_words(source.trust)));
    return PullPlace{session_of(source.authority, source.trust), source.reference};
  } catch (const Error& error) {
    listener_->warn(fmt::format("{}: {} is not asked: {}", source.file, source.authority, error.what()));
    return {};
  }
}

std::shared_ptr<RegistrySession> Mirrors::session_of(const std::string& authority, const HostTrust& trust) {
  const auto known = std::ranges::find_if(
      known_, [&](const Known& each) { return each.authority == authority && each.trust == trust; });
  if (known != known_.end()) return known->session;
  auto session = std::make_shared<RegistrySession>(authority, make_registry_context(options_, authority, trust), stop_);
  known_.push_back({authority, trust, session});
  return session;
}

}  // namespace ociassemble
