// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "registry_support.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

// All that must never be seen: the password and the identity token, both also as Basic sends them ("alice:…",
// "<token>:…"), what the fake's tokens begin with, and what it puts into the queries of its Locations.
const std::vector<std::string> kSecrets = {"correct horse", "Y29ycmVjdCBob3JzZQ", "correct%20horse",
                                           "correct+horse", "identity-4711",      "aWRlbnRpdHktNDcxMQ",
                                           "fake-token-",   "very-secret",        "secret%2Fstate"};

std::string secret_in(const std::string& text) {
  for (const auto& secret : kSecrets) {
    if (text.find(secret) != std::string::npos) return secret + " in: " + text;
  }
  return {};
}

// A client, and all that it says to anybody.
struct Overheard {
  explicit Overheard(RegistryOptions options) {
    options.warn = options.trace = [this](const std::string& line) { hear(line); };
    options.progress = [this](const TransferEvent& event) { hear(event.subject); };
    client = std::make_unique<RegistryClient>(std::move(options));
  }
  void hear(const std::string& line) {
    const std::lock_guard lock(mutex);
    text += line + "\n";
  }
  void attempt(const std::function<void(RegistryClient&)>& action) {
    const auto failure = failure_of([&] { action(*client); });
    hear(failure.message + "\n" + failure.hint);
  }

  std::mutex mutex;
  std::string text;
  std::unique_ptr<RegistryClient> client;
};

std::string received_by(const FakeRegistry& registry) {
  std::string text;
  for (const auto& entry : registry.log())
    text += fmt::format("{} {}\n{}{}\n", entry.method, entry.target, entry.fields, entry.body);
  return text;
}

FakeAuth strict() { return {.kind = FakeAuth::Kind::bearer, .identity_token = "identity-4711"}; }

RegistryOptions with_password() { return options_for("alice", "correct horse"); }
RegistryOptions with_identity() { return options_for("<token>", "identity-4711"); }

std::string elsewhere(const FakeRegistry& registry) { return fmt::format("http://localhost:{}", registry.port()); }

// The credentials' own bytes; a signature in a redirect's query is meant for the host that it leads to.
bool holds_credentials(const std::string& text) {
  return text.find("uthorization") != std::string::npos || text.find("correct") != std::string::npos ||
         text.find("identity-4711") != std::string::npos || text.find("fake-token-") != std::string::npos;
}

}  // namespace

TEST_CASE("a redirect and an upload's Location to another host never get a credential, and nothing says one aloud") {
  const auto image = image_of({text_of(1000)});
  for (const auto& options : {with_password(), with_identity()}) {
    FakeRegistry registry(strict());
    FakeRegistry other;
    seed(registry, "app", "v1", image);
    seed(other, "app", "v1", image);
    registry.redirect_blobs_to(elsewhere(other));
    registry.redirect_uploads_to(elsewhere(other));
    Overheard heard(options);
    heard.attempt([&](RegistryClient& client) {
      const auto document = client.open(at(registry, "app:v1"));
      BlobStore::read(*document.blobs, image.layers()[0].descriptor, 10000);
    });
    heard.attempt([&](RegistryClient& client) { client.push(image_of({"new"}), at(registry, "app:v2")); });
    CHECK(other.count("GET", "/blobs/") > 0);
    CHECK(other.count("PUT", "/blobs/uploads/") > 0);
    CHECK_FALSE(holds_credentials(received_by(other)));
    CHECK(secret_in(heard.text) == "");
    CHECK(heard.text.find("with credentials") != std::string::npos);  // the trace is there
  }
}

TEST_CASE("a bearer token and a password go to the registry and its token server in one field, nowhere else") {
  FakeRegistry registry(strict());
  Overheard heard(with_password());
  heard.attempt([&](RegistryClient& client) { client.push(image_of({"layer"}), at(registry, "app:v1")); });
  for (const auto& entry : registry.log()) {
    CAPTURE(entry.target);
    CHECK(entry.authorization.starts_with("Basic ") == entry.target.starts_with("/token"));
    auto rest = entry.fields;
    const auto field = "Authorization: " + entry.authorization + "\n";
    if (const auto at = rest.find(field); at != std::string::npos) rest.erase(at, field.size());
    CHECK_FALSE(holds_credentials(rest + entry.target + entry.body));
  }
  CHECK(secret_in(heard.text) == "");
}

TEST_CASE("a realm over plain HTTP beyond this machine is not asked, and no message shows what would have been sent") {
  for (const auto& options : {with_password(), with_identity()}) {
    auto auth = strict();
    auth.realm = "http://auth.example.com/token";
    FakeRegistry registry(auth);
    Overheard heard(options);
    heard.attempt([&](RegistryClient& client) { client.open(at(registry, "app:v1")); });
    CHECK(heard.text.find("would be asked over plain HTTP") != std::string::npos);
    CHECK_FALSE(holds_credentials(received_by(registry)));
    CHECK(secret_in(heard.text) == "");
  }
}

TEST_CASE("what a server repeats of a secret is blotted out of errors, warnings and traces") {
  const std::string echo =
      R"({"errors":[{"code":"DENIED","message":"correct horse, YWxpY2U6Y29ycmVjdCBob3JzZQ==, fake-token-1, identity-4711"}]})";
  for (const auto& options : {with_password(), with_identity()}) {
    for (const char* path : {"/token", "/manifests/", "/blobs/"}) {
      FakeRegistry registry(strict());
      registry.add_fault({.path = path,
                          .skip = path == std::string_view("/manifests/") ? 1 : 0,
                          .times = -1,
                          .status = 403,
                          .body = echo});
      Overheard heard(options);
      heard.attempt([&](RegistryClient& client) { client.push(image_of({"layer"}), at(registry, "app:v1")); });
      heard.attempt([&](RegistryClient& client) { client.open(at(registry, "app:v1")); });
      CHECK(heard.text.find("DENIED") != std::string::npos);
      const auto own = options.password == "identity-4711" ? "identity-4711" : "correct horse";
      CHECK(heard.text.find(own) == std::string::npos);
    }
  }
}
