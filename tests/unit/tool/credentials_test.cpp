// SPDX-License-Identifier: Apache-2.0
// Who is asked, and what is sent: every command against registries that want a password.
#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "fake_registry.hpp"
#include "ociassemble/digest.hpp"
#include "ociassemble/image.hpp"
#include "ociassemble/layout.hpp"
#include "ociassemble/manifest.hpp"
#include "run_tool.hpp"
#include "test_folder.hpp"
#include "tiny_elf.hpp"

using namespace ociassemble;
using test::FakeAuth;
using test::FakeRegistry;
using test::holds;
using test::run;
using test::TestFolder;

namespace {

// alice:correct horse
constexpr const char* kEnvironmentSecret = "Basic YWxpY2U6Y29ycmVjdCBob3JzZQ==";
// bob:battery
constexpr const char* kFileSecret = "Basic Ym9iOmJhdHRlcnk=";

// Two registries that ask everybody who they are, and images that name the second one as their base.
struct Stage {
  Stage() {
    for (const char* name : {"DOCKER_CONFIG", "HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"})
      ::setenv(name, folder.path().c_str(), 1);
    for (const char* name : {"REGISTRY_AUTH_FILE", "http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"})
      ::unsetenv(name);
    app = folder.write("app", test::tiny_elf()).string();
    write_image_over(second.host() + "/team/base:1");
  }

  // An image of one layer that some other tool could have made: its annotations alone say what its base is.
  void write_image_over(const std::string& base) const {
    const auto store = make_memory_store();
    ImageConfig config;
    config.platform = Platform::parse("linux/amd64");
    const Layer layer{store->put("layer", media_type::kOciLayer), Digest::of(std::string_view("layer")), store};
    const auto image = Image::from_layers(ImageFormat::oci, {layer}, std::move(config),
                                          {{"org.opencontainers.image.base.name", base},
                                           {"org.opencontainers.image.base.digest", "sha256:" + std::string(64, 'a')}});
    auto layout = OciLayout::open_or_create((folder / "image").string());
    write_image(layout, image, "v1", {}, {});
  }

  std::string path(const std::string& name) const { return (folder / name).string(); }

  TestFolder folder;
  FakeRegistry first{FakeAuth{.kind = FakeAuth::Kind::basic}};
  FakeRegistry second{FakeAuth{.kind = FakeAuth::Kind::basic}};
  std::string app;
};

// "nothing" was asked; "anonymous": asked without credentials; else whose credentials came.
std::string heard(FakeRegistry& registry) {
  std::string result = "nothing";
  for (const auto& entry : registry.log()) {
    if (result == "nothing") result = "anonymous";
    if (entry.authorization == kEnvironmentSecret) result = "environment";
    if (entry.authorization == kFileSecret) result = "file";
  }
  registry.clear_log();
  return result;
}

}  // namespace

