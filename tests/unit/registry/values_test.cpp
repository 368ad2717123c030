// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "registry/auth/token.hpp"
#include "registry/blob_upload.hpp"
#include "registry/endpoint.hpp"
#include "registry/failure.hpp"
#include "registry/link.hpp"
#include "registry/pace.hpp"
#include "registry/retry.hpp"

using namespace ociassemble;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("URLs are those of the distribution specification, and Docker Hub's are elsewhere") {
  const auto digest = Digest::of("x");
  const Endpoint hub("docker.io", true);
  CHECK(hub.manifest("library/alpine", "3.20").to_string() ==
        "https://registry-1.docker.io/v2/library/alpine/manifests/3.20");
  const Endpoint local("127.0.0.1:5000", false);
  CHECK(local.root().to_string() == "http://127.0.0.1:5000/v2/");
  CHECK(local.blob("a/b", digest).to_string() == "http://127.0.0.1:5000/v2/a/b/blobs/" + digest.to_string());
  CHECK(local.uploads("a/b").to_string() == "http://127.0.0.1:5000/v2/a/b/blobs/uploads/");
  CHECK(local.mount("a/b", digest, "c/d").to_string() ==
        "http://127.0.0.1:5000/v2/a/b/blobs/uploads/?mount=sha256%3a" + std::string(digest.hex()) + "&from=c%2fd");
  CHECK(local.tags("a").to_string() == "http://127.0.0.1:5000/v2/a/tags/list");
}

TEST_CASE("a Location that forgets the TLS of its own host stays on TLS") {
  const Endpoint endpoint("r.example.com", true);
  const auto from = endpoint.uploads("a");
  CHECK(endpoint.follow(from, "http://r.example.com/v2/a/blobs/uploads/1?_state=s").to_string() ==
        "https://r.example.com/v2/a/blobs/uploads/1?_state=s");
  CHECK(endpoint.follow(from, "http://other.example.com/x").to_string() == "http://other.example.com/x");
  CHECK(endpoint.follow(from, "/up/1").to_string() == "https://r.example.com/up/1");
}

TEST_CASE("plain HTTP is for loopback and for what was named") {
  const PlainHttpPolicy policy({"r.example.com:5000", "lan"});
  for (const char* url : {"https://anywhere.example.com/", "http://localhost:1/", "http://127.0.0.1/", "http://[::1]/",
                          "http://r.example.com:5000/", "http://lan/"}) {
    CAPTURE(url);
    policy.check(Url::parse(url));
  }
  for (const char* url : {"http://r.example.com/", "http://r.example.com:5001/", "http://169.254.169.254/"}) {
    CAPTURE(url);
    CHECK_THROWS_AS(policy.check(Url::parse(url)), Error);
  }
}

TEST_CASE("the next page is found in any spelling of Link") {
  struct Row {
    const char* field;
    const char* expected;
  };
  const Row rows[] = {{"</v2/a/tags/list?n=2&last=b>; rel=\"next\"", "/v2/a/tags/list?n=2&last=b"},
                      {"<x>;rel=next", "x"},
                      {"<p>; rel=\"prev\", <n>; title=\"t\"; REL=\"next\"", "n"},
                      {"<n>; rel=\"nextish\"", ""},
                      {"n; rel=\"next\"", ""},
                      {"<n", ""}};
  for (const auto& row : rows) {
    CAPTURE(row.field);
    CHECK(next_link({{"Link", row.field}}).value_or("") == row.expected);
  }
  CHECK_FALSE(next_link({}).has_value());
}

