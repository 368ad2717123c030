// SPDX-License-Identifier: Apache-2.0
// What answers in place of a registry: a web server, a proxy.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "ociassemble/login.hpp"
#include "registry_support.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

constexpr const char* kPage = "\n<!doctype html><html><body>Welcome</body></html>";

Fault page(int status = 200) {
  return {.times = -1, .status = status, .body = kPage, .headers = {{"Content-Type", "text/html; charset=utf-8"}}};
}

// A registry that is reached through a proxy alone, which is `fake`.
class Proxied {
 public:
  explicit Proxied(const FakeRegistry& fake) : options_(fast_options()) {
    options_.plain_http = {"r.example.com"};
    options_.tries = 1;
    ::setenv("http_proxy", fmt::format("http://me:s3cret@{}", fake.host()).c_str(), 1);
  }
  ~Proxied() { forget_environment(); }
  Failure pull() const {
    return failure_of([&] { RegistryClient(options_).open(Reference::parse("r.example.com/app:v1")); });
  }

 private:
  RegistryOptions options_;
};

}  // namespace

TEST_CASE("a web server that answers everything with a page is no registry, whatever is asked of it") {
  FakeRegistry server;
  server.add_fault(page());
  const auto no_registry = fmt::format("there is no registry at {}: it answered 200 with a web page", server.host());
  const auto image = image_of({"layer"});
  const auto says_so = [&](const std::function<void(RegistryClient&)>& action) {
    RegistryClient client(fast_options());
    const auto failure = failure_of([&] { action(client); });
    CHECK(failure.message.find(no_registry) != std::string::npos);
    CHECK(failure.hint == "check the name of the registry and its port");
  };
  says_so([&](RegistryClient& client) { client.push(image, at(server, "app:v1")); });
  says_so([&](RegistryClient& client) { client.open(at(server, "app:v1")); });
  says_so([&](RegistryClient& client) { client.tags(at(server, "app")); });
  says_so([&](RegistryClient& client) { client.referrers(at(server, "app"), image.digest()); });
  says_so([&](RegistryClient&) { check_login(server.host(), "alice", "correct horse", fast_options(), {}); });
}

TEST_CASE("a page in place of one answer of a push is an error, and never a blob or a manifest that was taken") {
  for (const auto& [method, path] : std::vector<std::pair<const char*, const char*>>{
           {"HEAD", "/blobs/"}, {"POST", "/blobs/uploads/"}, {"PUT", "/blobs/uploads/"}, {"PUT", "/manifests/v1"}}) {
    const auto answer = std::string(method) + " " + path;
    CAPTURE(answer);
    FakeRegistry registry;
    const auto image = image_of({"layer"});
    auto fault = page();
    fault.method = method;
    fault.path = path;
    registry.add_fault(fault);
    RegistryClient client(fast_options());
    const auto failure = failure_of([&] { client.push(image, at(registry, "app:v1")); });
    if (std::string(method) == "HEAD") {
      // It tells nothing of the blob, which is sent.
      CHECK(failure.message == "nothing was thrown");
      CHECK(registry.manifest("app", "v1") == image.manifest_json());
      continue;
    }
    CHECK(failure.message.find("it answered 200 with a web page") != std::string::npos);
    CHECK_FALSE(registry.manifest("app", "v1").has_value());
  }
}

TEST_CASE("a manifest that nothing says was stored is not said to be pushed") {
  FakeRegistry registry;
  registry.add_fault({.method = "PUT", .path = "/manifests/v1", .times = -1, .status = 200, .body = "{}"});
  RegistryClient client(fast_options());
  const auto failure = failure_of([&] { client.push(image_of({"layer"}), at(registry, "app:v1")); });
  CHECK(failure.code == ErrorCode::corrupt);
  CHECK(failure.message ==
        fmt::format("cannot push {}/app:v1: the registry answered 200, and not that it stored the manifest",
                    registry.host()));
}

TEST_CASE("a registry whose framework calls every answer HTML is a registry all the same") {
  // Quay: Flask's default media type, and "true" at /v2/.
  FakeRegistry registry(personality("quay"));
  CHECK(check_login(registry.host(), "alice", "correct horse", fast_options(), {}) == LoginCheck::verified);
  CHECK(failure_of([&] { check_login(registry.host(), "alice", "wrong", fast_options(), {}); }).status == 401);
}

TEST_CASE("what a proxy answers in a registry's place is told as an answer through that proxy") {
  FakeRegistry proxy;
  struct Row {
    Fault fault;
    const char* says;
    const char* hint;
  };
  const auto with = [](int status, const char* body = "") { return Fault{.times = 1, .status = status, .body = body}; };
  const std::vector<Row> rows = {
      {with(407), "the registry answered 407 (proxy authentication required)",
       "the proxy wants a login: write it into http_proxy, as http://USER:PASSWORD@HOST:PORT"},
      {with(502), "the registry answered 502 (bad gateway)", ""},
      {with(403, R"({"error":"blocked by policy"})"), "the registry answered 403 (forbidden): blocked by policy", ""},
      {page(404), "there is no registry at r.example.com: it answered 404 with a web page",
       "check the name of the registry and its port"},
  };
  for (const auto& row : rows) {
    FakeRegistry fake;
    fake.add_fault(row.fault);
    const auto failure = Proxied(fake).pull();
    CHECK(failure.message ==
          fmt::format("cannot pull r.example.com/app:v1: {} (through the proxy {}, as http_proxy says)", row.says,
                      fake.host()));
    if (*row.hint != '\0') CHECK(failure.hint == row.hint);
    REQUIRE_FALSE(fake.log().empty());
    CHECK(fake.log()[0].target.starts_with("http://r.example.com/"));
  }
}
