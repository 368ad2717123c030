// SPDX-License-Identifier: Apache-2.0
#include "registry/auth/host_memory.hpp"

#include <doctest/doctest.h>

#include <ctime>

#include "../registry_support.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

constexpr std::int64_t kDay = 24 * 60 * 60;

Url root_of(const FakeRegistry& registry) { return Url::parse("http://" + registry.host()); }

RegistryOptions remembering(const TestFolder& folder) {
  auto options = options_for("alice", "correct horse");
  options.cache_folder = folder.path() / "cache";
  return options;
}

std::size_t refused_at_first(const FakeRegistry& registry) {
  std::size_t count = 0;
  for (const auto& entry : registry.log()) count += entry.authorization.empty() ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("a way to log in is kept for a day, as text without secrets") {
  const TestFolder folder;
  HostMemory memory{RecordCache(folder.path())};
  const auto root = Url::parse("https://registry.example.com");
  const LoginWay way{LoginWay::Kind::bearer, "https://auth.example.com/token", "registry"};
  CHECK_FALSE(memory.find(root, 1000));
  memory.put(root, way, 1000);
  CHECK(memory.find(root, 1000) == way);
  CHECK(memory.find(root, 1000 + kDay) == way);
  CHECK_FALSE(memory.find(root, 1001 + kDay));
  CHECK_FALSE(memory.find(root, 999));  // a clock that was put back
  CHECK_FALSE(memory.find(Url::parse("http://registry.example.com"), 1000));
  CHECK(encode_login_way(way, 1000) == "1000\nbearer\nhttps://auth.example.com/token\nregistry\n");
}

TEST_CASE("what is no record is none, and what could hold more than a place is not kept") {
  for (const char* text : {"", "1\n", "x\nbasic\n\n\n", "1\nother\n\n\n", "1\nbasic\n\n\nmore\n", "1 \nbasic\n\n\n"}) {
    CAPTURE(text);
    CHECK_FALSE(decode_login_way(text));
  }
  const TestFolder folder;
  HostMemory memory{RecordCache(folder.path())};
  const auto root = Url::parse("https://registry.example.com");
  memory.put(root, {LoginWay::Kind::bearer, "https://auth.example.com/token?key=secret", "registry"}, 1000);
  memory.put(root, {LoginWay::Kind::bearer, "https://auth.example.com/token", "two\nlines"}, 1000);
  CHECK_FALSE(memory.find(root, 1000));
}

TEST_CASE("a run that follows logs in without being asked to") {
  for (const auto kind : {FakeAuth::Kind::basic, FakeAuth::Kind::bearer}) {
    FakeRegistry registry(FakeAuth{.kind = kind});
    const TestFolder folder;
    const auto image = image_of({"layer"});
    RegistryClient(remembering(folder)).push(image, at(registry, "app:v1"));
    CHECK(refused_at_first(registry) >= 1);
    registry.clear_log();
    RegistryClient(remembering(folder)).push(image, at(registry, "app:v2"));
    CHECK(refused_at_first(registry) == 0);
    CHECK(registry.manifest("app", "v2") == image.manifest_json());
    // Without it, as ever.
    registry.clear_log();
    RegistryClient(options_for("alice", "correct horse")).push(image, at(registry, "app:v3"));
    CHECK(refused_at_first(registry) >= 1);
  }
}

TEST_CASE("what is remembered wrongly costs a try, and is put right") {
  FakeRegistry other;
  for (const auto kind : {FakeAuth::Kind::basic, FakeAuth::Kind::bearer}) {
    for (const auto& wrong : std::vector<LoginWay>{{LoginWay::Kind::basic},
                                                   {LoginWay::Kind::bearer, "http://127.0.0.1:1/token", "gone"},
                                                   {LoginWay::Kind::bearer, "http://" + other.host() + "/token", "no"},
                                                   {LoginWay::Kind::bearer, "http://token.example.com/", "plain"},
                                                   {LoginWay::Kind::bearer, "nonsense", ""}}) {
      CAPTURE(wrong.realm);
      FakeRegistry registry(FakeAuth{.kind = kind});
      const TestFolder folder;
      auto options = remembering(folder);
      options.tries = 1;
      std::filesystem::create_directory(options.cache_folder);
      std::filesystem::permissions(options.cache_folder, std::filesystem::perms::owner_all);
      HostMemory(RecordCache(options.cache_folder)).put(root_of(registry), wrong, std::time(nullptr));
      const auto image = image_of({"layer"});
      RegistryClient(options).push(image, at(registry, "app:v1"));
      CHECK(registry.manifest("app", "v1") == image.manifest_json());
      registry.clear_log();
      RegistryClient(options).push(image, at(registry, "app:v2"));
      CHECK(refused_at_first(registry) == 0);
    }
  }
}

TEST_CASE("a password that is wrong by now is told as ever") {
  FakeRegistry registry(FakeAuth{.kind = FakeAuth::Kind::bearer});
  const TestFolder folder;
  RegistryClient(remembering(folder)).push(image_of({"layer"}), at(registry, "app:v1"));
  auto options = remembering(folder);
  options.password = "wrong";
  const auto failure = failure_of([&] { RegistryClient(options).push(image_of({"other"}), at(registry, "app:v1")); });
  CHECK(failure.code == ErrorCode::unauthorized);
}

TEST_CASE("that a registry refuses bodies without a length is kept for a day, for each registry") {
  const TestFolder folder;
  HostMemory memory{RecordCache(folder.path())};
  CHECK_FALSE(memory.refuses_streams("registry.example.com", 1000));
  memory.put_refusal_of_streams("registry.example.com", 1000);
  CHECK(memory.refuses_streams("registry.example.com", 1000));
  CHECK(memory.refuses_streams("registry.example.com", 1000 + kDay));
  CHECK_FALSE(memory.refuses_streams("registry.example.com", 1001 + kDay));
  CHECK_FALSE(memory.refuses_streams("registry.example.com", 999));  // a clock that was put back
  CHECK_FALSE(memory.refuses_streams("registry.example.com:443", 1000));
  CHECK_FALSE(memory.find(Url::parse("https://registry.example.com"), 1000));
}
