// SPDX-License-Identifier: Apache-2.0
#include "http/proxy.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>

#include "http/http.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "raw_server.hpp"

using namespace ociassemble;

namespace {

constexpr const char* kProxyVariables[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "HTTP_PROXY",
                                           "all_proxy",  "ALL_PROXY",   "no_proxy",    "NO_PROXY"};

std::string said_proxy(const char* url) {
  const auto proxy = proxy_for(Url::parse(url));
  return proxy ? proxy->address + " by " + proxy->variable : "none";
}

}  // namespace

TEST_CASE("the proxy of a URL is named without its password, and loopback has none") {
  for (const char* name : kProxyVariables) ::unsetenv(name);
  CHECK(said_proxy("https://ghcr.io/v2/") == "none");
  ::setenv("HTTP_PROXY", "http://cgi:1", 1);
  ::setenv("http_proxy", "http://plain:3128/", 1);
  ::setenv("HTTPS_PROXY", "http://me:secret@secure:3128", 1);
  CHECK(said_proxy("http://r.example.com/") == "plain:3128 by http_proxy");
  CHECK(said_proxy("https://ghcr.io/v2/") == "secure:3128 by HTTPS_PROXY");
  CHECK(said_proxy("https://127.0.0.1:5000/") == "none");
  CHECK(said_proxy("http://localhost/") == "none");
  ::setenv("no_proxy", "corp.example, .io", 1);
  CHECK(said_proxy("https://ghcr.io/v2/") == "none");
  CHECK(said_proxy("https://r.corp.example/") == "none");
  CHECK(said_proxy("https://evilcorp.example/") == "secure:3128 by HTTPS_PROXY");
  ::unsetenv("HTTPS_PROXY");
  ::setenv("all_proxy", "socks5://all:1080", 1);
  CHECK(said_proxy("https://r.example.com/") == "all:1080 by all_proxy");
  for (const char* name : kProxyVariables) ::unsetenv(name);
}

TEST_CASE("the password of a proxy that cannot be used is in no error") {
  for (const char* proxy : {"foo://user:s3cret@lo", "http://user:s3cret@h:99999", "http://user:s3cret@[::1"}) {
    const auto& named = proxy;  // clang captures no structured binding
    CAPTURE(named);
    ::setenv("HTTPS_PROXY", proxy, 1);
    HttpRequest request;
    request.url = "https://example.invalid/v2/";
    std::string message;
    try {
      make_curl_transport()->open(request);
    } catch (const Error& error) {
      message = error.what();
    }
    ::unsetenv("HTTPS_PROXY");
    CHECK_FALSE(message.empty());
    CHECK(message.find("s3cret") == std::string::npos);
  }
}

TEST_CASE("what listens on this machine is asked directly, whatever the proxy variables say") {
  for (const char* name : {"http_proxy", "all_proxy"}) {
    CAPTURE(name);
    ::setenv(name, "http://127.0.0.1:1", 1);  // where nobody is
    test::RawServer server({"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 204 Gone\r\n\r\n"});
    HttpRequest request;
    request.url = server.origin() + "/v2/";
    const auto answer = make_curl_transport()->open(request);
    CHECK(answer->status() == 200);
    REQUIRE(server.received().size() == 1);
    CHECK(server.received()[0].starts_with("GET /v2/ HTTP/1.1\r\n"));
    ::unsetenv(name);
  }
}

TEST_CASE("an error on the way through a proxy names the proxy and the variable that says it") {
  // A proxy that refuses the way to a registry, one that hangs up, and none.
  test::RawServer refusing({"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"});
  test::RawServer silent({""});
  for (const auto& [proxy, says] : std::vector<std::pair<std::string, const char*>>{
           {refusing.origin(), "407"}, {silent.origin(), ""}, {"http://127.0.0.1:1", "Connection refused"}}) {
    const auto& named = proxy;  // clang captures no structured binding
    CAPTURE(named);
    ::setenv("HTTPS_PROXY", ("http://me:s3cret@" + proxy.substr(7)).c_str(), 1);
    HttpRequest request;
    request.url = "https://registry.example.com/v2/";
    std::string message;
    try {
      make_curl_transport()->open(request);
    } catch (const TransportError& error) {
      message = error.what();
    }
    ::unsetenv("HTTPS_PROXY");
    CHECK(message.starts_with("cannot reach registry.example.com (through the proxy " + proxy.substr(7) +
                              ", as HTTPS_PROXY says): "));
    CHECK(message.find(says) != std::string::npos);
    CHECK(message.find("s3cret") == std::string::npos);
  }
}
