// SPDX-License-Identifier: Apache-2.0
#include "registry/sender.hpp"

#include <fmt/format.h>

#include <string_view>

namespace ociassemble {
namespace {

constexpr int kMaxRedirects = 10;

bool is_redirect(int status, std::string_view method) noexcept {
  if (status == 307 || status == 308) return true;
  return (status == 301 || status == 302 || status == 303) && (method == "GET" || method == "HEAD");
}

void check_redirect(const Url& from, const Url& to) {
  if (!from.is_https() || to.is_https()) return;
  throw Error(ErrorCode::network,
              fmt::format("cannot follow {} to {}: the redirect gives up TLS", from.authority(), to.authority()));
}

}  // namespace

SentAnswer Sender::send(HttpRequest request, const Url& url, const std::optional<std::string>& authorization,
                        const Url& home) const {
  Url at = url;
  for (int redirects = 0; redirects <= kMaxRedirects; ++redirects) {
    auto stream = send_once(request, at, at.same_origin(home) ? authorization : std::nullopt);
    const auto location = stream->headers().find("Location");
    if (!is_redirect(stream->status(), request.method) || !location) return {std::move(stream), at};
    collect_beginning(*stream, 4096);  // so that the connection can be used again
    const auto next = at.resolve(*location);
    check_redirect(at, next);
    at = next;
  }
  throw Error(ErrorCode::network, fmt::format("cannot ask {}: more than {} redirects", url.authority(), kMaxRedirects));
}

std::unique_ptr<HttpStream> Sender::send_once(HttpRequest request, const Url& url,
                                              const std::optional<std::string>& authorization) const {
  policy_.check(url);
  request.url = url.to_string();
  if (authorization) request.headers.add("Authorization", *authorization);
  const auto where = fmt::format("{} {}", request.method, url.without_query());
  if (listener_->traces()) {
    const auto content = request.body ? fmt::format(" ({} bytes)", request.body->size) : std::string();
    listener_->trace(fmt::format("> {}{}{}", where, content, authorization ? " with credentials" : ""));
  }
  try {
    auto stream = transport_->open(request);
    listener_->trace(fmt::format("< {} for {}", stream->status(), where));
    return stream;
  } catch (const TransportError& error) {
    listener_->trace(fmt::format("< nothing for {}: {}", where, error.what()));
    throw;
  }
}

}  // namespace ociassemble
