// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "registry_support.hpp"
#include "streamed_build.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

constexpr std::size_t kStreamSize = 2'000'000;
// What a server reads at once: it may have more than it keeps when it hangs up.
constexpr std::size_t kReadAtOnce = 16384;

// No part of it is like another, so that a wrong offset gives another digest.
std::string noise(std::size_t size, std::mt19937& random) {
  std::string bytes(size, ' ');
  for (auto& each : bytes) each = static_cast<char>(random());
  return bytes;
}

std::vector<Personality> all_personalities() {
  auto all = personalities();
  all.emplace_back();
  return all;
}

void check_has(const FakeRegistry& registry, const StreamedBuild& build) {
  CHECK(registry.manifest("app", "v1") == build.image.manifest_json());
  CHECK(registry.has_blob("app", build.image.layers()[0].descriptor.digest.to_string()));
}

RegistryOptions login_options_of(const Personality& one) { return options_for(one.auth.username, one.auth.password); }

std::string raw_answer(const std::string& status, const std::string& fields) {
  return "HTTP/1." + status + "\r\n" + fields + "Content-Length: 0\r\n\r\n";
}

// The session that a relative Location without a path leads to is the one that was asked.
const std::string kSameSession = "Location: ?_state=secret%2Fstate\r\n";

struct EarlyAnswer {
  const char* name;
  const char* method;
  std::string raw;
  std::optional<std::size_t> cut_after = {};  // else the whole body is read, and served, after the answer
};

std::vector<EarlyAnswer> early_answers() {
  std::vector<EarlyAnswer> all = {
      {"202, with less than is on its way", "PATCH", raw_answer("1 202 Accepted", kSameSession + "Range: 0-999\r\n")},
      {"202, without a word about how much", "PATCH", raw_answer("1 202 Accepted", kSameSession)},
      {"202 of HTTP/1.0, with nothing", "PATCH", raw_answer("0 202 Accepted", kSameSession + "Range: 0-0\r\n")},
      {"201", "PATCH", raw_answer("1 201 Created", kSameSession)},
      {"201", "PUT", raw_answer("1 201 Created", {})},
  };
  for (const char* status : {"400 Bad Request", "401 Unauthorized", "404 Not Found", "411 Length Required",
                             "413 Content Too Large", "429 Too Many Requests", "503 Service Unavailable"}) {
    for (const char* version : {"0 ", "1 "})
      all.push_back({status, "PATCH", raw_answer(std::string(version) + status, {})});
  }
  return all;
}

}  // namespace

TEST_CASE("three hundred streams that are cut anywhere go on from there, whichever registry it is") {
  std::mt19937 random(14);
  const StreamedBuild build(noise(kStreamSize, random));
  const auto all = all_personalities();
  for (std::size_t run = 0; run < 300; ++run) {
    const auto& one = all[run % all.size()];
    CAPTURE(run);
    CAPTURE(one.name);
    FakeRegistry registry(one);
    if (run % 2 == 1) registry.change_locations();
    const std::size_t cuts = 1 + random() % 3;
    for (std::size_t cut = 0; cut < cuts; ++cut)
      registry.add_fault({.method = "PATCH", .cut_after = random() % kStreamSize});
    {
      RegistryClient client(login_options_of(one));
      build.run(client, at(registry, "app:v1"));
    }
    check_has(registry, build);
    CHECK(registry.open_sessions() == 0);
    CHECK(bytes_of(registry) <= kStreamSize + build.image.config_json().size() + cuts * kReadAtOnce);
  }
}

TEST_CASE("an answer that comes before the whole of a blob was sent neither loses nor spoils it") {
  std::mt19937 random(15);
  const StreamedBuild build(noise(kStreamSize, random));
  for (auto answer : early_answers()) {
    for (const bool hangs_up : {false, true}) {
      if (hangs_up) answer.cut_after = random() % kStreamSize;
      CAPTURE(answer.name);
      CAPTURE(hangs_up);
      FakeRegistry registry;
      // A PUT has a body where nothing was streamed.
      if (answer.method == std::string_view("PUT")) registry.add_fault({.method = "PATCH", .status = 405});
      registry.add_fault({.method = answer.method,
                          .path = "/uploads/",
                          .raw = answer.raw,
                          .early = true,
                          .cut_after = answer.cut_after});
      RegistryClient client(fast_options());
      build.run(client, at(registry, "app:v1"));
      check_has(registry, build);
      CHECK(registry.unmet_faults() == 0);
      CHECK(bytes_of(registry) <= 3 * kStreamSize);
    }
  }
}

TEST_CASE("a stream that a registry answers early is sent at most once more") {
  std::mt19937 random(16);
  const StreamedBuild build(noise(kStreamSize, random));
  FakeRegistry registry;
  registry.add_fault(
      {.method = "PATCH", .raw = raw_answer("1 202 Accepted", kSameSession + "Range: 0-999\r\n"), .early = true});
  RegistryClient client(fast_options());
  build.run(client, at(registry, "app:v1"));
  check_has(registry, build);
  // None of it, where the registry has put it aside when it is asked how much it has.
  CHECK(bytes_of(registry) <= 2 * kStreamSize + build.image.config_json().size());
}

