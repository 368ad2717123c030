// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/url.hpp"
#include "ociassemble/digest.hpp"

namespace ociassemble {

// Which URLs may be asked without TLS: loopback, and the hosts that the user named ("host" or "host:port").
class PlainHttpPolicy {
 public:
  explicit PlainHttpPolicy(std::vector<std::string> named) : named_(std::move(named)) {}

  bool names(std::string_view authority) const noexcept;
  // Whether the URL has TLS or may do without.
  bool allows(const Url& url) const noexcept;
  // Throws Error{invalid_argument} that names the server, unless the URL is allowed.
  void check(const Url& url) const;

 private:
  std::vector<std::string> named_;
};

// Where a registry answers (OCI distribution specification, "Endpoints"). A value.
class Endpoint {
 public:
  // `registry` is as in a reference: docker.io is asked at registry-1.docker.io.
  // `mirrored` is the registry whose images are wanted from a server of several, which is told so ("ns"); may be empty.
  Endpoint(std::string_view registry, bool tls, std::string mirrored = {});

  Url root() const { return base_; }
  Url manifest(std::string_view repository, std::string_view identifier) const;
  Url blob(std::string_view repository, const Digest& digest) const;
  Url uploads(std::string_view repository) const;
  Url mount(std::string_view repository, const Digest& digest, std::string_view from) const;
  Url tags(std::string_view repository) const;
  Url referrers(std::string_view repository, const Digest& subject) const;
  // Where an answer's Location or Link leads. A plain http one to this registry's own host, which a proxy in front of
  // it easily gets wrong, stays on TLS.
  Url follow(const Url& from, std::string_view location) const;

 private:
  Url of(std::string_view path) const;

  Url base_;  // ends with "/v2/"
  std::string mirrored_;
};

}  // namespace ociassemble
