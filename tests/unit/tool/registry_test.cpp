// SPDX-License-Identifier: Apache-2.0
// push, pull, copy, tags, login and logout, run in process against the fake registry.
#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <map>
#include <vector>

#include "fake_registry.hpp"
#include "ociassemble/manifest.hpp"
#include "run_tool.hpp"
#include "test_folder.hpp"
#include "tiny_elf.hpp"

using namespace ociassemble;
using test::FakeAuth;
using test::FakeRegistry;
using test::holds;
using test::Outcome;
using test::run;
using test::TestFolder;

namespace {

using Environment = std::map<std::string, std::string>;

// A layout with an image in it, and nobody's credentials.
struct Place {
  Place() {
    for (const char* name : {"DOCKER_CONFIG", "HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"})
      ::setenv(name, folder.path().c_str(), 1);
    for (const char* name : {"REGISTRY_AUTH_FILE", "http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"})
      ::unsetenv(name);
    const auto app = folder.write("app", test::tiny_elf()).string();
    const auto built = run({"build", "-q", "-b", app, "-o", layout});
    REQUIRE_MESSAGE(built.status == 0, built.err);
    digest = built.out.substr(built.out.find('@') + 1);
    digest.pop_back();
  }
  std::string path(const std::string& name) const { return (folder / name).string(); }
  Environment variables() const { return {{"DOCKER_CONFIG", folder.path().string()}}; }

  TestFolder folder;
  std::string layout = "oci:" + (folder / "image").string() + ":v1";
  std::string digest;
};

// The password, as it is and as Basic sends "alice:correct horse"; the fake's tokens; what it hides in Locations.
std::string secret_in(const std::string& text) {
  for (const char* secret :
       {"correct horse", "correct%20horse", "YWxpY2U6Y29ycmVjdCBob3JzZQ", "fake-token-", "secret"}) {
    if (holds(text, secret)) return secret;
  }
  return {};
}

}  // namespace

TEST_CASE("push, pull and copy print the name with the digest, and tags a line each") {
  const Place place;
  FakeRegistry registry;
  const auto name = registry.host() + "/team/app";
  const auto pushed = run({"push", "-q", place.layout, name + ":v1"});
  CHECK(pushed.status == 0);
  CHECK(pushed.out == name + ":v1@" + place.digest + "\n");
  CHECK(pushed.err.empty());
  const auto back = "oci:" + place.path("back") + ":v1";
  CHECK(run({"pull", "-q", name + ":v1", back}).out == back + "@" + place.digest + "\n");
  CHECK(run({"copy", "-q", name + ":v1", registry.host() + "/other:v9"}).status == 0);
  run({"push", "-q", place.layout, name + ":v2"});
  CHECK(run({"tags", name}).out == "v1\nv2\n");
  CHECK(holds(run({"tags", "--json", name}).out, "\"v2\""));
}

TEST_CASE("digest prints what a name stands for, by one request that reads no manifest") {
  const Place place;
  FakeRegistry registry;
  const auto name = registry.host() + "/team/app";
  REQUIRE(run({"push", "-q", place.layout, name + ":v1"}).status == 0);
  const auto before = registry.log().size();
  CHECK(run({"digest", name + ":v1"}).out == place.digest + "\n");
  for (const auto& request : registry.log())
    CHECK_FALSE((request.method == "GET" && holds(request.target, "/manifests/")));
  CHECK(registry.log().size() > before);
  CHECK(run({"digest", place.layout}).out == place.digest + "\n");
  CHECK(run({"digest", "--platform", "linux/amd64", name + ":v1"}).out == place.digest + "\n");
  const auto missing = run({"digest", name + ":v9"});
  CHECK(missing.status == 1);
  CHECK(holds(missing.err, "the registry has no such tag\n  `ociassemble tags " + name + "` lists the tags"));
}

