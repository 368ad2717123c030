// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ociassemble/error.hpp"
#include "ociassemble/io.hpp"

namespace ociassemble {

// Header fields in the order of the message; names compare without regard to case (RFC 9110, section 5.1).
class HttpHeaders {
 public:
  using Field = std::pair<std::string, std::string>;

  HttpHeaders() = default;
  HttpHeaders(std::initializer_list<Field> fields) : fields_(fields) {}

  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  void clear() noexcept { fields_.clear(); }
  // The first field of that name.
  std::optional<std::string> find(std::string_view name) const;
  std::vector<std::string> all(std::string_view name) const;
  // The field as a whole number; nothing when it is absent or anything else.
  std::optional<std::uint64_t> find_number(std::string_view name) const;

  auto begin() const noexcept { return fields_.begin(); }
  auto end() const noexcept { return fields_.end(); }

 private:
  std::vector<Field> fields_;
};

// From here on a body has a connection of its own: servers give an HTTP/2 stream a small window, which makes a large
// body slow where the way is long, and it would hold up what shares its connection.
constexpr bool is_large(std::uint64_t body) noexcept { return body >= (std::uint64_t{4} << 20U); }

// Of a body that ends where its source does.
inline constexpr std::uint64_t kUnknownSize = UINT64_MAX;

// What a request carries: `open` is called once for each time that the bytes are sent, and gives exactly `size` of
// them.
struct HttpBody {
  std::uint64_t size = 0;
  std::function<std::unique_ptr<Source>()> open;

  static HttpBody of(std::string bytes);
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  HttpHeaders headers;
  std::optional<HttpBody> body;  // without one, POST, PUT and PATCH send an empty body
  // Whether the answer's body, or that of a request that follows, is large, so that it should have a connection that
  // nothing else shares. A large `body` has one in any case.
  bool large = false;
  std::stop_token stop;  // ends the request and the reading of its answer with Error{interrupted}
};

// How long after its request began a transfer came how far. On a connection that was there already, `connected` and
// `secured` are 0; `secured` also without TLS.
struct HttpTiming {
  std::chrono::microseconds connected{};
  std::chrono::microseconds secured{};
  std::chrono::microseconds answered{};
};

// An answer: status and headers are there, the body comes with read(), as fast as it is read. May outlive its
// transport. read() throws TransportError when the body is cut short. One thread.
class HttpStream : public Source {
 public:
  virtual int status() const noexcept = 0;
  virtual const HttpHeaders& headers() const noexcept = 0;
  virtual HttpTiming timing() const noexcept { return {}; }
};

// A request or an answer that did not get through.
class TransportError : public Error {
 public:
  enum class Kind {
    transient,  // another try may help: refused, cut off, timed out
    not_tls,    // the other side does not speak TLS, or none that we do
    permanent,  // a certificate that nobody trusts, and the like
  };

  TransportError(Kind kind, const std::string& message, std::string hint = {})
      : Error(ErrorCode::network, message, std::move(hint)), kind_(kind) {}

  Kind kind() const noexcept { return kind_; }
  // The same failure once nobody will try again: callers above the registry's client see plain errors only.
  Error final() const { return Error(ErrorCode::network, what(), hint()); }

 private:
  Kind kind_;
};

// Sends requests, reuses connections. Safe for concurrent use.
class HttpTransport {
 public:
  HttpTransport() = default;
  HttpTransport(const HttpTransport&) = delete;
  HttpTransport& operator=(const HttpTransport&) = delete;
  virtual ~HttpTransport() = default;

  // Sends the request and returns when the answer's headers are there, whatever its status; a redirect is an answer
  // like any other. Throws TransportError, and what the body's source throws.
  virtual std::unique_ptr<HttpStream> open(const HttpRequest& request) = 0;
};

struct HttpOptions {
  std::chrono::seconds connect_timeout{30};
  std::chrono::seconds stall_timeout{60};  // a transfer that moves less than 1 byte a second for so long is dead
  std::filesystem::path ca_file;           // PEM; trusted besides the system's. May be empty
  bool verify_tls = true;
  // What holds for one server besides ("host" or "host:port", in lower case).
  std::string special_server;
  bool verify_special_server = true;
  std::vector<std::filesystem::path> special_ca_files;  // trusted for it
  // Folders with a folder "HOST" or "HOST:PORT" each, as docker and podman have: NAME.crt is trusted, NAME.cert with
  // NAME.key is shown to that server.
  std::vector<std::filesystem::path> certificate_folders;
  // All requests go to the server that listens on this socket, whatever host their URLs name, and through no proxy.
  std::filesystem::path unix_socket;  // empty: none
};

// Proxies come from HTTPS_PROXY, http_proxy, ALL_PROXY and NO_PROXY, as curl reads them. Throws Error{not_found} and
// Error{io} for a ca_file that cannot be read. curl itself is looked for by the first open(), which throws
// Error{unsupported} where it is missing.
std::shared_ptr<HttpTransport> make_curl_transport(const HttpOptions& options = {});

// The rest of the body. Throws Error{corrupt} naming `subject` when there is more than `limit`.
std::string collect_body(HttpStream& stream, std::size_t limit, std::string_view subject);
// The rest of the body, but at most `limit` bytes; what comes after is dropped, and so is a body that breaks off.
std::string collect_beginning(HttpStream& stream, std::size_t limit);

// Seconds since 1970 of an HTTP date (RFC 9110, section 5.6.7); nothing for anything else.
std::optional<std::int64_t> parse_http_date(std::string_view text);

}  // namespace ociassemble