TEST_CASE("a stream that was cut and then finds its upload spoilt, lost or elsewhere is sent anew") {
  std::mt19937 random(17);
  const StreamedBuild build(noise(200'000, random));
  const Fault cut{.method = "PATCH", .cut_after = 60'000};
  for (const auto& next : std::vector<Fault>{{.method = "PATCH", .times = 2, .status = 416},
                                             {.method = "PATCH", .status = 404},
                                             {.method = "PATCH", .lose_session = true},
                                             {.method = "PUT", .path = "/uploads/", .status = 404},
                                             {.method = "PUT", .path = "/uploads/", .status = 416},
                                             {.method = "PUT", .path = "/uploads/", .lose_session = true},
                                             {.method = "GET", .path = "/upload", .status = 404},
                                             {.method = "GET", .path = "/upload", .headers = {{"Range", "0-99"}}},
                                             {.method = "GET", .path = "/upload", .headers = {{"Range", "0-99999"}}},
                                             {.method = "GET", .path = "/upload", .headers = {{"Range", "7-60000"}}},
                                             {.method = "GET", .path = "/upload", .headers = {{"Range", "0-9999999"}}},
                                             {.method = "GET", .path = "/upload", .without = {"Range"}},
                                             {.method = "GET", .path = "/upload", .without = {"Location"}}}) {
    for (const auto& one : all_personalities()) {
      CAPTURE(one.name);
      CAPTURE(next.method);
      CAPTURE(next.status);
      FakeRegistry registry(one);
      auto fault = next;
      if (fault.path == "/upload") fault.path = one.session_infix;
      if (fault.path == "/uploads/") fault.path = one.session_infix;
      registry.add_fault(cut);
      registry.add_fault(fault);
      {
        RegistryClient client(login_options_of(one));
        build.run(client, at(registry, "app:v1"));
      }
      check_has(registry, build);
    }
  }
}

TEST_CASE("a registry that is asked too often says when to come back, in seconds or by a date") {
  const StreamedBuild build(200'000);
  for (const char* when : {"0", "1", "Sun, 06 Nov 1994 08:49:37 GMT", "soon"}) {
    for (const char* method : {"POST", "PATCH", "PUT"}) {
      CAPTURE(when);
      CAPTURE(method);
      FakeRegistry registry;
      registry.add_fault({.method = method, .status = 429, .headers = {{"Retry-After", when}}});
      RegistryClient client(fast_options());
      build.run(client, at(registry, "app:v1"));
      check_has(registry, build);
    }
  }
}

TEST_CASE("that a registry refuses what has no length is remembered, and it is asked no more") {
  const TestFolder folder;
  const StreamedBuild build(200'000);
  const StreamedBuild next(10'000'000);
  auto options = fast_options();
  options.cache_folder = folder.path();
  FakeRegistry registry;
  registry.require_lengths();
  {
    RegistryClient client(options);
    build.run(client, at(registry, "app:v1"));
  }
  check_has(registry, build);
  CHECK(registry.count("PATCH") == 1);
  registry.clear_log();
  {
    RegistryClient client(options);
    CHECK_FALSE(next.begin(client, at(registry, "app:v1")));
    client.add_new_layer(next.image.layers()[0].descriptor.digest);
    client.push(next.image, at(registry, "app:v1"));
  }
  check_has(registry, next);
  CHECK(registry.count("PATCH") == 0);
  CHECK(registry.count("POST") == 2);
  CHECK(bytes_of(registry) == next.bytes.size() + next.image.config_json().size());
  // Another registry, and a run without that cache, know nothing of it.
  FakeRegistry other;
  RegistryClient there(options);
  CHECK(next.begin(there, at(other, "app:v1")));
  RegistryClient without(fast_options());
  CHECK(next.begin(without, at(registry, "app:v1")));
}

TEST_CASE("a stream that fails for another reason is no refusal, nor is one whose blob is refused with a length, too") {
  const StreamedBuild build(200'000);
  for (const auto& fault : std::vector<Fault>{{.method = "PATCH", .status = 503},
                                              {.method = "PATCH", .status = 429},
                                              {.method = "PATCH", .status = 404},
                                              {.method = "PATCH", .drop = true},
                                              {.method = "PATCH", .cut_after = 60'000},
                                              // It has all: the answer is wrong, and the upload goes on.
                                              {.method = "PATCH", .headers = {{"Range", "0-0"}}},
                                              {.path = "/uploads/", .skip = 2, .times = -1, .status = 405}}) {
    CAPTURE(fault.status);
    const TestFolder folder;
    auto options = fast_options();
    options.cache_folder = folder.path();
    FakeRegistry registry;
    registry.add_fault(fault);
    {
      RegistryClient client(options);
      const auto failure = failure_of([&] { build.run(client, at(registry, "app:v1")); });
      CHECK((failure.message == "nothing was thrown") == (fault.times != -1));
    }
    RegistryClient client(options);
    CHECK(build.begin(client, at(registry, "app:v1")));
  }
}
