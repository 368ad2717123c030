// SPDX-License-Identifier: Apache-2.0
#include "registry/sender.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/trace.hpp"

namespace ociassemble {
namespace {

constexpr int kMaxRedirects = 10;

bool is_redirect(int status, std::string_view method, Redirects redirects) noexcept {
  if (status == 303 && redirects == Redirects::to_same_resource) return false;
  if (status == 307 || status == 308) return true;
  return (status == 301 || status == 302 || status == 303) && (method == "GET" || method == "HEAD");
}

// A request until the end of its answer, as a span of the trace.
class TracedStream : public HttpStream {
 public:
  TracedStream(std::unique_ptr<TraceSpan> span, std::unique_ptr<HttpStream> stream)
      : span_(std::move(span)), stream_(std::move(stream)) {}
  TracedStream(const TracedStream&) = delete;
  TracedStream& operator=(const TracedStream&) = delete;
  ~TracedStream() override { span_->note("received bytes", received_); }

  int status() const noexcept override { return stream_->status(); }
  const HttpHeaders& headers() const noexcept override { return stream_->headers(); }
  HttpTiming timing() const noexcept override { return stream_->timing(); }
  std::size_t read(std::span<std::byte> buffer) override {
    const auto count = stream_->read(buffer);
    received_ += count;
    return count;
  }

 private:
  std::unique_ptr<TraceSpan> span_;
  std::unique_ptr<HttpStream> stream_;
  std::uint64_t received_ = 0;
};

std::unique_ptr<HttpStream> open_traced(HttpTransport& transport, const HttpRequest& request, const std::string& name) {
  auto span = std::make_unique<TraceSpan>(name, TraceSpan::Kind::transfer);
  if (request.body && request.body->size != kUnknownSize) span->note("sent bytes", request.body->size);
  auto stream = transport.open(request);
  const auto timing = stream->timing();
  const auto note = [&](const char* key, std::chrono::microseconds time) {
    if (time.count() > 0) span->note(key, static_cast<std::uint64_t>(time.count()));
  };
  span->note("status", static_cast<std::uint64_t>(stream->status()));
  note("connected after us", timing.connected);
  note("TLS after us", timing.secured);
  note("answered after us", timing.answered);
  return std::make_unique<TracedStream>(std::move(span), std::move(stream));
}

void check_redirect(const Url& from, const Url& to, const PlainHttpPolicy& policy) {
  const auto refuse = [&](std::string_view cause) {
    throw Error(ErrorCode::network, fmt::format("cannot follow {} to {}: {}", from.authority(), to.authority(), cause));
  };
  if (from.is_https() && !to.is_https()) refuse("the redirect gives up TLS");
  if (!policy.allows(to)) refuse("it would be plain HTTP");
}

}  // namespace

SentAnswer Sender::send(const HttpRequest& request, const Url& url, const std::optional<std::string>& authorization,
                        const Url& home, Redirects redirects) const {
  if (url.same_origin(home)) {
    policy_.check(url);
  } else {
    check_redirect(home, url, policy_);  // an upload's Location, the next page
  }
  Url at = url;
  for (int followed = 0; followed <= kMaxRedirects; ++followed) {
    auto stream = send_once(request, at, at.same_origin(home) ? authorization : std::nullopt);
    const auto location = stream->headers().find("Location");
    if (!is_redirect(stream->status(), request.method, redirects) || !location) return {std::move(stream), at};
    collect_beginning(*stream, 4096);  // so that the connection can be used again
    const auto next = at.resolve(*location);
    check_redirect(at, next, policy_);
    if (redirects == Redirects::within_origin && request.body && !next.same_origin(at)) {
      throw Error(ErrorCode::network,
                  fmt::format("cannot follow {} to {}: a token would be sent there", at.authority(), next.authority()));
    }
    at = next;
  }
  throw Error(ErrorCode::network, fmt::format("cannot ask {}: more than {} redirects", url.authority(), kMaxRedirects));
}

std::unique_ptr<HttpStream> Sender::send_once(HttpRequest request, const Url& url,
                                              const std::optional<std::string>& authorization) const {
  request.url = url.to_string();
  if (authorization) request.headers.add("Authorization", *authorization);
  const auto where = fmt::format("{} {}", request.method, url.without_query());
  if (listener_->traces()) {
    const bool is_sized = request.body && request.body->size != kUnknownSize;
    const auto content = is_sized ? fmt::format(" ({} bytes)", request.body->size) : std::string();
    listener_->trace(fmt::format("> {}{}{}", where, content, authorization ? " with credentials" : ""));
  }
  try {
    auto stream = is_tracing() ? open_traced(*transport_, request, listener_->scrub(where)) : transport_->open(request);
    listener_->trace(fmt::format("< {} for {}", stream->status(), where));
    return stream;
  } catch (const TransportError& error) {
    listener_->trace(fmt::format("< nothing for {}: {}", where, error.what()));
    throw;
  }
}

}  // namespace ociassemble