TEST_CASE("the environment's credentials go to one registry that the user named, and to no other") {
  Stage stage;
  const auto a = stage.first.host() + "/team/app";
  const auto b = stage.second.host() + "/team/base";
  const auto image = "oci:" + stage.path("image") + ":v1";
  const auto recipe =
      stage.folder.write("ociassemble.json", "{\"base\":\"" + b + ":1\",\"binaries\":{\"/app\":\"app\"}}").string();
  const auto taking = stage.folder
                          .write("taking.json", "{\"base\":\"scratch\",\"files\":{\"/etc\":{\"from\":\"" + b +
                                                    ":1\",\"source\":\"/etc\"}}}")
                          .string();
  const auto policy = stage.folder.write("policy.json", R"({"budget":{"imageGrowth":"1MB"}})").string();
  const auto databases = stage.path("databases");
  stage.folder.write("databases/GO-2026-0001.json",
                     R"({"id":"GO-2026-0001","modified":"2026-01-01T00:00:00Z","affected":[{"package":)"
                     R"({"ecosystem":"Go","name":"m"}}]})");
  REQUIRE(run({"generate-key", "--no-passphrase", stage.path("release")}).status == 0);
  const auto key = stage.path("release.key");
  const auto public_key = stage.path("release.pub");
  const auto damaged = "oci:" + stage.path("damaged") + ":v1";
  REQUIRE(run({"copy", "-q", image, damaged}).status == 0);
  const auto layer = Digest::of(std::string_view("layer"));
  std::filesystem::remove(stage.folder / "damaged/blobs/sha256" / layer.hex());
  struct Row {
    std::vector<std::string> command;
    const char* registry;  // OCIASSEMBLE_REGISTRY: "", "first" or "second"
    const char* first;
    const char* second;
  };
  const Row rows[] = {
      {{"push", image, a + ":v1"}, "", "environment", "nothing"},
      {{"push", image, a + ":v1"}, "second", "anonymous", "nothing"},
      {{"push", "--dry-run", image, a + ":v1"}, "", "environment", "nothing"},
      {{"pull", a + ":v1", "oci:" + stage.path("pulled")}, "", "environment", "nothing"},
      {{"copy", b + ":1", a + ":v2"}, "", "nothing", "anonymous"},
      {{"copy", b + ":1", a + ":v2"}, "second", "nothing", "environment"},
      {{"copy", a + ":v1", "oci:" + stage.path("copied")}, "", "environment", "nothing"},
      {{"tags", a}, "", "environment", "nothing"},
      {{"tags", a}, "second", "anonymous", "nothing"},
      {{"inspect", a + ":v1"}, "", "environment", "nothing"},
      {{"inspect", image}, "", "nothing", "nothing"},
      {{"verify", a + ":v1"}, "", "environment", "nothing"},
      {{"verify", image}, "", "nothing", "nothing"},
      // The base is named by the image's annotation alone.
      {{"verify", "--same-app", image, image}, "", "nothing", "anonymous"},
      {{"verify", "--same-app", image, image}, "first", "nothing", "anonymous"},
      {{"verify", "--same-app", image, image}, "second", "nothing", "environment"},
      {{"diff", a + ":v1", image}, "", "environment", "nothing"},
      {{"diff", image, b + ":1"}, "", "nothing", "environment"},
      {{"diff", b + ":1", a + ":v1"}, "first", "nothing", "anonymous"},
      {{"lock", "--base", b + ":1", "--lock-file", stage.path("new.lock")}, "", "nothing", "environment"},
      {{"lock", "--base", b + ":1", "--lock-file", stage.path("new.lock")}, "first", "nothing", "anonymous"},
      // The push's registry is asked while the base is looked up, as far as that comes.
      {{"build", "--base", b + ":1", "-b", stage.app, "--push", a + ":v3"}, "", "its own, or nothing", "anonymous"},
      {{"build", "--base", b + ":1", "-b", stage.app, "-o", "oci:" + stage.path("built")},
       "",
       "nothing",
       "environment"},
      {{"build", "--base", b + ":1", "-b", stage.app, "-o", "oci:" + stage.path("built")},
       "first",
       "nothing",
       "anonymous"},
      {{"build", "-b", stage.app, "--push", a + ":v3"}, "", "environment", "nothing"},
      {{"build", "-f", recipe, "-o", "oci:" + stage.path("built")}, "", "nothing", "environment"},
      {{"build", "-f", recipe, "--push", a + ":v3"}, "", "its own, or nothing", "anonymous"},
      {{"lock", "-f", recipe}, "", "nothing", "environment"},
      {{"digest", a + ":v1"}, "", "environment", "nothing"},
      {{"delete", a + ":v1"}, "", "environment", "nothing"},
      {{"referrers", a + ":v1"}, "", "environment", "nothing"},
      {{"sbom", a + ":v1"}, "", "environment", "nothing"},
      {{"sign", a + ":v1", "--key", key}, "", "environment", "nothing"},
      {{"attest", a + ":v1", "--type", "https://example.com/a", "--predicate", recipe}, "", "environment", "nothing"},
      {{"rebuild", a + ":v1"}, "", "environment", "nothing"},
      {{"vulnerabilities", a + ":v1", "--db", databases}, "", "environment", "nothing"},
      {{"run-spec", "--for", "docker", a + ":v1"}, "", "environment", "nothing"},
      {{"run", "--engine", "runc", a + ":v1"}, "", "environment", "nothing"},
      {{"check", a + ":v1"}, "", "environment", "nothing"},
      {{"verify", "--key", public_key, a + ":v1"}, "", "environment", "nothing"},
      // Several places are named: the first registry among them.
      {{"verify", "--key", public_key, "--through", b + ":1", image}, "", "nothing", "environment"},
      {{"verify", "--repair", "--from", b + ":1", damaged}, "", "nothing", "environment"},
      {{"verify", "--repair", "--from", a + ":1", "--from-base", damaged}, "", "environment", "anonymous"},
      {{"verify", "--repair", "--from-base", damaged}, "", "nothing", "anonymous"},
      {{"check", "--policy", policy, image, "--against", b + ":1"}, "", "nothing", "environment"},
      {{"check", "-f", recipe}, "", "nothing", "environment"},
      {{"check", "-f", recipe}, "first", "nothing", "anonymous"},
      {{"check", "-f", taking}, "", "nothing", "environment"},
      {{"run", "--engine", "runc", "-f", recipe}, "", "nothing", "environment"},
      {{"build", "--add-from", b + ":1:/etc:/etc", "-b", stage.app, "-o", "oci:" + stage.path("built")},
       "",
       "nothing",
       "environment"},
      {{"lock", "--add-from", b + ":1:/etc:/etc", "--lock-file", stage.path("new.lock")}, "", "nothing", "environment"},
      {{"lock", "--base", b + ":1", "--verify-key", public_key, "--lock-file", stage.path("new.lock")},
       "",
       "nothing",
       "environment"},
      // A mirror is another registry: it gets what is meant for it by name.
      {{"inspect", "--registry-mirror", "http://" + stage.second.host(), a + ":v1"}, "", "environment", "anonymous"},
      {{"inspect", "--registry-mirror", "http://" + stage.second.host(), a + ":v1"},
       "second",
       "anonymous",
       "environment"},
      {{"login", "-u", "alice", stage.first.host()}, "second", "environment", "nothing"},
      {{"logout", stage.first.host()}, "", "nothing", "nothing"},
  };
  for (const auto& row : rows) {
    std::map<std::string, std::string> variables = {{"OCIASSEMBLE_USERNAME", "alice"},
                                                    {"OCIASSEMBLE_PASSWORD", "correct horse"},
                                                    {"DOCKER_CONFIG", stage.folder.path().string()}};
    const std::string named = row.registry;
    if (named == "first") variables["OCIASSEMBLE_REGISTRY"] = stage.first.host();
    if (named == "second") variables["OCIASSEMBLE_REGISTRY"] = "http://" + stage.second.host() + "/";
    stage.first.clear_log();
    stage.second.clear_log();
    const auto outcome = run(row.command, variables);
    std::string words;
    for (const auto& word : row.command) words += word + " ";
    CAPTURE(words);
    CAPTURE(named);
    CAPTURE(outcome.err);
    const auto by_first = heard(stage.first);
    if (std::string(row.first) == "its own, or nothing") {
      CHECK(by_first != "file");
    } else {
      CHECK(by_first == row.first);
    }
    CHECK(heard(stage.second) == row.second);
    if ((std::string(row.second) == "anonymous" && row.command[1] != "--registry-mirror") ||
        std::string(row.first) == "anonymous") {
      CHECK(holds(outcome.err, "set OCIASSEMBLE_REGISTRY="));
    }
  }
}

