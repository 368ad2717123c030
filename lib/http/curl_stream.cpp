// SPDX-License-Identifier: Apache-2.0
#include "http/curl_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/escape.hpp"
#include "base/stop.hpp"
#include "base/system_error.hpp"
#include "base/waiting.hpp"
#include "http/proxy.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kPiece = std::size_t{256} * 1024;  // of a body, read at once

TransportError::Kind kind_of(CURLcode result, std::string_view text) noexcept {
  using Kind = TransportError::Kind;
  switch (result) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return Kind::transient;
    case CURLE_SSL_CONNECT_ERROR: {  // a connection cut in the handshake, or a disagreement about TLS
      // "SSL_ERROR_SYSCALL", "Connection reset by peer"; and of OpenSSL 3 by a newer curl "unexpected eof while
      // reading".
      const auto says = [&](std::string_view word) { return text.find(word) != std::string_view::npos; };
      return says("SYSCALL") || says("reset") || says("unexpected eof") ? Kind::transient : Kind::not_tls;
    }
    default:  // the other hundred are about certificates, wrong options and other protocols
      return Kind::permanent;
  }
}

bool is_certificate_problem(CURLcode result) noexcept {
  return result == CURLE_PEER_FAILED_VERIFICATION || result == CURLE_SSL_ISSUER_ERROR;
}

// curl repeats a proxy that it cannot use as the user wrote it, with the password.
std::string without_user_information(std::string text) {
  for (auto at = text.find('@'); at != std::string::npos; at = text.find('@', at)) {
    const auto token = text.find_last_of(" '\"", at);
    auto begin = token == std::string::npos ? 0 : token + 1;
    if (const auto scheme = text.find("//", begin); scheme < at) begin = scheme + 2;
    text.replace(begin, at - begin, "***");
    at = begin + 4;
  }
  return text;
}
}  // namespace

CurlStream::CurlStream(std::shared_ptr<CurlContext> context, const HttpRequest& request)
    : context_(std::move(context)),
      url_(Url::parse(request.url)),
      stop_(request.stop),
      loop_(is_unshared(request) ? &context_->large_loop : &context_->loop),
      body_(request.body) {
  try {
    do {
      begin(request);
    } while (!await_answer());
  } catch (...) {
    close();
    throw;
  }
}

CurlStream::~CurlStream() { close(); }

void CurlStream::close() noexcept {
  on_stop_.reset();
  if (transfer_) loop_->end(*transfer_);
}

// Whether it needs a connection that nothing else shares, where a server could have others.
bool CurlStream::is_unshared(const HttpRequest& request) const {
  const bool large = request.large || (request.body && is_large(request.body->size));
  return large && url_.is_https() && !speaks_http_1();
}

// What is known of a server with TLS.
bool CurlStream::speaks_http_1() const {
  return context_->http_1_servers.with(
      [&](const std::set<std::string>& servers) { return servers.contains(url_.authority()); });
}

void CurlStream::begin(const HttpRequest& request) {
  throw_if_stopped(stop_);
  close();
  body_left_ = body_ ? body_->size : 0;
  body_source_.reset();
  piece_.clear();
  transfer_ = std::make_shared<CurlTransfer>(url_.authority(), body_left_);
  configure(request);
  on_stop_.emplace(stop_, [transfer = transfer_.get()] { transfer->interrupt(); });
  feed();  // the first piece is there when curl asks for it
  loop_->start(transfer_);
}

