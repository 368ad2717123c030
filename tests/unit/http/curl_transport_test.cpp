// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <httplib.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "http/http.hpp"
#include "io/streams.hpp"
#include "loopback_listener.hpp"
#include "raw_server.hpp"

using namespace ociassemble;
using test::LoopbackListener;
using test::RawServer;

namespace {

HttpRequest get(const std::string& url) {
  HttpRequest request;
  request.url = url;
  return request;
}

std::string body_of(HttpStream& stream) { return collect_body(stream, std::size_t{1} << 30U, "the body"); }

TransportError::Kind kind_of_failure(HttpTransport& transport, const HttpRequest& request) {
  try {
    body_of(*transport.open(request));
  } catch (const TransportError& error) {
    return error.kind();
  }
  throw std::runtime_error("it did not fail");
}

// A server that behaves: GET /big, PUT /sink.
class GoodServer {
 public:
  GoodServer() {
    server_.set_keep_alive_max_count(1000);
    server_.set_tcp_nodelay(true);
    server_.new_task_queue = [] { return new httplib::ThreadPool(16); };
    server_.Get("/big", [](const httplib::Request&, httplib::Response& response) {
      response.set_content_provider(
          kBig, "application/octet-stream", [](std::size_t offset, std::size_t length, httplib::DataSink& sink) {
            const std::string block(std::min<std::size_t>(length, 65536), static_cast<char>('a' + offset / 65536 % 26));
            return sink.write(block.data(), block.size());
          });
    });
    server_.Get("/small", [this](const httplib::Request& request, httplib::Response& response) {
      const std::lock_guard lock(mutex_);
      ports_.push_back(request.remote_port);
      response.set_content("small", "text/plain");
    });
    server_.Put("/sink", [](const httplib::Request& request, httplib::Response& response) {
      response.set_content(fmt::format("{} {}", request.body.size(), request.get_header_value("Content-Length")),
                           "text/plain");
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~GoodServer() {
    server_.stop();
    thread_.join();
  }

  std::string origin() const { return fmt::format("http://127.0.0.1:{}", port_); }
  std::vector<int> ports() const {
    const std::lock_guard lock(mutex_);
    return ports_;
  }

  static constexpr std::size_t kBig = std::size_t{40} * 1024 * 1024;

 private:
  httplib::Server server_;
  mutable std::mutex mutex_;
  std::vector<int> ports_;
  std::thread thread_;
  int port_ = 0;
};

}  // namespace

TEST_CASE("an answer comes with status, headers and body") {
  RawServer server({"HTTP/1.1 404 Not Found\r\nX-One: 1\r\nx-two:  two \r\nContent-Length: 4\r\n\r\ngone"});
  const auto transport = make_curl_transport();
  const auto stream = transport->open(get(server.origin() + "/a?b=c"));
  CHECK(stream->status() == 404);
  CHECK(stream->headers().find("x-one") == "1");
  CHECK(stream->headers().find("X-Two") == "two");
  CHECK(body_of(*stream) == "gone");
  CHECK(server.received().at(0).starts_with("GET /a?b=c HTTP/1.1\r\n"));
}

TEST_CASE("informational answers are passed over") {
  RawServer server(
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-Early: yes\r\n\r\n"
       "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"});
  const auto stream = make_curl_transport()->open(get(server.origin()));
  CHECK(stream->status() == 200);
  CHECK_FALSE(stream->headers().find("X-Early").has_value());
  CHECK(body_of(*stream) == "ok");
}

TEST_CASE("a server that hangs up and reads no more is not waited for until there is room to send") {
  HttpRequest request;
  request.method = "PATCH";
  // More than connections hold on their way.
  request.body = HttpBody::of(std::string(std::size_t{32} << 20U, 'x'));
  // Much longer than the test may take: what counts is that nobody waits for it.
  const auto transport = make_curl_transport({.stall_timeout = std::chrono::hours(1)});
  RawServer answering({"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok"}, RawServer::After::read_no_more);
  request.url = answering.origin();
  const auto stream = transport->open(request);
  CHECK(stream->status() == 202);
  CHECK(body_of(*stream) == "ok");
  RawServer silent({""}, RawServer::After::read_no_more);
  request.url = silent.origin();
  CHECK(kind_of_failure(*transport, request) == TransportError::Kind::transient);
}

TEST_CASE("a redirect is handed up, not followed") {
  RawServer server({"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"});
  const auto stream = make_curl_transport()->open(get(server.origin()));
  CHECK(stream->status() == 307);
  CHECK(stream->headers().find("Location") == "http://127.0.0.1:1/");
}

TEST_CASE("a body that is cut short is a transient failure that tells how far it came") {
  RawServer server({"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"});
  const auto stream = make_curl_transport()->open(get(server.origin()));
  try {
    body_of(*stream);
    FAIL("the cut went unnoticed");
  } catch (const TransportError& error) {
    CHECK(error.kind() == TransportError::Kind::transient);
    CHECK(std::string(error.what()) ==
          fmt::format("cannot read from {}: the connection was cut after 5 bytes", server.origin().substr(7)));
  }
}

TEST_CASE("no answer, a refused connection and garbage are failures") {
  const auto transport = make_curl_transport();
  RawServer silent({""});
  CHECK(kind_of_failure(*transport, get(silent.origin())) == TransportError::Kind::transient);
  RawServer garbage({"this is not HTTP\r\n\r\n"});
  CHECK_THROWS_AS(transport->open(get(garbage.origin())), TransportError);
  try {
    transport->open(get("http://127.0.0.1:1/"));
    FAIL("somebody listens on port 1");
  } catch (const TransportError& error) {
    CHECK(error.kind() == TransportError::Kind::transient);
    CHECK(std::string(error.what()) == "cannot reach 127.0.0.1:1: Connection refused");
  }
}

TEST_CASE("TLS to a server without it is told apart") {
  GoodServer good;
  CHECK(kind_of_failure(*make_curl_transport(), get("https" + good.origin().substr(4))) ==
        TransportError::Kind::not_tls);
}

TEST_CASE("a transport that failed works again") {
  GoodServer server;
  const auto transport = make_curl_transport();
  for (int i = 0; i < 3; ++i) {
    // RFC 6761 keeps this name free of addresses.
    CHECK(kind_of_failure(*transport, get("http://nobody.invalid/")) == TransportError::Kind::transient);
    CHECK(kind_of_failure(*transport, get("http://127.0.0.1:1/")) == TransportError::Kind::transient);
    CHECK(body_of(*transport->open(get(server.origin() + "/small"))) == "small");
  }
}

TEST_CASE("an answer whose headers drip is given up") {
  const LoopbackListener listener;
  std::thread serving([&listener] {
    const int connection = ::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC);
    // Ends when the other side has hung up.
    const std::string answer = "HTTP/1.1 200 OK\r\nX-Long: " + std::string(100000, 'x');
    for (const char c : answer) {
      if (::send(connection, &c, 1, MSG_NOSIGNAL) != 1) break;
      pollfd ready{connection, POLLRDHUP, 0};
      if (::poll(&ready, 1, 500) > 0) break;
    }
    ::close(connection);
  });
  const auto transport = make_curl_transport({.stall_timeout = std::chrono::seconds(2)});
  const auto url = fmt::format("http://{}/", listener.host());
  // curl counts bodies alone, so that headers of a byte now and then are a stall.
  CHECK_THROWS_AS(transport->open(get(url)), TransportError);
  serving.join();
}

TEST_CASE("headers without end are refused") {
  std::string answer = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 4000; ++i) answer += fmt::format("X-{}: {}\r\n", i, std::string(80, 'x'));
  RawServer server({answer + "\r\n"});
  CHECK_THROWS_AS(make_curl_transport()->open(get(server.origin())), Error);
}

