// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/guarded.hpp"
#include "http/curl_loop.hpp"
#include "http/curl_tls.hpp"
#include "http/curl_transfer.hpp"
#include "http/http.hpp"
#include "http/url.hpp"

namespace ociassemble {

// What all streams of one transport have in common.
struct CurlContext {
  explicit CurlContext(const HttpOptions& wanted) : options(wanted), tls(wanted) {}

  const HttpOptions options;
  CurlTls tls;
  Guarded<std::set<std::string>> http_1_servers;  // that have TLS, and answered in HTTP/1
  Guarded<std::set<std::string>> awaited;         // servers of which the listener was told that they are waited for
  CurlShare share;
  // Last: they end before what their transfers use. Large bodies have connections that speak HTTP/1.1, and a multi
  // handle of their own: curl would let a request wait for one of them, to learn whether it can be shared.
  CurlLoop loop;
  CurlLoop large_loop;
};

// One request and its answer. The loop's thread moves the bytes; the body's source is read on the caller's thread,
// inside open() and read().
class CurlStream : public HttpStream {
 public:
  CurlStream(std::shared_ptr<CurlContext> context, const HttpRequest& request);
  CurlStream(const CurlStream&) = delete;
  CurlStream& operator=(const CurlStream&) = delete;
  ~CurlStream() override;

  int status() const noexcept override { return answer_->status; }
  const HttpHeaders& headers() const noexcept override { return answer_->headers; }
  HttpTiming timing() const noexcept override { return answer_->timing; }
  std::size_t read(std::span<std::byte> buffer) override;

 private:
  bool is_unshared(const HttpRequest& request) const;
  bool speaks_http_1() const;
  void begin(const HttpRequest& request);
  void configure(const HttpRequest& request);
  void set_version(const HttpRequest& request);
  void set_method(const HttpRequest& request);
  void set_headers(const HttpRequest& request);
  bool await_answer();
  void feed();
  bool read_piece();
  void next_piece();
  [[noreturn]] void fail();
  std::string server() const;
  void tell_of_wait() const;
  void close() noexcept;

  const std::shared_ptr<CurlContext> context_;
  const Url url_;
  const std::stop_token stop_;
  CurlLoop* const loop_;  // the context's
  bool may_be_http_2_ = true;
  CurlList request_headers_;
  std::shared_ptr<CurlTransfer> transfer_;
  const CurlTransfer::Answer* answer_ = nullptr;

  std::optional<HttpBody> body_;
  std::unique_ptr<Source> body_source_;
  std::uint64_t body_left_ = 0;   // that the source has still to give; kUnknownSize until it ends
  std::vector<std::byte> piece_;  // of the body, to be offered

  std::vector<std::byte> held_;  // of the answer
  std::size_t held_position_ = 0;
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;
};

}  // namespace ociassemble