TEST_CASE("a lock names bases, but does not speak for the user") {
  Stage stage;
  const auto base = stage.second.host() + "/team/base:1";
  const std::string digest = "sha256:" + std::string(64, 'a');
  const std::map<std::string, std::string> variables = {{"OCIASSEMBLE_USERNAME", "alice"},
                                                        {"OCIASSEMBLE_PASSWORD", "correct horse"}};
  const auto name = stage.path("real.lock");
  FakeRegistry open;
  const auto built = run({"build", "-q", "-b", stage.app, "--push", open.host() + "/team/base:1"});
  REQUIRE_MESSAGE(built.status == 0, built.err);
  const auto locked =
      run({"lock", "-q", "--platform", "linux/amd64", "--base", open.host() + "/team/base:1", "--lock-file", name});
  REQUIRE_MESSAGE(locked.status == 0, locked.err);
  // The same lock, as somebody could have sent it, with the other registry in it.
  auto text = test::read_bytes(name);
  for (auto at = text.find(open.host()); at != std::string::npos; at = text.find(open.host(), at))
    text.replace(at, open.host().size(), stage.second.host());
  const auto lock = stage.folder.write("sent.lock", text).string();
  run({"lock", "--check", "--lock-file", lock}, variables);
  CHECK(heard(stage.second) == "anonymous");
  run({"lock", "--update", "--lock-file", lock}, variables);
  CHECK(heard(stage.second) == "anonymous");
  run({"lock", "--update", base, "--lock-file", lock}, variables);
  CHECK(heard(stage.second) == "environment");
}

TEST_CASE("credentials that a file has for a host go there, whoever named it, and not to another") {
  Stage stage;
  stage.folder.write("config.json", "{\"auths\":{\"" + stage.second.host() + "\":{\"auth\":\"Ym9iOmJhdHRlcnk=\"}}}");
  const auto image = "oci:" + stage.path("image") + ":v1";
  run({"verify", "--same-app", image, image});
  CHECK(heard(stage.second) == "file");
  run({"push", image, stage.first.host() + "/team/app:v1"});
  CHECK(heard(stage.first) == "anonymous");
}
