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

RegistryOptions options_of(const RegistryOptions& options, const MirrorPlace& place) {
  auto own = options;
  own.username.reset();
  own.password.reset();
  own.mirrors.clear();
  own.progress = {};
  own.tries = std::min(own.tries, kTries);
  if (place.plain_http) own.plain_http.push_back(place.authority);
  return own;
}

}  // namespace

std::optional<Document> Mirror::fetch(const Reference& reference,
                                      const std::shared_ptr<RegistrySession>& origin) const {
  const auto repository = prefix_ + reference.repository();
  try {
    auto there = Reference::parse(session_->registry() + "/" + repository);
    if (reference.tag() || !reference.digest()) there = there.with_tag(reference.tag().value_or("latest"));
    if (reference.digest()) there = there.with_digest(*reference.digest());
    auto document = fetch_document(session_, there);
    document.blobs = std::make_shared<MirroredBlobs>(
        std::move(document.blobs), std::make_shared<RegistryBlobs>(origin, reference.repository()), origin->listener());
    return document;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::interrupted) throw;
    if (error.code() != ErrorCode::not_found) session_->listener().warn(fmt::format("mirror: {}", error.what()));
    return {};
  }
}

std::vector<std::shared_ptr<Mirror>> open_mirrors(const std::string& registry, const RegistryOptions& options,
                                                  const std::stop_token& stop) {
  std::vector<std::shared_ptr<Mirror>> mirrors;
  for (const auto& mirror : options.mirrors) {
    if (!mirror.registry.empty() && mirror.registry != registry) continue;
    const auto place = parse_place(mirror.url);
    auto session =
        std::make_shared<RegistrySession>(place.authority, make_registry_context(options_of(options, place)), stop);
    mirrors.push_back(std::make_shared<Mirror>(std::move(session), place.prefix));
  }
  return mirrors;
}

}  // namespace ociassemble
