// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "escapes.hpp"
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
  CHECK(test::with_equal_escapes(local.mount("a/b", digest, "c/d").to_string()) ==
        "http://127.0.0.1:5000/v2/a/b/blobs/uploads/?mount=sha256%3A" + std::string(digest.hex()) + "&from=c%2Fd");
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
                      {"<a,b>; rel=\"first next\"", "a,b"},
                      {"<n>; rel=\"nextish\"", ""},
                      {"</style.css>; rel=preload; as=style", ""}};
  for (const auto& row : rows) {
    CAPTURE(row.field);
    CHECK(next_link({{"Link", row.field}}, "list").value_or("") == row.expected);
  }
  CHECK_FALSE(next_link({}, "list").has_value());
}

TEST_CASE("a Link that cannot be read is an error: the list may not be whole") {
  for (const char* field :
       {"n; rel=\"next\"", "<n", "/v2/a/tags/list?last=b&n=2", "<n>", "<n> next", "<n>; rel=\"next"}) {
    CAPTURE(field);
    CHECK_THROWS_WITH_AS(next_link({{"Link", field}}, "list"),
                         "cannot list: the registry's Link to the next page cannot be read", Error);
  }
}

TEST_CASE("the next page is looked for at the registry alone") {
  const Endpoint endpoint("q.io", true);
  const auto page = [&](const char* target) {
    const HttpHeaders headers{{"Link", fmt::format("<{}>; rel=next", target)}};
    return next_page(endpoint, endpoint.tags("a"), headers, "list")->to_string();
  };
  CHECK(page("/v2/a/tags/list?last=b") == "https://q.io/v2/a/tags/list?last=b");
  CHECK(page("http://q.io/v2/a/tags/list?last=b") == "https://q.io/v2/a/tags/list?last=b");
  CHECK_THROWS_WITH_AS(page("https://evil.example.com/x"),
                       "cannot list: the registry's Link to the next page leads to another host, evil.example.com",
                       Error);
}

TEST_CASE("a list over pages ends by its number of pages and by its bytes") {
  const auto page_url = [](int page) { return Url::parse(fmt::format("https://example.com/list?page={}", page)); };
  PageBudget pages("list");
  for (int page = 0; page < 10'000; ++page) pages.take(2, page_url(page));
  CHECK_THROWS_WITH_AS(pages.take(2, page_url(10'000)), "cannot list: the list does not end", Error);
  PageBudget bytes("list");
  for (int page = 0; page < 4; ++page) bytes.take(16U << 20U, page_url(page));
  CHECK_THROWS_AS(bytes.take(1, page_url(4)), Error);
  PageBudget circle("list");
  for (int page = 0; page < 3; ++page) circle.take(1, page_url(page));
  CHECK_THROWS_WITH_AS(circle.take(1, page_url(0)), "cannot list: the registry's pages lead in a circle", Error);
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
  struct Row {
    const char* action;
    int status;
    const char* media_type;
    const char* body;
    const char* says;
    const char* hint;
  };
  const char* json = "application/json";
  const char* login = "log in with `ociassemble login q.io` or set OCIASSEMBLE_USERNAME/OCIASSEMBLE_PASSWORD";
  const char* quota = "a quota of the registry is used up: delete images there, or ask for a larger quota";
  const Row rows[] = {
      {"push q.io/a:1", 403, json, R"({"errors":[{"code":"DENIED","message":"read\u001b[31m\nonly"}]})",
       "cannot push q.io/a:1: the registry answered 403 (forbidden): DENIED: read [31m only", login},
      {"pull q.io/a:1", 404, json, "{}", "cannot pull q.io/a:1: the registry has no such tag", ""},
      {"pull q.io/a:1", 404, json, R"({"errors":[{"code":"NAME_UNKNOWN"}]})",
       "cannot pull q.io/a:1: the registry has no such repository", ""},
      // Amazon ECR's answer to a push.
      {"push q.io/a:1", 404, json,
       R"({"errors":[{"code":"NAME_UNKNOWN","message":"The repository with name 'a' does not exist in the registry with id '1'"}]})",
       "cannot push q.io/a:1: the registry has no such repository: The repository with name 'a' does not exist in the "
       "registry with id '1'",
       "this registry makes no repository by itself: create it first"},
      // Harbor's.
      {"push q.io/a:1", 403, json,
       R"({"errors":[{"code":"DENIED","message":"adding 2.0 GiB of storage resource, which when updated to current usage of 9.0 GiB will exceed the configured upper limit of 10.0 GiB: quota exceeded"}]})",
       "cannot push q.io/a:1: the registry answered 403 (forbidden): DENIED: adding 2.0 GiB of storage resource, which "
       "when updated to current usage of 9.0 GiB will exceed the configured upper limit of 10.0 GiB: quota exceeded",
       quota},
      {"push q.io/a:1", 415, json, R"({"errors":[{"code":"MANIFEST_INVALID"}]})",
       "cannot push q.io/a:1: the registry answered 415: MANIFEST_INVALID",
       "the registry may not know OCI's media types: build the image with --format docker"},
      {"pull q.io/a:1", 404, "text/html", "<html>not here</html>",
       "cannot pull q.io/a:1: there is no registry at q.io: it answered 404 with a web page",
       "check the name of the registry and its port"},
      {"pull q.io/a:1", 503, "text/html", "<html>later</html>",
       "cannot pull q.io/a:1: the registry answered 503 (service unavailable)", ""},
      {"pull q.io/a:1", 401, "text/html", "<html>who?</html>",
       "cannot pull q.io/a:1: the registry answered 401 (unauthorized)", login},
  };
  for (const auto& row : rows) {
    const auto error = refusal({.action = row.action,
                                .status = row.status,
                                .media_type = row.media_type,
                                .body = row.body,
                                .missing = "the registry has no such tag",
                                .registry = "q.io"},
                               {});
    CHECK(std::string(error.what()) == row.says);
    CHECK(error.hint() == row.hint);
    CHECK(error.status() == row.status);
  }
}

TEST_CASE("a refused login names the user, and where the password comes from") {
  const auto error_with = [](const UsedLogin& login) {
    return refusal(
        {.action = "pull q.io/a:1", .status = 401, .media_type = {}, .body = {}, .registry = "q.io", .login = login},
        {});
  };
  const auto kept = error_with({.user = "ali\x1b[1mce"});
  CHECK(std::string(kept.what()) == "cannot pull q.io/a:1: the registry rejected the password of user ali?[1mce");
  CHECK(kept.hint() == "log in again with `ociassemble login q.io`");
  const auto token = error_with({.user = "", .is_given = true});
  CHECK(std::string(token.what()) == "cannot pull q.io/a:1: the registry rejected the token");
  const auto accepted = error_with({.user = "", .is_accepted = true});
  CHECK(std::string(accepted.what()) == "cannot pull q.io/a:1: the registry answered 401 (unauthorized)");
  CHECK(accepted.hint() ==
        "the token has no right to do this, or there is no such repository; log in as another user: `ociassemble login "
        "q.io`");
}

TEST_CASE("a refusal names the variable when the environment's credentials are for another registry") {
  const auto error = refusal({.action = "pull q.io/a:1",
                              .status = 401,
                              .media_type = {},
                              .body = {},
                              .registry = "q.io",
                              .withheld_credentials = true},
                             {});
  CHECK(error.code() == ErrorCode::unauthorized);
  CHECK(error.hint() ==
        "OCIASSEMBLE_USERNAME and OCIASSEMBLE_PASSWORD are not sent to q.io: set OCIASSEMBLE_REGISTRY=q.io if they are "
        "for it, or log in with `ociassemble login q.io`");
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