TEST_CASE("delete takes a tag, or a manifest with its tags, and says which digest the tag had") {
  const Place place;
  FakeRegistry registry;
  const auto name = registry.host() + "/team/app";
  for (const char* tag : {":v1", ":v2"}) REQUIRE(run({"push", "-q", place.layout, name + tag}).status == 0);
  registry.clear_log();
  const auto planned = run({"delete", "--dry-run", name + ":v1"});
  CHECK(planned.out == "would delete tag " + name + ":v1; its manifest " + place.digest + " stays\n");
  for (const auto& request : registry.log()) CHECK(request.method != "DELETE");
  CHECK(run({"delete", name + ":v1"}).out == "deleted tag " + name + ":v1; its manifest " + place.digest + " stays\n");
  CHECK(run({"tags", name}).out == "v2\n");
  const auto again = run({"delete", name + ":v1"});
  CHECK(again.status == 1);
  CHECK(holds(again.err, "cannot delete " + name + ":v1: "));
  CHECK(run({"delete", name + "@" + place.digest}).out ==
        "deleted manifest " + name + "@" + place.digest + " with all its tags\n");
  CHECK(holds(run({"delete", "--json", name + ":v2"}).out, "\"kind\": \"tag\""));
}

TEST_CASE("delete wants a tag or a digest in so many words, and sends nothing without one") {
  FakeRegistry registry;
  const auto name = registry.host() + "/team/app";
  for (const auto& text : {name, name + ":v1@sha256:" + std::string(64, 'a'), std::string("alpine:3.20"),
                           std::string("oci:image:v1"), std::string("oci-archive:x.tar")}) {
    const auto refused = run({"delete", text});
    CAPTURE(refused.err);
    CHECK(refused.status == 2);
    CHECK(holds(refused.err, "cannot delete " + text));
  }
  CHECK(registry.log().empty());
}

TEST_CASE("a registry that deletes no tags is told of, with the command that deletes the manifest") {
  const Place place;
  FakeRegistry registry;
  const auto name = registry.host() + "/team/app";
  REQUIRE(run({"push", "-q", place.layout, name + ":v1"}).status == 0);
  registry.add_fault({.method = "DELETE",
                      .times = -1,
                      .status = 400,
                      .body = R"({"errors":[{"code":"DIGEST_INVALID","message":"provided digest did not match"}]})"});
  const auto refused = run({"delete", name + ":v1"});
  CHECK(refused.status == 1);
  CHECK(holds(refused.err, "DIGEST_INVALID"));
  CHECK(holds(refused.err, "ociassemble delete " + name + "@" + place.digest));
  const auto missing = run({"delete", name + ":v9"});
  CHECK(missing.status == 1);
  CHECK(holds(missing.err, "the registry has no such tag"));
}

TEST_CASE("each bad command line of the registry's commands is a usage error that says what is wrong") {
  const Place place;
  struct Row {
    std::vector<std::string> arguments;
    const char* says;
  };
  const std::vector<Row> rows = {
      {{"push"}, "LOCATION"},
      {{"push", place.layout}, "REF"},
      {{"push", place.layout, "oci:" + place.path("out")}, "no registry"},
      {{"push", place.layout, "127.0.0.1:1/UPPER:v1"}, "UPPER"},
      {{"push", place.layout, "127.0.0.1:1/app:v1", "--platform", "linux"}, "linux"},
      {{"push", place.layout, "127.0.0.1:1/app:v1", "--registry-mirror", "=x"}, "--registry-mirror"},
      {{"pull", place.layout, "oci:" + place.path("out")}, "no registry"},
      {{"pull", "127.0.0.1:1/app:v1"}, "LOCATION"},
      {{"pull", "127.0.0.1:1/app:v1", "scratch"}, "scratch"},
      {{"copy", place.layout}, "TO"},
      {{"copy", place.layout, "rootfs:" + place.path("out")}, "rootfs"},
      {{"copy", "--dry-run", place.layout, "oci:" + place.path("out")}, "dry"},
      {{"tags"}, "REPOSITORY"},
      {{"tags", "not//a/name"}, "not//a/name"},
      {{"login", "-u", "alice", "127.0.0.1:1/team", "--password-stdin"}, "more than a registry's name"},
      {{"login", "127.0.0.1:1"}, "no user"},
      {{"login", "-u", "a:b", "127.0.0.1:1"}, "no ':'"},
      {{"login", "-u", "alice", "127.0.0.1:1"}, "no password"},
      {{"login", "-u", "alice", "--password-stdin", "127.0.0.1:1"}, "no password"},
      {{"logout", "127.0.0.1:1/team"}, "more than a registry's name"},
  };
  for (const auto& row : rows) {
    const auto outcome = run(row.arguments, place.variables());
    CAPTURE(row.arguments.back());
    CAPTURE(outcome.err);
    CAPTURE(row.says);
    CHECK(outcome.status == 2);
    CHECK(holds(outcome.err, row.says));
    CHECK(outcome.out.empty());
    CHECK_FALSE(std::filesystem::exists(place.path("out")));
  }
}

