// SPDX-License-Identifier: Apache-2.0
#include "http/curl_stream.hpp"

#include <fmt/format.h>
#include <sys/select.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/escape.hpp"
#include "base/stop.hpp"
#include "base/system_error.hpp"
#include "http/proxy.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kWindow = std::size_t{512} * 1024;  // held for a reader before the sender has to wait
constexpr long kReceiveBuffer = 256L * 1024;
constexpr long kSendBuffer = 512L * 1024;
constexpr std::size_t kMaxHeaderBytes = std::size_t{256} * 1024;
constexpr int kPollMilliseconds = 1000;

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r' || text.back() == '\n'))
    text.remove_suffix(1);
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return text;
}

// "HTTP/1.1 404 Not Found", "HTTP/2 404".
int parse_status(std::string_view line) noexcept {
  const auto space = line.find(' ');
  if (space == std::string_view::npos) return 0;
  const auto digits = line.substr(space + 1, 3);
  int status = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), status);
  return error == std::errc{} && end == digits.data() + 3 ? status : 0;
}

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
      const bool cut = text.find("SYSCALL") != std::string_view::npos || text.find("reset") != std::string_view::npos;
      return cut ? Kind::transient : Kind::not_tls;
    }
    default:  // the other hundred are about certificates, wrong options and other protocols
      return Kind::permanent;
  }
}

bool is_certificate_problem(CURLcode result) noexcept {
  return result == CURLE_PEER_FAILED_VERIFICATION || result == CURLE_SSL_ISSUER_ERROR;
}

void check(CURLMcode code) {
  if (code == CURLM_OK) return;
  throw Error(ErrorCode::network, fmt::format("cannot run a transfer: {}", curl().multi_strerror(code)));
}

}  // namespace

CurlStream::CurlStream(std::shared_ptr<CurlContext> context, const HttpRequest& request)
    : context_(std::move(context)),
      url_(Url::parse(request.url)),
      stop_(request.stop),
      lane_(context_->pool.acquire(fmt::format("{}:{}:{}", url_.is_https(), url_.host(), url_.port()))),
      body_(request.body) {
  try {
    throw_if_stopped(stop_);
    configure(request);
    check(curl().multi_add_handle(lane_.multi.get(), lane_.easy.get()));
    attached_ = true;
    on_stop_.emplace(stop_, [multi = lane_.multi.get()] { curl().multi_wakeup(multi); });
    await_headers();
  } catch (...) {
    close();
    throw;
  }
}

CurlStream::~CurlStream() { close(); }

void CurlStream::close() noexcept {
  on_stop_.reset();  // waits for a callback that is running, so the lane is nobody else's afterwards
  if (attached_) curl().multi_remove_handle(lane_.multi.get(), lane_.easy.get());
  attached_ = false;
  if (lane_.multi) {
    context_->pool.release(std::exchange(lane_, CurlLane{}));
  }
}

