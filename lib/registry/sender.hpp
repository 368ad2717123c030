// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/http.hpp"
#include "http/url.hpp"
#include "registry/endpoint.hpp"
#include "registry/listener.hpp"

namespace ociassemble {

struct SentAnswer {
  std::unique_ptr<HttpStream> stream;
  Url url;  // who answered, after all redirects
};

// A request whose body is a secret must not be repeated to another server: within_origin. A 303 leads to something else
// than what was asked for (RFC 9110, 15.4.4), a web page about it: to_same_resource does not follow it.
enum class Redirects { anywhere, within_origin, to_same_resource };

// Sends one request: follows redirects, leaves credentials behind where they do not belong, keeps to the policy on
// plain HTTP, writes the trace. No tries. Safe for concurrent use.
class Sender {
 public:
  Sender(std::shared_ptr<HttpTransport> transport, PlainHttpPolicy policy, std::shared_ptr<Listener> listener)
      : transport_(std::move(transport)), policy_(std::move(policy)), listener_(std::move(listener)) {}

  // `authorization` is the Authorization field; it goes to the origin of `url` only, and to `url` only when
  // `home` (where given) has the same origin. request.url is not looked at. GET and HEAD follow every redirect, other
  // methods 307 and 308. Throws Error{invalid_argument} where `url` would be plain HTTP that is not allowed;
  // Error{network} for a redirect to such, or from TLS to plain HTTP, and for too many; Error{corrupt} for a Location
  // that is none; TransportError. A redirect of a request with a body to another origin is Error{network}
  // where `redirects` is within_origin; a 303 is the answer where it is to_same_resource.
  SentAnswer send(const HttpRequest& request, const Url& url, const std::optional<std::string>& authorization,
                  const Url& home, Redirects redirects = Redirects::anywhere) const;

  const PlainHttpPolicy& policy() const noexcept { return policy_; }
  Listener& listener() const noexcept { return *listener_; }

 private:
  std::unique_ptr<HttpStream> send_once(HttpRequest request, const Url& url,
                                        const std::optional<std::string>& authorization) const;

  const std::shared_ptr<HttpTransport> transport_;
  const PlainHttpPolicy policy_;
  const std::shared_ptr<Listener> listener_;
};

}  // namespace ociassemble
