// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "http/curl_pool.hpp"
#include "http/curl_tls.hpp"
#include "http/http.hpp"
#include "http/url.hpp"

namespace ociassemble {

// What all streams of one transport have in common.
struct CurlContext {
  explicit CurlContext(const HttpOptions& wanted) : options(wanted), tls(wanted) {}

  const HttpOptions options;
  CurlTls tls;
  CurlPool pool;
};

// One request and its answer. The transfer runs inside open() and read(), on the caller's thread, and is paused while
// nobody reads; so the memory is bounded, and a stopped reader stops the sender.
class CurlStream : public HttpStream {
 public:
  CurlStream(std::shared_ptr<CurlContext> context, const HttpRequest& request);
  CurlStream(const CurlStream&) = delete;
  CurlStream& operator=(const CurlStream&) = delete;
  ~CurlStream() override;

  int status() const noexcept override { return status_; }
  const HttpHeaders& headers() const noexcept override { return headers_; }
  std::size_t read(std::span<std::byte> buffer) override;

 private:
  void configure(const HttpRequest& request);
  void set_method(const HttpRequest& request);
  void set_headers(const HttpRequest& request);
  void await_headers();
  void advance(bool may_wait);
  void take_result();
  bool server_hung_up() const;
  void end_unsent();
  [[noreturn]] void fail(CURLcode result);
  void close() noexcept;

  std::size_t take_held(std::span<std::byte> buffer);
  void take_header(std::string_view line);
  std::size_t take_body(std::span<const std::byte> bytes);
  std::size_t give_body(std::span<std::byte> buffer);

  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self) noexcept;
  static std::size_t on_write(char* data, std::size_t size, std::size_t count, void* self) noexcept;
  static std::size_t on_read(char* data, std::size_t size, std::size_t count, void* self) noexcept;
  static int on_seek(void* self, curl_off_t offset, int origin) noexcept;

  const std::shared_ptr<CurlContext> context_;
  const Url url_;
  const std::stop_token stop_;
  CurlLane lane_;
  bool attached_ = false;
  CurlList request_headers_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};

  std::optional<HttpBody> body_;
  std::unique_ptr<Source> body_source_;
  std::uint64_t body_left_ = 0;

  int status_ = 0;
  HttpHeaders headers_;
  std::size_t header_bytes_ = 0;
  bool headers_done_ = false;

  std::span<std::byte> destination_;  // the reader's buffer, during read() only
  std::size_t delivered_ = 0;         // bytes of it that are filled
  std::vector<std::byte> held_;       // what came beyond it
  std::size_t held_position_ = 0;
  std::uint64_t received_ = 0;
  bool paused_ = false;

  bool done_ = false;
  CURLcode result_ = CURLE_OK;
  std::exception_ptr failure_;  // what a callback threw
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;
};

}  // namespace ociassemble