void CurlStream::configure(const HttpRequest& request) {
  CURL* easy = lane_.easy.get();
  const auto& options = context_->options;
  set_option(easy, CURLOPT_URL, url_.to_string().c_str());
  set_option(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set_option(easy, CURLOPT_FOLLOWLOCATION, 0L);
  // A build of curl without HTTP/2 refuses this, and goes on with HTTP/1.1.
  curl().easy_setopt(easy, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_2TLS});
  set_option(easy, CURLOPT_NOSIGNAL, 1L);
  set_option(easy, CURLOPT_ERRORBUFFER, error_text_.data());
  set_option(easy, CURLOPT_CONNECTTIMEOUT, static_cast<long>(options.connect_timeout.count()));
  set_option(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  set_option(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stall_timeout.count()));
  set_option(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  set_option(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set_option(easy, CURLOPT_USERAGENT, "ociassemble");
  set_option(easy, CURLOPT_BUFFERSIZE, kReceiveBuffer);
  set_option(easy, CURLOPT_UPLOAD_BUFFERSIZE, kSendBuffer);
  set_option(easy, CURLOPT_HEADERFUNCTION, &CurlStream::on_header);
  set_option(easy, CURLOPT_HEADERDATA, this);
  set_option(easy, CURLOPT_WRITEFUNCTION, &CurlStream::on_write);
  set_option(easy, CURLOPT_WRITEDATA, this);
  // What listens on this machine is not to be found behind a proxy.
  if (url_.is_loopback()) set_option(easy, CURLOPT_NOPROXY, "*");
  context_->tls.apply(easy, url_);
  set_method(request);
  set_headers(request);
}

void CurlStream::set_method(const HttpRequest& request) {
  CURL* easy = lane_.easy.get();
  if (request.method == "HEAD") {
    set_option(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  const bool sends = body_ || request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (!sends) {
    set_option(easy, CURLOPT_HTTPGET, 1L);
    if (request.method != "GET") set_option(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    return;
  }
  body_left_ = body_ ? body_->size : 0;
  set_option(easy, CURLOPT_UPLOAD, 1L);
  set_option(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  set_option(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(body_left_));
  set_option(easy, CURLOPT_READFUNCTION, &CurlStream::on_read);
  set_option(easy, CURLOPT_READDATA, this);
  set_option(easy, CURLOPT_SEEKFUNCTION, &CurlStream::on_seek);
  set_option(easy, CURLOPT_SEEKDATA, this);
}

void CurlStream::set_headers(const HttpRequest& request) {
  append(request_headers_, "Expect:");  // waiting for a "100 Continue" costs a round trip
  for (const auto& [name, value] : request.headers) {
    if (!is_field_name(name) || !is_field_value(value)) {
      throw Error(ErrorCode::invalid_argument,
                  fmt::format("cannot ask {}: a header field holds a control character", url_.authority()));
    }
    append(request_headers_, value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
  }
  set_option(lane_.easy.get(), CURLOPT_HTTPHEADER, request_headers_.get());
}

void CurlStream::await_headers() {
  for (bool may_wait = false; !headers_done_; may_wait = true) {
    if (done_) fail(result_ == CURLE_OK ? CURLE_GOT_NOTHING : result_);
    advance(may_wait);
  }
}

// Lets the transfer go on as far as it can without waiting, after waiting for something to happen where allowed.
void CurlStream::advance(bool may_wait) {
  throw_if_stopped(stop_);
  int events = 0;
  if (may_wait) curl().multi_poll(lane_.multi.get(), nullptr, 0, kPollMilliseconds, &events);
  throw_if_stopped(stop_);
  int running = 0;
  check(curl().multi_perform(lane_.multi.get(), &running));
  take_result();
  if (failure_) std::rethrow_exception(failure_);
  if (may_wait && events == 0 && !done_ && !paused_ && server_hung_up()) end_unsent();
}

// Whether the server has closed its side of a connection that we still want to send on. curl goes on waiting until
// there is room, which may be never: a server that closes with a full window does not always reset the connection.
bool CurlStream::server_hung_up() const {
  fd_set reading{};
  fd_set writing{};
  fd_set failing{};
  int highest = -1;
  FD_ZERO(&reading);
  FD_ZERO(&writing);
  FD_ZERO(&failing);
  if (curl().multi_fdset(lane_.multi.get(), &reading, &writing, &failing, &highest) != CURLM_OK) return false;
  for (int fd = 0; fd <= highest; ++fd) {
    char next = 0;
    if (FD_ISSET(fd, &writing) && ::recv(fd, &next, 1, MSG_PEEK | MSG_DONTWAIT) == 0) return true;
  }
  return false;
}

// An answer that is whole counts, though the server did not want all of the request; it is whole where it says its
// length.
void CurlStream::end_unsent() {
  done_ = true;
  const bool is_whole = headers_done_ && headers_.find_number("Content-Length") == received_;
  result_ = is_whole ? CURLE_OK : CURLE_SEND_ERROR;
}

void CurlStream::take_result() {
  int left = 0;
  while (const CURLMsg* message = curl().multi_info_read(lane_.multi.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    done_ = true;
    result_ = message->data.result;
  }
}

namespace {

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

void CurlStream::fail(CURLcode result) {
  const std::string_view detail = error_text_.data();
  const auto kind = kind_of(result, detail);
  long error_number = 0;
  curl().easy_getinfo(lane_.easy.get(), CURLINFO_OS_ERRNO, &error_number);
  auto cause = without_user_information(std::string(detail.empty() ? curl().easy_strerror(result) : detail));
  if (result == CURLE_COULDNT_CONNECT && error_number != 0) cause = errno_text(static_cast<int>(error_number));
  if (result == CURLE_GOT_NOTHING || result == CURLE_SEND_FAIL_REWIND)
    cause = "the connection was closed without an answer";
  if (result == CURLE_PARTIAL_FILE) cause = fmt::format("the connection was cut after {} bytes", received_);
  std::string hint;
  if (is_certificate_problem(result)) hint = "for a private certificate authority, name its certificate as the CA file";
  if (kind == TransportError::Kind::not_tls) hint = "a server without TLS must be declared as one of plain HTTP";
  const char* action = headers_done_ ? "cannot read from" : "cannot reach";
  const auto proxy = proxy_for(url_);
  const auto way = proxy ? fmt::format(" (through the proxy {}, as {} says)", proxy->address, proxy->variable) : "";
  throw TransportError(kind, fmt::format("{} {}{}: {}", action, url_.authority(), way, cause), hint);
}

std::size_t CurlStream::read(std::span<std::byte> buffer) {
  if (buffer.empty()) return 0;
  if (const auto count = take_held(buffer)) return count;
  destination_ = buffer;
  delivered_ = 0;
  const auto give_back = [](CurlStream* stream) { stream->destination_ = {}; };
  const std::unique_ptr<CurlStream, decltype(give_back)> borrow(this, give_back);
  // Continuing may call on_write() at once, with what curl had kept.
  if (std::exchange(paused_, false)) curl().easy_pause(lane_.easy.get(), CURLPAUSE_CONT);
  if (failure_) std::rethrow_exception(failure_);
  for (bool may_wait = false; delivered_ == 0 && !done_; may_wait = true) advance(may_wait);
  if (delivered_ == 0 && result_ != CURLE_OK) fail(result_);
  return delivered_;
}

std::size_t CurlStream::take_held(std::span<std::byte> buffer) {
  const auto count = std::min(buffer.size(), held_.size() - held_position_);
  if (count == 0) return 0;
  std::memcpy(buffer.data(), held_.data() + held_position_, count);
  held_position_ += count;
  if (held_position_ == held_.size()) {
    held_.clear();
    held_position_ = 0;
  }
  return count;
}

std::size_t CurlStream::take_body(std::span<const std::byte> bytes) {
  if (held_.size() - held_position_ >= kWindow) {
    paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  received_ += bytes.size();
  const auto direct = std::min(bytes.size(), destination_.size() - delivered_);
  if (direct != 0) std::memcpy(destination_.data() + delivered_, bytes.data(), direct);
  delivered_ += direct;
  const auto rest = bytes.subspan(direct);
  held_.insert(held_.end(), rest.begin(), rest.end());
  return bytes.size();
}

void CurlStream::take_header(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > kMaxHeaderBytes) {
    throw Error(ErrorCode::corrupt,
                fmt::format("cannot read from {}: the answer's headers are too long", url_.authority()));
  }
  if (headers_done_) return;  // trailers
  if (line.starts_with("HTTP/")) {
    headers_.clear();
    status_ = parse_status(line);
    return;
  }
  if (trimmed(line).empty()) {
    headers_done_ = status_ >= 200;  // what was before is informational: "100 Continue", "103 Early Hints"
    return;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || line.front() == ' ' || line.front() == '\t') return;
  headers_.add(std::string(line.substr(0, colon)), std::string(trimmed(line.substr(colon + 1))));
}

std::size_t CurlStream::give_body(std::span<std::byte> buffer) {
  throw_if_stopped(stop_);
  if (body_left_ == 0) return 0;
  if (!body_source_) body_source_ = body_->open();
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), body_left_));
  const auto count = body_source_->read(buffer.first(wanted));
  if (count == 0) {
    throw Error(ErrorCode::corrupt,
                fmt::format("cannot send to {}: {} bytes of the content are missing", url_.authority(), body_left_));
  }
  body_left_ -= count;
  if (body_left_ == 0) {
    // A verifying source says only at its end whether the bytes were the right ones: ask before the last of them leave.
    std::byte extra{};
    if (body_source_->read(std::span(&extra, 1)) != 0) {
      throw Error(ErrorCode::corrupt,
                  fmt::format("cannot send to {}: the content is longer than it should be", url_.authority()));
    }
  }
  return count;
}

std::size_t CurlStream::on_header(char* data, std::size_t size, std::size_t count, void* self) noexcept {
  auto& stream = *static_cast<CurlStream*>(self);
  try {
    stream.take_header({data, size * count});
    return size * count;
  } catch (...) {
    stream.failure_ = std::current_exception();
    return 0;
  }
}

std::size_t CurlStream::on_write(char* data, std::size_t size, std::size_t count, void* self) noexcept {
  auto& stream = *static_cast<CurlStream*>(self);
  try {
    return stream.take_body(as_bytes({data, size * count}));
  } catch (...) {
    stream.failure_ = std::current_exception();
    return 0;
  }
}

std::size_t CurlStream::on_read(char* data, std::size_t size, std::size_t count, void* self) noexcept {
  auto& stream = *static_cast<CurlStream*>(self);
  try {
    return stream.give_body(std::as_writable_bytes(std::span(data, size * count)));
  } catch (...) {
    stream.failure_ = std::current_exception();
    return CURL_READFUNC_ABORT;
  }
}

// curl wants to rewind when a kept-alive connection died while the body was on its way, to send it again by itself. The
// server may have kept a part of it, so that is for the caller to decide.
int CurlStream::on_seek(void* self, curl_off_t offset, int origin) noexcept {
  const auto& stream = *static_cast<CurlStream*>(self);
  const bool untouched = !stream.body_source_;
  return untouched && origin == SEEK_SET && offset == 0 ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

}  // namespace ociassemble
