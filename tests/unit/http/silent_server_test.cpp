// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stop_token>
#include <string>
#include <vector>

#include "base/waiting.hpp"
#include "http/http.hpp"
#include "ociassemble/error.hpp"

using namespace ociassemble;

TEST_CASE("who waits for a silent server for more than a second is told so, once") {
  const int silent = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  REQUIRE(::bind(silent, generic, length) == 0);
  REQUIRE(::listen(silent, 16) == 0);
  REQUIRE(::getsockname(silent, generic, &length) == 0);
  const auto server = fmt::format("127.0.0.1:{}", ntohs(address.sin_port));

  std::stop_source stop;
  std::vector<std::string> told;
  const ScopedWaitListener listener({}, [&](const std::string& line) {
    told.push_back(line);
    stop.request_stop();
  });
  const auto transport = make_curl_transport({});
  HttpRequest request;
  request.url = "http://" + server + "/";
  request.stop = stop.get_token();
  CHECK_THROWS_AS(transport->open(request), Error);
  CHECK(told == std::vector<std::string>{"waiting for " + server});
  ::close(silent);
}