TEST_CASE("a list over pages ends by its number of pages and by its bytes") {
  PageBudget pages("list");
  for (int page = 0; page < 10'000; ++page) pages.take(2);
  CHECK_THROWS_WITH_AS(pages.take(2), "cannot list: the list does not end", Error);
  PageBudget bytes("list");
  for (int page = 0; page < 4; ++page) bytes.take(16U << 20U);
  CHECK_THROWS_AS(bytes.take(1), Error);
}

TEST_CASE("only passing troubles are worth another try") {
  for (const int status : {408, 425, 429, 500, 502, 503, 504, 522}) CHECK(is_worth_retrying(status));
  for (const int status : {200, 301, 400, 401, 403, 404, 405, 409, 413, 416, 501, 505})
    CHECK_FALSE(is_worth_retrying(status));
}

TEST_CASE("Retry-After is seconds or a date") {
  CHECK(parse_retry_after("0", 0) == seconds(0));
  CHECK(parse_retry_after("120", 0) == seconds(120));
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", 784111700) == seconds(77));
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", 784111800) == seconds(0));
  for (const char* text : {"", "-1", "soon", "1.5"}) CHECK_FALSE(parse_retry_after(text, 0).has_value());
}

TEST_CASE("delays double from the first to the longest") {
  const RetryPolicy policy;
  std::vector<std::int64_t> bounds;
  for (int n = 0; n < 7; ++n) bounds.push_back(delay_bound(policy, n).count());
  CHECK(bounds == std::vector<std::int64_t>{250, 500, 1000, 2000, 4000, 5000, 5000});
}

TEST_CASE("tries are counted, and a server that asks for too long is not waited for") {
  const RetryPolicy policy{.tries = 3, .first_delay = milliseconds(0)};
  Retrier retrier(policy, {});
  CHECK(retrier.wait());
  CHECK(retrier.wait());
  CHECK_FALSE(retrier.wait());
  retrier.reset();
  CHECK(retrier.wait(seconds(0)));
  CHECK_FALSE(retrier.wait(seconds(3600)));
  std::stop_source stop;
  stop.request_stop();
  Retrier stopped(policy, stop.get_token());
  CHECK_THROWS_AS(stopped.wait(), Error);
}

TEST_CASE("where the rate is limited, requests go one by one, in gaps that grow with refusals and shrink without") {
  const RetryPolicy policy{.first_delay = milliseconds(160), .longest_delay = milliseconds(500)};
  Pace pace(policy);
  const Pace::Time now{};
  CHECK(pace.take_turn(now) == now);
  CHECK(pace.take_turn(now) == now);
  pace.slow_down(now, {});
  CHECK(pace.take_turn(now) == now + milliseconds(160));
  CHECK(pace.take_turn(now) == now + milliseconds(320));
  pace.slow_down(now, {});
  pace.slow_down(now, {});  // 640 is over the longest
  CHECK(pace.take_turn(now) == now + milliseconds(500));
  CHECK(pace.take_turn(now) == now + milliseconds(1000));
  pace.speed_up();
  CHECK(pace.take_turn(now) == now + milliseconds(1500));
  CHECK(pace.take_turn(now) == now + milliseconds(1937));
  for (int i = 0; i < 40; ++i) pace.speed_up();
  pace.take_turn(now);
  const auto later = now + seconds(10);
  CHECK(pace.take_turn(later) == later);
  CHECK(pace.take_turn(later) == later);
}

TEST_CASE("what Retry-After asks of one request holds for all, up to the longest that is waited for") {
  const RetryPolicy policy{.longest_retry_after = seconds(60)};
  const Pace::Time now{};
  Pace patient(policy);
  patient.slow_down(now, seconds(7));
  CHECK(patient.take_turn(now) == now + seconds(7));
  Pace pace(policy);
  pace.slow_down(now, seconds(86400));
  CHECK(pace.take_turn(now) == now + seconds(60));
}

TEST_CASE("a token is read under both of its names") {
  CHECK(parse_token(R"({"token":"a","expires_in":300})")->text == "a");
  CHECK(parse_token(R"({"access_token":"b"})")->text == "b");
  CHECK(parse_token(R"({"token":"","access_token":"b"})")->text == "b");
  for (const char* json : {"", "[]", "{}", R"({"token":7})", "token"}) CHECK_FALSE(parse_token(json).has_value());
}

TEST_CASE("a token lives as long as it says, 60 seconds at least") {
  CHECK(parse_token(R"({"token":"a","expires_in":300})")->lifetime == seconds(300));
  CHECK(parse_token(R"({"token":"a"})")->lifetime == seconds(60));
  CHECK(parse_token(R"({"token":"a","expires_in":5})")->lifetime == seconds(60));
  CHECK(parse_token(R"({"token":"a","expires_in":-5})")->lifetime == seconds(60));
  CHECK(parse_token(R"({"token":"a","expires_in":1e300})")->lifetime == seconds(86400));
}

TEST_CASE("a token is given out until shortly before it expires") {
  TokenCache cache;
  const TokenCache::Time start;
  const auto push = Scope::push("a");
  cache.store(push, {"t", seconds(300)}, start);
  CHECK(cache.find(push, start + seconds(269)) == "t");
  CHECK_FALSE(cache.find(push, start + seconds(270)).has_value());
  CHECK(cache.find(Scope::pull("a"), start) == "t");
  CHECK_FALSE(cache.find(Scope::push("b"), start).has_value());
  CHECK_FALSE(cache.find(push.and_pull("b"), start).has_value());
  CHECK(push.and_pull("b").key() == "repository:a:pull,push repository:b:pull");
}

TEST_CASE("error bodies of registries and token servers are understood") {
  using Details = std::vector<RegistryErrorDetail>;
  CHECK(parse_error_body(R"({"errors":[{"code":"DENIED","message":"no"},{"code":"X"}]})") ==
        Details{{"DENIED", "no"}, {"X", ""}});
  CHECK(parse_error_body(R"({"error":"invalid_grant","error_description":"expired"})") ==
        Details{{"invalid_grant", "expired"}});
  CHECK(parse_error_body(R"({"details":"incorrect username or password"})") ==
        Details{{"", "incorrect username or password"}});
  CHECK(parse_error_body("<html>") == Details{});
  CHECK(parse_error_body(R"({"errors":[7,null]})") == Details{});
}

TEST_CASE("a refusal says what could not be done, why, and what to do") {
  const auto denied =
      refusal("push q.io/a:1", 403, R"({"errors":[{"code":"DENIED","message":"read\u001b[31m\nonly"}]})", {}, "q.io");
  CHECK(std::string(denied.what()) ==
        "cannot push q.io/a:1: the registry answered 403 (forbidden): DENIED: read [31m only");
  CHECK(denied.code() == ErrorCode::unauthorized);
  CHECK(denied.status() == 403);
  CHECK(denied.hint() == "log in with `ociassemble login q.io` or set OCIASSEMBLE_USERNAME/OCIASSEMBLE_PASSWORD");
  const auto missing = refusal("pull q.io/a:1", 404, "{}", "the registry has no such tag", "q.io");
  CHECK(std::string(missing.what()) == "cannot pull q.io/a:1: the registry has no such tag");
  CHECK(missing.code() == ErrorCode::not_found);
  const auto unknown = refusal("pull q.io/a:1", 404, R"({"errors":[{"code":"NAME_UNKNOWN"}]})", "x", "q.io");
  CHECK(std::string(unknown.what()) == "cannot pull q.io/a:1: the registry has no such repository");
}

TEST_CASE("an upload's Range tells how much the registry has") {
  const auto offset = [](const char* range) { return upload_offset({{"Range", range}}); };
  CHECK(offset("0-99") == 100);
  CHECK(offset("bytes=0-99") == 100);
  CHECK(offset("0-0") == 0);
  for (const char* range : {"", "5-9", "0-", "0-x", "0-18446744073709551615", "-1"})
    CHECK_FALSE(offset(range).has_value());
  CHECK_FALSE(upload_offset({}).has_value());
}
