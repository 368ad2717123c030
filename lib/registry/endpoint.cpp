// SPDX-License-Identifier: Apache-2.0
#include "registry/endpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

Url base_url(std::string_view registry, bool tls) {
  const auto host = registry == "docker.io" ? std::string_view("registry-1.docker.io") : registry;
  return Url::parse(fmt::format("{}://{}/v2/", tls ? "https" : "http", host));
}

}  // namespace

bool PlainHttpPolicy::names(std::string_view authority) const noexcept {
  return std::ranges::find(named_, authority) != named_.end();
}

bool PlainHttpPolicy::allows(const Url& url) const noexcept {
  return url.is_https() || url.is_loopback() || names(url.authority()) || names(url.host()) ||
         names(url.host() + ":" + url.port());
}

void PlainHttpPolicy::check(const Url& url) const {
  if (allows(url)) return;
  throw Error(ErrorCode::invalid_argument, fmt::format("cannot ask {}: it would be plain HTTP", url.authority()),
              "if that is meant, declare the server as one of plain HTTP");
}

Endpoint::Endpoint(std::string_view registry, bool tls, std::string mirrored)
    : base_(base_url(registry, tls)), mirrored_(std::move(mirrored)) {}

Url Endpoint::of(std::string_view path) const {
  auto url = base_.resolve(path);
  return mirrored_.empty() ? url : url.with_query("ns", mirrored_);
}

Url Endpoint::manifest(std::string_view repository, std::string_view identifier) const {
  return of(fmt::format("/v2/{}/manifests/{}", repository, identifier));
}

Url Endpoint::blob(std::string_view repository, const Digest& digest) const {
  return of(fmt::format("/v2/{}/blobs/{}", repository, digest.to_string()));
}

Url Endpoint::uploads(std::string_view repository) const {
  return base_.resolve(fmt::format("/v2/{}/blobs/uploads/", repository));
}

Url Endpoint::mount(std::string_view repository, const Digest& digest, std::string_view from) const {
  return uploads(repository).with_query("mount", digest.to_string()).with_query("from", from);
}

Url Endpoint::tags(std::string_view repository) const { return of(fmt::format("/v2/{}/tags/list", repository)); }

Url Endpoint::referrers(std::string_view repository, const Digest& subject) const {
  return of(fmt::format("/v2/{}/referrers/{}", repository, subject.to_string()));
}

Url Endpoint::follow(const Url& from, std::string_view location) const {
  auto to = from.resolve(location);
  if (!base_.is_https() || to.is_https() || to.host() != base_.host()) return to;
  const auto rest = to.to_string().find('/', std::string_view("http://").size());
  return base_.resolve(rest == std::string::npos ? "/" : to.to_string().substr(rest));
}

}  // namespace ociassemble