TEST_CASE("a line break in a header never reaches the wire") {
  RawServer server({});
  auto request = get(server.origin());
  request.headers.add("Authorization", "Bearer secret\r\nX-Smuggled: 1");
  try {
    make_curl_transport()->open(request);
    FAIL("sent");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::invalid_argument);
    CHECK(std::string(error.what()).find("secret") == std::string::npos);
  }
  CHECK(server.received().empty());
}

TEST_CASE("a large body comes whole, in small and in large bites") {
  GoodServer server;
  const auto transport = make_curl_transport();
  for (const std::size_t bite : {std::size_t{1000}, std::size_t{1} << 20U}) {
    const auto stream = transport->open(get(server.origin() + "/big"));
    std::vector<std::byte> buffer(bite);
    std::size_t total = 0;
    bool right = true;
    while (const auto count = stream->read(buffer)) {
      for (std::size_t i = 0; i < count; i += 997)
        right = right && static_cast<char>(buffer[i]) == static_cast<char>('a' + (total + i) / 65536 % 26);
      total += count;
    }
    CHECK(total == GoodServer::kBig);
    CHECK(right);
    CHECK(stream->read(buffer) == 0);
  }
}

TEST_CASE("one connection serves requests that come one after the other, on any thread") {
  GoodServer server;
  const auto transport = make_curl_transport();
  for (int i = 0; i < 3; ++i) CHECK(body_of(*transport->open(get(server.origin() + "/small"))) == "small");
  std::thread([&] { body_of(*transport->open(get(server.origin() + "/small"))); }).join();
  const auto ports = server.ports();
  REQUIRE(ports.size() == 4);
  for (const int port : ports) CHECK(port == ports.front());
}

