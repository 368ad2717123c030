// SPDX-License-Identifier: Apache-2.0
#include "http/proxy.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>

#include "http/http.hpp"
#include "ociassemble/error.hpp"

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
    CAPTURE(proxy);
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
