// SPDX-License-Identifier: Apache-2.0
#include "http/url.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include <string>

#include "ociassemble/error.hpp"

using namespace ociassemble;

TEST_CASE("a URL is taken apart and spelled one way") {
  const auto url = Url::parse("https://Registry.Example.COM/v2/?a=b#part");
  CHECK(url.to_string() == "https://registry.example.com/v2/?a=b");
  CHECK(url.host() == "registry.example.com");
  CHECK(url.port() == "443");
  CHECK(url.authority() == "registry.example.com");
  CHECK(url.is_https());
  CHECK(url.without_query() == "https://registry.example.com/v2/");
  CHECK(Url::parse("http://[::1]:5000/x").authority() == "[::1]:5000");
}

TEST_CASE("what is no absolute http URL is refused without repeating its query or password") {
  struct Row {
    const char* text;
    const char* secret;
  };
  const Row rows[] = {{"/v2/", "-"},
                      {"ftp://example.com/", "-"},
                      {"file:///etc/passwd", "-"},
                      {"https://alice:hunter2@example.com/", "hunter2"},
                      {"gopher://example.com/?token=hunter2", "hunter2"},
                      {"http://", "-"},
                      {"", "-"}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    try {
      Url::parse(row.text);
      FAIL("accepted");
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::invalid_argument);
      CHECK(std::string(error.what()).find(row.secret) == std::string::npos);
    }
  }
}

TEST_CASE("a reference is resolved as RFC 3986 says, and keeps its query") {
  const auto base = Url::parse("http://127.0.0.1:5000/v2/app/blobs/uploads/?x=1");
  struct Row {
    const char* reference;
    const char* expected;
  };
  const Row rows[] = {
      {"/v2/app/blobs/uploads/1?_state=a%2Fb", "http://127.0.0.1:5000/v2/app/blobs/uploads/1?_state=a%2Fb"},
      {"1?s=2", "http://127.0.0.1:5000/v2/app/blobs/uploads/1?s=2"},
      {"https://cdn.example.com/x?sig=y", "https://cdn.example.com/x?sig=y"},
      {"//other.example.com/x", "http://other.example.com/x"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.reference);
    CHECK(base.resolve(row.reference).to_string() == row.expected);
  }
}

TEST_CASE("a query is added behind the one that is there, percent-encoded") {
  // Versions of libcurl write the hexadecimal digits small or large, which means the same (RFC 3986, section 2.1).
  const auto text = [](const Url& url) {
    auto lower = url.to_string();
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c; });
    return lower;
  };
  const auto url = Url::parse("https://example.com/up?_state=x");
  CHECK(text(url.with_query("digest", "sha256:ab")) == "https://example.com/up?_state=x&digest=sha256%3aab");
  CHECK(text(Url::parse("https://example.com/up").with_query("a", "b&c=d")) == "https://example.com/up?a=b%26c%3dd");
}

TEST_CASE("an origin is scheme, host and port") {
  const auto url = Url::parse("https://example.com/a");
  CHECK(url.same_origin(Url::parse("https://EXAMPLE.com:443/b?c")));
  CHECK_FALSE(url.same_origin(Url::parse("http://example.com/a")));
  CHECK_FALSE(url.same_origin(Url::parse("https://example.com:8443/a")));
  CHECK_FALSE(url.same_origin(Url::parse("https://example.com.evil.org/a")));
}

TEST_CASE("loopback is localhost, 127.0.0.0/8 and ::1, and nothing that only looks like it") {
  for (const char* host : {"localhost", "127.0.0.1", "127.255.0.3", "[::1]", "::1"}) {
    CAPTURE(host);
    CHECK(is_loopback_host(host));
  }
  for (const char* host : {"127.0.0.1.example.com", "127.1", "128.0.0.1", "localhost.example.com", "127.0.0.256", "",
                           "127.0.0.", "[::2]", "127.0.0.1.1"}) {
    CAPTURE(host);
    CHECK_FALSE(is_loopback_host(host));
  }
}

TEST_CASE("private addresses are those of RFC 1918, 4193 and 6598, loopback, link-local and unspecified ones") {
  for (const char* host : {"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "127.0.0.1", "169.254.169.254",
                           "100.64.0.1", "0.0.0.0", "[::1]", "[::]", "[fc00::1]", "[fd12::1]", "[fe80::1]",
                           "fe80::1%eth0", "[::ffff:10.0.0.1]", "[::ffff:127.0.0.1]"}) {
    CAPTURE(host);
    CHECK(is_private_address(host));
  }
  for (const char* host : {"11.0.0.1", "172.15.0.1", "172.32.0.1", "192.169.0.1", "100.128.0.1", "8.8.8.8",
                           "[2001:db8::1]", "[::ffff:8.8.8.8]", "localhost", "10.0.0.1.example.com", ""}) {
    CAPTURE(host);
    CHECK_FALSE(is_private_address(host));
  }
}