TEST_CASE("many threads use one transport") {
  GoodServer server;
  const auto transport = make_curl_transport();
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 20; ++j) good += body_of(*transport->open(get(server.origin() + "/small"))) == "small";
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(good == 160);
}

TEST_CASE("a stream outlives its transport, and one that is given up does no harm") {
  GoodServer server;
  auto transport = make_curl_transport();
  auto big = transport->open(get(server.origin() + "/big"));
  auto small = transport->open(get(server.origin() + "/small"));
  std::byte first{};
  big->read(std::span(&first, 1));
  transport.reset();
  big.reset();
  CHECK(body_of(*small) == "small");
}

TEST_CASE("a stream that nobody reads holds no other up") {
  GoodServer server;
  const auto transport = make_curl_transport();
  const auto unread = transport->open(get(server.origin() + "/big"));
  std::string read;
  for (int i = 0; i < 3; ++i) read += body_of(*transport->open(get(server.origin() + "/small")));
  CHECK(read == "smallsmallsmall");
  CHECK(body_of(*transport->open(get(server.origin() + "/big"))).size() == GoodServer::kBig);
  CHECK(body_of(*unread).size() == GoodServer::kBig);
}

TEST_CASE("a body that comes from another stream of the same transport goes through") {
  GoodServer server;
  const auto transport = make_curl_transport();
  auto request = get(server.origin() + "/sink");
  request.method = "PUT";
  request.body = HttpBody{GoodServer::kBig, [&] { return transport->open(get(server.origin() + "/big")); }};
  CHECK(body_of(*transport->open(request)) == fmt::format("{0} {0}", GoodServer::kBig));
}

