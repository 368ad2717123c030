// SPDX-License-Identifier: Apache-2.0
// Whether a registry on this machine speaks TLS is found by asking it.
#include <doctest/doctest.h>

#include <algorithm>

#include "raw_server.hpp"
#include "registry_support.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

constexpr const char* kUnauthorized = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
constexpr const char* kBadRequest = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
constexpr const char* kHangsUp = "";

// What a client asked a server of these answers in plain HTTP, and the failure that it came to.
struct Asked {
  explicit Asked(std::vector<std::string> answers) {
    RawServer server(std::move(answers));
    auto options = options_for("alice", "correct horse");
    options.tries = 3;
    const auto name = server.origin().substr(std::string("http://").size()) + "/app:v1";
    failure = failure_of([&] { RegistryClient(options).open(Reference::parse(name)); });
    for (const auto& text : server.received()) {
      if (text.starts_with("GET ")) plain.push_back(text.substr(0, text.find(" HTTP/")));
    }
  }
  std::vector<std::string> plain;
  Failure failure;
};

}  // namespace

TEST_CASE("a server that hangs up on TLS and answers plain HTTP speaks plain HTTP") {
  const Asked asked({kHangsUp, kUnauthorized, kUnauthorized});
  CHECK(asked.plain == std::vector<std::string>{"GET /v2/", "GET /v2/app/manifests/v1"});
  CHECK(asked.failure.status == 401);
}

TEST_CASE("a server that is in trouble for a moment is not taken for one of plain HTTP") {
  const Asked asked({kHangsUp, kHangsUp, kHangsUp, kBadRequest, kHangsUp, kHangsUp});
  CHECK(std::ranges::count(asked.plain, "GET /v2/") == 3);
  CHECK(asked.plain.size() == 3);
  CHECK(asked.failure.code == ErrorCode::network);
}

TEST_CASE("a server that turns up at a later try is asked then") {
  const Asked asked({kHangsUp, kHangsUp, kHangsUp, kUnauthorized, kUnauthorized});
  CHECK(asked.plain.back() == "GET /v2/app/manifests/v1");
  CHECK(asked.failure.status == 401);
}