void CurlStream::configure(const HttpRequest& request) {
  CURL* easy = transfer_->easy();
  const auto& options = context_->options;
  set_option(easy, CURLOPT_URL, url_.to_string().c_str());
  set_option(easy, CURLOPT_SHARE, context_->share.get());
  set_option(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set_option(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set_option(easy, CURLOPT_NOSIGNAL, 1L);
  set_option(easy, CURLOPT_QUICK_EXIT, 1L);  // a name that nobody answers for must not hold up the others
  set_option(easy, CURLOPT_CONNECTTIMEOUT, static_cast<long>(options.connect_timeout.count()));
  set_option(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  set_option(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stall_timeout.count()));
  set_option(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  set_option(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set_option(easy, CURLOPT_USERAGENT, "ociassemble");
  // What listens on this machine is not to be found behind a proxy.
  if (url_.is_loopback() || !options.unix_socket.empty()) set_option(easy, CURLOPT_NOPROXY, "*");
  if (!options.unix_socket.empty()) set_option(easy, CURLOPT_UNIX_SOCKET_PATH, options.unix_socket.c_str());
  context_->tls.apply(easy, url_);
  set_version(request);
  set_method(request);
  set_headers(request);
}

void CurlStream::set_version(const HttpRequest& request) {
  CURL* easy = transfer_->easy();
  may_be_http_2_ = !is_large(body_left_) && !request.large;
  if (!may_be_http_2_) {
    set_option(easy, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
    return;
  }
  // A build of curl without HTTP/2 refuses this, and goes on with HTTP/1.1.
  curl().easy_setopt(easy, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_2TLS});
  // A request waits for a connection that is being made, to share it, where it can be shared.
  const bool may_share = url_.is_https() && !speaks_http_1();
  set_option(easy, CURLOPT_PIPEWAIT, may_share ? 1L : 0L);
}

void CurlStream::set_method(const HttpRequest& request) {
  CURL* easy = transfer_->easy();
  if (request.method == "HEAD") {
    set_option(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  const bool sends = body_ || request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  set_option(easy, sends ? CURLOPT_UPLOAD : CURLOPT_HTTPGET, 1L);
  if (request.method != "GET") set_option(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void CurlStream::set_headers(const HttpRequest& request) {
  request_headers_.reset();
  append(request_headers_, "Expect:");  // waiting for a "100 Continue" costs a round trip
  for (const auto& [name, value] : request.headers) {
    if (!is_field_name(name) || !is_field_value(value)) {
      throw Error(ErrorCode::invalid_argument,
                  fmt::format("cannot ask {}: a header field holds a control character", url_.authority()));
    }
    append(request_headers_, value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
  }
  set_option(transfer_->easy(), CURLOPT_HTTPHEADER, request_headers_.get());
}

// False when the request did not leave, and should be made once more.
bool CurlStream::await_answer() {
  for (;;) {
    throw_if_stopped(stop_);
    answer_ = transfer_->answer();
    if (answer_ != nullptr) break;
    if (transfer_->is_done()) {
      if (is_certificate_problem(transfer_->result()) && context_->tls.widen(url_)) return false;
      fail();
    }
    feed();
    if (!transfer_->wait_for_answer(!piece_.empty())) tell_of_wait();
  }
  if (url_.is_https() && may_be_http_2_ && !answer_->multiplexed) {
    context_->http_1_servers.with([&](std::set<std::string>& servers) { servers.insert(url_.authority()); });
  }
  return true;
}

// Hands over as much of the body as there is room for, and has the next piece ready.
void CurlStream::feed() {
  for (;;) {
    if (piece_.empty() && body_left_ == 0) return;
    if (piece_.empty() && !read_piece()) {
      transfer_->end_body();
      loop_->wake_for(*transfer_);
      return;
    }
    if (!transfer_->offer(piece_)) return;
    loop_->wake_for(*transfer_);
  }
}

// False at the end of a body of unknown size.
bool CurlStream::read_piece() {
  if (!body_source_) body_source_ = body_->open();
  piece_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, body_left_)));
  const auto count = body_source_->read(piece_);
  if (body_left_ == kUnknownSize) {
    piece_.resize(count);
    if (count == 0) body_left_ = 0;
    return count != 0;
  }
  if (count == 0) {
    throw Error(ErrorCode::corrupt,
                fmt::format("cannot send to {}: {} bytes of the content are missing", url_.authority(), body_left_));
  }
  piece_.resize(count);
  body_left_ -= count;
  if (body_left_ != 0) return true;
  // A verifying source says only at its end whether the bytes were the right ones: ask before the last of them leave.
  std::byte extra{};
  if (body_source_->read(std::span(&extra, 1)) != 0) {
    throw Error(ErrorCode::corrupt,
                fmt::format("cannot send to {}: the content is longer than it should be", url_.authority()));
  }
  return true;
}

void CurlStream::fail() {
  const auto result = transfer_->result() == CURLE_OK ? CURLE_GOT_NOTHING : transfer_->result();
  const auto received = transfer_->received();
  const std::string_view detail = transfer_->error_text();
  const auto kind = kind_of(result, detail);
  long error_number = 0;
  curl().easy_getinfo(transfer_->easy(), CURLINFO_OS_ERRNO, &error_number);
  auto cause = without_user_information(std::string(detail.empty() ? curl().easy_strerror(result) : detail));
  if (result == CURLE_COULDNT_CONNECT && error_number != 0) cause = errno_text(static_cast<int>(error_number));
  if (result == CURLE_GOT_NOTHING || result == CURLE_SEND_FAIL_REWIND)
    cause = "the connection was closed without an answer";
  // What libcurl says of a field of more than 100 KiB, too.
  if (result == CURLE_OUT_OF_MEMORY) cause = "out of memory, or the answer's headers are too large";
  if (result == CURLE_PARTIAL_FILE) cause = fmt::format("the connection was cut after {} bytes", received);
  std::string hint;
  if (is_certificate_problem(result)) {
    hint = context_->tls.has_system_authorities()
               ? "for a private certificate authority, name its certificate as the CA file"
               : "this machine has no CA certificates in any known place; install the package ca-certificates, or name "
                 "a PEM file in SSL_CERT_FILE";
  }
  if (kind == TransportError::Kind::not_tls) hint = "a server without TLS must be declared as one of plain HTTP";
  const char* action = answer_ != nullptr ? "cannot read from" : "cannot reach";
  throw TransportError(kind, fmt::format("{} {}: {}", action, server(), cause), hint);
}

std::string CurlStream::server() const {
  const auto& socket = context_->options.unix_socket;
  return socket.empty() ? url_.authority() + through(proxy_for(url_)) : socket.string();
}

// Once of each server: many requests may wait for it at once.
void CurlStream::tell_of_wait() const {
  const auto name = server();
  const bool is_new = context_->awaited.with([&](auto& all) { return all.insert(name).second; });
  if (is_new) ociassemble::tell_of_wait("for " + name);
}

std::size_t CurlStream::read(std::span<std::byte> buffer) {
  if (buffer.empty()) return 0;
  if (held_position_ == held_.size()) next_piece();
  const auto count = std::min(buffer.size(), held_.size() - held_position_);
  if (count != 0) std::memcpy(buffer.data(), held_.data() + held_position_, count);
  held_position_ += count;
  return count;
}

// Leaves `held_` empty at the end of the answer.
void CurlStream::next_piece() {
  held_.clear();
  held_position_ = 0;
  for (;;) {
    throw_if_stopped(stop_);
    const bool done = transfer_->is_done();  // asked first: what came before is still taken
    if (transfer_->take(held_)) {
      loop_->wake_for(*transfer_);
      return;
    }
    if (done) break;
    feed();
    if (!transfer_->wait_for_body(!piece_.empty())) tell_of_wait();
  }
  if (transfer_->result() != CURLE_OK) fail();
}

}  // namespace ociassemble
