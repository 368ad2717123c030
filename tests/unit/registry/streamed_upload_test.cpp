// SPDX-License-Identifier: Apache-2.0
#include "registry/streamed_upload.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "registry_support.hpp"
#include "streamed_build.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

struct NamedFault {
  const char* name;
  Fault fault;
};

}  // namespace

TEST_CASE("a large layer is sent while it is made, and its digest comes last") {
  FakeRegistry registry(Personality{});
  const StreamedBuild build(10'000'000);
  {
    RegistryClient client(fast_options());
    build.run(client, at(registry, "app:v1"));
  }
  CHECK(registry.count("POST") == 2);  // the config's is one
  CHECK(registry.count("PATCH") == 1);
  CHECK(bytes_of(registry, "PATCH") == build.bytes.size());
  CHECK(bytes_of(registry, "PUT") == build.image.config_json().size());
  CHECK(registry.manifest("app", "v1") == build.image.manifest_json());
  CHECK(registry.has_blob("app", build.image.layers()[0].descriptor.digest.to_string()));
  CHECK(registry.open_sessions() == 0);
}

TEST_CASE("every registry of the world has the image afterwards, whatever it says to a blob of unknown size") {
  const StreamedBuild build(14U << 20U);
  for (const auto& one : personalities()) {
    CAPTURE(one.name);
    FakeRegistry registry(one);
    {
      RegistryClient client(options_for(one.auth.username, one.auth.password));
      build.run(client, at(registry, "app:v1"));
    }
    CHECK(registry.manifest("app", "v1") == build.image.manifest_json());
    CHECK(registry.has_blob("app", build.image.layers()[0].descriptor.digest.to_string()));
  }
}

TEST_CASE("whatever goes wrong with a blob on its way, the push sends it") {
  const StreamedBuild build(200'000);
  std::vector<NamedFault> faults = {
      {"cut", {.cut_after = 60000}},
      {"cut at once", {.cut_after = 0}},
      {"closed before the answer", {.drop = true}},
      {"closed after it was served", {.drop_answer = true}},
      {"closed in the answer's headers", {.raw = "HTTP/1.1 202 Accepted\r\nContent-Le"}},
      {"an answer that is cut", {.raw = "HTTP/1.1 202 Accepted\r\nContent-Length: 50\r\n\r\n{}"}},
      {"no Location", {.without = {"Location"}}},
      {"a Location of another kind", {.headers = {{"Location", "ftp://127.0.0.1/"}}}},
      {"the session is lost", {.lose_session = true}},
      {"the token has expired", {.expire_tokens = true}},
      {"redirected", {.status = 307, .headers = {{"Location", "?again"}}}},
      {"redirected to plain HTTP", {.status = 307, .headers = {{"Location", "http://registry.example.com/"}}}},
      {"a web page", {.status = 200, .body = "<html>", .headers = {{"Content-Type", "text/html"}}}},
  };
  for (const char* range : {"nonsense", "", "5-9", "bytes=0-99999", "0-0", "0-100", "0-99999999"})
    faults.push_back({range, {.headers = {{"Range", range}}}});
  for (const int status : {400, 401, 403, 404, 405, 408, 411, 413, 416, 429, 500, 501, 503})
    faults.push_back({"a status", {.status = status}});
  for (const auto& one : faults) {
    CAPTURE(one.name);
    CAPTURE(one.fault.status);
    FakeRegistry registry(FakeAuth{.kind = FakeAuth::Kind::bearer});
    auto fault = one.fault;
    fault.method = "PATCH";
    registry.add_fault(fault);
    {
      RegistryClient client(options_for("alice", "correct horse"));
      build.run(client, at(registry, "app:v1"));
    }
    CHECK(registry.unmet_faults() == 0);
    CHECK(registry.manifest("app", "v1") == build.image.manifest_json());
    CHECK(registry.has_blob("app", build.image.layers()[0].descriptor.digest.to_string()));
  }
}

TEST_CASE("an upload that cannot be opened, or is lost before its digest comes, is begun anew by the push") {
  const StreamedBuild build(200'000);
  for (const auto& fault : std::vector<Fault>{{.method = "POST", .times = 2, .status = 400},
                                              {.method = "POST", .times = 2, .without = {"Location"}},
                                              {.method = "PUT", .path = "/uploads/", .times = 2, .lose_session = true},
                                              {.method = "PUT", .path = "/uploads/", .times = 2, .status = 503}}) {
    CAPTURE(fault.status);
    FakeRegistry registry;
    registry.add_fault(fault);
    RegistryClient client(fast_options());
    const auto sink = build.begin(client, at(registry, "app:v1"));
    REQUIRE(sink);
    build.write(*sink);
    // The push's own uploads are not to meet what is meant for those before it.
    while (fault.method == "POST" && registry.unmet_faults() != 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    client.add_new_layer(build.image.layers()[0].descriptor.digest, sink);
    client.push(build.image, at(registry, "app:v1"));
    CHECK(registry.manifest("app", "v1") == build.image.manifest_json());
  }
}

TEST_CASE("an upload that was opened before the base was known is the one that the layer goes into") {
  FakeRegistry registry;
  const StreamedBuild build(200'000);
  {
    RegistryClient client(fast_options());
    client.expect_push(at(registry, "app:v1"));
    client.expect_uploads(kLarge);
    build.run(client, at(registry, "app:v1"));
  }
  CHECK(registry.count("POST") == 2);
  CHECK(registry.count("DELETE") == 0);
  CHECK(registry.manifest("app", "v1") == build.image.manifest_json());
}

TEST_CASE("a layer that is not made to its end leaves no upload behind") {
  FakeRegistry registry;
  const StreamedBuild build(200'000);
  {
    RegistryClient client(fast_options());
    const auto sink = build.begin(client, at(registry, "app:v1"));
    build.write(*sink);
  }
  CHECK(registry.open_sessions() == 0);
}

TEST_CASE("nor does one that the push does not need") {
  FakeRegistry registry;
  const StreamedBuild build(200'000);
  seed(registry, "app", "v1", build.image);
  {
    RegistryClient client(fast_options());
    build.run(client, at(registry, "app:v1"));
  }
  CHECK(registry.open_sessions() == 0);
  CHECK(registry.count("PUT") == 0);
}

TEST_CASE("nothing is sent ahead of a push to two places, or of a small layer") {
  FakeRegistry registry;
  RegistryClient client(fast_options());
  client.expect_push(at(registry, "one:v1"));
  CHECK_FALSE(client.expect_new_layer(1000));
  client.expect_push(at(registry, "two:v1"));
  CHECK_FALSE(client.expect_new_layer(kLarge));
}

TEST_CASE("a stop ends what is being sent, and nobody waits for room") {
  FakeRegistry registry;
  registry.add_fault({.method = "PATCH", .piece_delay = std::chrono::milliseconds(1), .drop = true});
  std::stop_source stop;
  const StreamedBuild build(20'000'000);
  {
    RegistryClient client(fast_options(), stop.get_token());
    const auto sink = build.begin(client, at(registry, "app:v1"));
    sink->write(as_bytes(std::string_view(build.bytes).substr(0, kPiece)));
    stop.request_stop();
    build.write(*sink);
  }
  CHECK_FALSE(registry.manifest("app", "v1"));
}
