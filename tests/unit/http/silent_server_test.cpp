// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <stop_token>
#include <string>
#include <vector>

#include "base/waiting.hpp"
#include "http/http.hpp"
#include "loopback_listener.hpp"
#include "ociassemble/error.hpp"

using namespace ociassemble;

TEST_CASE("who waits for a silent server for more than a second is told so, once") {
  const test::LoopbackListener silent;
  std::stop_source stop;
  std::vector<std::string> told;
  const ScopedWaitListener listener({}, [&](const std::string& line) {
    told.push_back(line);
    stop.request_stop();
  });
  const auto transport = make_curl_transport({});
  HttpRequest request;
  request.url = "http://" + silent.host() + "/";
  request.stop = stop.get_token();
  CHECK_THROWS_AS(transport->open(request), Error);
  CHECK(told == std::vector<std::string>{"waiting for " + silent.host()});
}