TEST_CASE("what a registry refuses or has not is status 1, with one line of error and a hint") {
  const Place place;
  FakeRegistry locked(FakeAuth{.kind = FakeAuth::Kind::basic});
  FakeRegistry empty;
  struct Row {
    std::vector<std::string> arguments;
    const char* says;
  };
  const std::vector<Row> rows = {
      {{"push", "-q", place.layout, locked.host() + "/app:v1"}, "401 (unauthorized)"},
      {{"pull", "-q", empty.host() + "/app:v1", "oci:" + place.path("out")}, "no such repository"},
      {{"tags", empty.host() + "/app"}, "no such repository"},
      {{"push", "-q", "oci:" + place.path("nothing") + ":v1", empty.host() + "/app:v1"}, "nothing"},
      {{"copy", "-q", "--platform", "plan9/arm", place.layout, empty.host() + "/app:v1"}, "plan9/arm"},
  };
  for (const auto& row : rows) {
    const auto outcome = run(row.arguments, place.variables());
    CAPTURE(outcome.err);
    CHECK(outcome.status == 1);
    CHECK(outcome.err.rfind("ociassemble: cannot ", 0) == 0);
    CHECK(holds(outcome.err, row.says));
    CHECK(outcome.out.empty());
    CHECK_FALSE(std::filesystem::exists(place.path("out")));
  }
}

TEST_CASE("a dry run writes nothing to a registry, and counts what the push then does") {
  const Place place;
  FakeRegistry registry;
  const auto name = registry.host() + "/app:v1";
  const auto plan = run({"push", "--dry-run", "--json", place.layout, name});
  CHECK(plan.status == 0);
  CHECK(registry.count("HEAD") + registry.count("GET", "/v2/") == registry.requests().size());
  registry.clear_log();
  CHECK(run({"push", "-q", place.layout, name}).status == 0);
  const auto probes = registry.count("GET");
  CHECK(holds(plan.out, "\"requests\": " + std::to_string(registry.requests().size() - probes)));
}

TEST_CASE("login keeps what the registry takes, logout forgets it, and neither says it aloud") {
  const Place place;
  FakeRegistry registry(FakeAuth{.kind = FakeAuth::Kind::bearer});
  const auto login = [&](const std::string& password) {
    return run({"login", "--trace-http", "-u", "alice", "--password-stdin", registry.host()}, place.variables(),
               password + "\n");
  };
  CHECK(login("wrong").status == 1);
  CHECK_FALSE(std::filesystem::exists(place.path("config.json")));
  const auto outcome = login("correct horse");
  CHECK(outcome.status == 0);
  CHECK(secret_in(outcome.out + outcome.err) == "");
  CHECK(holds(outcome.err, "logged in to " + registry.host() + " as alice"));
  CHECK(holds(test::read_bytes(place.path("config.json")), "YWxpY2U6Y29ycmVjdCBob3JzZQ=="));
  CHECK(run({"push", "-q", place.layout, registry.host() + "/app:v1"}, place.variables()).status == 0);
  CHECK(holds(run({"logout", registry.host()}, place.variables()).err, "logged out of"));
  CHECK_FALSE(holds(test::read_bytes(place.path("config.json")), registry.host()));
  CHECK(holds(run({"logout", registry.host()}, place.variables()).err, "was not logged in"));
}

