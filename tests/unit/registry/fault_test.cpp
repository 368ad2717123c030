// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>

#include "registry_support.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

constexpr int kEachTime = -1;

}  // namespace

TEST_CASE("a request is tried as often as the options say, and no more") {
  FakeRegistry registry;
  registry.add_fault({.times = kEachTime, .status = 503});
  auto options = fast_options();
  options.tries = 3;
  RegistryClient client(options);
  const auto failure = failure_of([&] { client.open(at(registry, "app:v1")); });
  CHECK(failure.status == 503);
  CHECK(registry.log().size() == 3);
}

TEST_CASE("an upload that was cut is resumed from where it was") {
  FakeRegistry registry;
  const auto bytes = text_of(4000000);
  registry.add_fault({.method = "PUT", .path = "upload", .times = 1, .cut_after = 1000000});
  RegistryClient client(fast_options());
  auto options = fast_options();
  options.parallel = 1;
  RegistryClient(options).push(image_of({bytes}), at(registry, "app:v1"));
  CHECK(registry.has_blob("app", Digest::of(bytes).to_string()));
  const auto log = registry.log();
  const auto patch = std::ranges::find(log, "PATCH", &LoggedRequest::method);
  REQUIRE(patch != log.end());
  CHECK(patch->range == "1000000-3999999");
  CHECK(patch->received == 3000000);
}

TEST_CASE("an upload whose last answer was lost is found to be there, and not sent again") {
  FakeRegistry registry;
  const auto bytes = text_of(100000);
  registry.add_fault({.method = "PUT", .path = "upload", .drop_answer = true});
  auto options = fast_options();
  options.parallel = 1;
  RegistryClient(options).push(image_of({bytes}), at(registry, "app:v1"));
  CHECK(registry.has_blob("app", Digest::of(bytes).to_string()));
  CHECK(uploads_to(registry) == 2);  // the layer and the config, once each
}