TEST_CASE("a stop ends its own request alone, also while the body waits for its source") {
  GoodServer server;
  const auto transport = make_curl_transport();
  const auto other = transport->open(get(server.origin() + "/big"));
  std::stop_source stop;
  class Stopping : public Source {
   public:
    explicit Stopping(std::stop_source& stop) : stop_(stop) {}
    std::size_t read(std::span<std::byte> buffer) override {
      if (++reads_ == 8) stop_.request_stop();
      return buffer.size();
    }

   private:
    std::stop_source& stop_;
    int reads_ = 0;
  };
  auto request = get(server.origin() + "/sink");
  request.method = "PUT";
  request.stop = stop.get_token();
  request.body = HttpBody{GoodServer::kBig, [&] { return std::make_unique<Stopping>(stop); }};
  try {
    transport->open(request);
    FAIL("answered");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::interrupted);
  }
  CHECK(body_of(*other).size() == GoodServer::kBig);
}

TEST_CASE("a body is sent with its length, and an empty one says so") {
  GoodServer server;
  const auto transport = make_curl_transport();
  auto request = get(server.origin() + "/sink");
  request.method = "PUT";
  request.body = HttpBody::of(std::string(3000000, 'x'));
  CHECK(body_of(*transport->open(request)) == "3000000 3000000");
  request.body.reset();
  CHECK(body_of(*transport->open(request)) == "0 0");
}

TEST_CASE("a body of unknown size ends where its source does, and says no length") {
  // Gives a little at a time.
  class Slow : public Source {
   public:
    explicit Slow(std::size_t size) : left_(size) {}
    std::size_t read(std::span<std::byte> buffer) override {
      const auto count = std::min({left_, buffer.size(), std::size_t{99'999}});
      std::fill_n(buffer.begin(), count, std::byte{'x'});
      left_ -= count;
      return count;
    }

   private:
    std::size_t left_;
  };
  GoodServer server;
  const auto transport = make_curl_transport();
  auto request = get(server.origin() + "/sink");
  request.method = "PUT";
  for (const std::size_t size : {0U, 1U, 3'000'000U, 30'000'000U}) {
    request.body = HttpBody{kUnknownSize, [size] { return std::make_unique<Slow>(size); }};
    CHECK(body_of(*transport->open(request)) == fmt::format("{} ", size));
  }
}

TEST_CASE("what the body's source throws comes out of open") {
  class Broken : public Source {
    std::size_t read(std::span<std::byte>) override { throw std::domain_error("broken"); }
  };
  GoodServer server;
  auto request = get(server.origin() + "/sink");
  request.method = "PUT";
  for (const std::uint64_t size : {std::uint64_t{10}, kUnknownSize}) {
    request.body = HttpBody{size, [] { return std::make_unique<Broken>(); }};
    CHECK_THROWS_AS(make_curl_transport()->open(request), std::domain_error);
  }
}

TEST_CASE("a body that is shorter or longer than it should be is not sent to its end") {
  GoodServer server;
  auto request = get(server.origin() + "/sink");
  request.method = "PUT";
  for (const std::uint64_t size : {9U, 11U}) {
    request.body = HttpBody{size, [] { return std::make_unique<StringSource>("0123456789"); }};
    try {
      make_curl_transport()->open(request);
      FAIL("accepted");
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::corrupt);
    }
  }
}

TEST_CASE("a stop ends a request that nobody answers") {
  // The server waits for the end of the headers' text it got long ago, and sends nothing.
  httplib::Server server;
  std::atomic<bool> release{false};
  std::atomic<bool> entered{false};
  server.Get("/", [&](const httplib::Request&, httplib::Response&) {
    entered = true;
    while (!release) std::this_thread::yield();
  });
  const int port = server.bind_to_any_port("127.0.0.1");
  std::thread serving([&] { server.listen_after_bind(); });
  while (!server.is_running()) std::this_thread::yield();
  std::stop_source stop;
  auto request = get(fmt::format("http://127.0.0.1:{}/", port));
  request.stop = stop.get_token();
  std::thread stopper([&] {
    while (!entered) std::this_thread::yield();
    stop.request_stop();
  });
  try {
    make_curl_transport()->open(request);
    FAIL("answered");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::interrupted);
  }
  stopper.join();
  release = true;
  server.stop();
  serving.join();
}