TEST_CASE("no command says a secret aloud: not in output, errors or traces, of success or of failure") {
  const Place place;
  for (const auto kind : {FakeAuth::Kind::basic, FakeAuth::Kind::bearer}) {
    for (const std::string password : {"correct horse", "correct horse, but wrong"}) {
      FakeRegistry registry(FakeAuth{.kind = kind});
      const auto name = registry.host() + "/app";
      Environment variables = place.variables();
      variables.insert({{"OCIASSEMBLE_USERNAME", "alice"}, {"OCIASSEMBLE_PASSWORD", password}});
      const std::vector<std::vector<std::string>> commands = {
          {"push", place.layout, name + ":v1"},
          {"push", "--dry-run", place.layout, name + ":v2"},
          {"pull", name + ":v1", "oci:" + place.path("back-" + std::to_string(registry.port())) + ":v1"},
          {"copy", name + ":v1", registry.host() + "/other:v1"},
          {"tags", name},
          {"inspect", name + ":v1"},
          {"build", "-b", place.path("app"), "--base", name + ":v1", "--push", name + ":v3"},
      };
      for (auto arguments : commands) {
        arguments.insert(arguments.begin() + 1, "--trace-http");
        const auto outcome = run(arguments, variables);
        CAPTURE(arguments[0]);
        CAPTURE(outcome.err);
        CHECK(outcome.status == (password == "correct horse" ? 0 : 1));
        CHECK(holds(outcome.err, "> "));
        CHECK(holds(outcome.err, "< "));
        CHECK(secret_in(outcome.out + outcome.err) == "");
      }
    }
  }
}

TEST_CASE("what refers to a platform's manifest is copied as well as what refers to the index") {
  const Place place;
  FakeRegistry from;
  FakeRegistry to;
  const auto app = place.path("app");
  const auto built = run({"build", "-q", "--any-binary", "-b", app, "--platform", "linux/amd64,linux/arm64", "-o",
                          "oci:" + place.path("both")});
  REQUIRE_MESSAGE(built.status == 0, built.err);
  const auto source = from.host() + "/app:v1";
  REQUIRE(run({"copy", "-q", "--all-platforms", "oci:" + place.path("both"), source}).status == 0);
  const auto index = Index::parse(from.manifest("app", "v1").value());
  REQUIRE(index.manifests.size() == 2);
  // An attestation of each platform's manifest, as cosign and oras attach them where there is no API.
  const auto config = from.put_blob("app", "{}");
  for (const auto& entry : index.manifests) {
    const auto subject = R"({"mediaType":")" + entry.media_type + R"(","digest":")" + entry.digest.to_string() +
                         R"(","size":)" + std::to_string(entry.size) + "}";
    const auto json = R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":)"
                      R"({"mediaType":"application/vnd.oci.empty.v1+json","digest":")" +
                      config + R"(","size":2},"layers":[],"subject":)" + subject + "}";
    const auto type = std::string(media_type::kOciManifest);
    const auto tag = "sha256-" + std::string(entry.digest.hex());
    const auto digest = from.put_manifest("app", "attestation-" + tag, type, json);
    from.put_manifest_under("app", tag, std::string(media_type::kOciIndex),
                            R"({"schemaVersion":2,"manifests":[{"mediaType":")" + type + R"(","digest":")" + digest +
                                R"(","size":)" + std::to_string(json.size()) + "}]}");
  }
  const auto copied = run({"copy", "--json", "--all-platforms", "--referrers", source, to.host() + "/app:v1"});
  REQUIRE_MESSAGE(copied.status == 0, copied.err);
  CHECK(holds(copied.out, "\"referrers\": 2"));
  for (const auto& entry : index.manifests) {
    CHECK(to.manifest("app", "sha256-" + std::string(entry.digest.hex())).has_value());
  }
}
