// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

#include "http/http.hpp"
#include "io/streams.hpp"
#include "test_folder.hpp"

using namespace ociassemble;

TEST_CASE("a server behind a Unix socket is asked through it, whatever host the URL names") {
  const test::TestFolder folder;
  const auto path = folder.path() / "engine.sock";
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.native().copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(listener, 1) == 0);
  std::string seen;
  std::thread server([&] {
    const int connection = ::accept(listener, nullptr, nullptr);
    while (seen.find("\r\n\r\n") == std::string::npos) {
      std::array<char, 1024> buffer{};
      const auto count = ::read(connection, buffer.data(), buffer.size());
      if (count <= 0) break;
      seen.append(buffer.data(), static_cast<std::size_t>(count));
    }
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK";
    CHECK(::write(connection, answer.data(), answer.size()) == static_cast<ssize_t>(answer.size()));
    ::close(connection);
  });
  HttpOptions options;
  options.unix_socket = path;
  const auto transport = make_curl_transport(options);
  HttpRequest request;
  request.url = "http://engine.invalid/_ping";
  CHECK(collect_body(*transport->open(request), 100, "the body") == "OK");
  server.join();
  CHECK(seen.starts_with("GET /_ping HTTP/1.1\r\n"));
  ::close(listener);

  std::string failure;
  try {
    transport->open(request);
  } catch (const TransportError& error) {
    failure = error.what();
  }
  CHECK(failure == "cannot reach " + path.string() + ": Connection refused");
}
