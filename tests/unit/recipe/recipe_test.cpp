// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "memory_workplace.hpp"
#include "ociassemble/assemble.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/recipe.hpp"
#include "recipe/duration.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

constexpr const char* kService = R"({
  // One service.
  "$schema": "https://example.com/schema.json",
  "base": "alpine:3.20",
  "platforms": ["linux/amd64", "linux/arm/v7"],
  "args": {"VERSION": "dev", "NAME": "server-${VERSION}", "COMMIT": null},
  "binaries": {"/usr/local/bin/server": "bin/server-{os}-{arch}{variant}"},
  "files": {"/etc/app/": {"source": "config/", "mode": "0440", "owner": "app:app", "ignore": "none"}},
  "caCertificates": "host",
  "tzdata": "zones",
  "user": {"name": "app", "uid": 1001, "create": true},
  "env": {"PORT": "8080", "PRICE": "$${NAME}"},
  "labels": {"name": "${NAME}"},
  "ports": ["8080"],
  "workdir": "/srv",
  "writable": ["/var/lib/app"],
  "stopSignal": "SIGINT",
  "healthcheck": {"test": ["CMD", "/usr/local/bin/server", "-health"], "interval": "1m30s", "retries": 3},
  "compression": "gzip:9",
  "tags": ["${VERSION}", "latest"],
  "profiles": {
    "prod": {"cmd": ["-v"]},
    "dev": {
      "extends": "prod",
      "base": "golang:1.22-alpine",
      "readOnly": false,
      "user": "0:0",
      "entrypoint": "air -c /etc/air.toml",
      "binaries": {"/usr/local/bin/air": {"source": "/opt/air", "anyBinary": true}},
      "healthcheck": "NONE",
      "tags": ["${VERSION}-dev"],
    },
  },
})";

Recipe service() { return Recipe::parse(kService, "shop/ociassemble.json"); }

}  // namespace

TEST_CASE("arguments that grow without end are refused, and named") {
  const auto failure = [](const std::string& text) {
    try {
      Recipe::parse(text, "r.json").resolve({"", {}, {}});
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::unsupported);
      return std::string(error.what());
    }
    return std::string("none");
  };
  const auto ten_times = [](const std::string& text) {
    std::string all;
    for (int i = 0; i < 10; ++i) all += text;
    return all;
  };
  std::string args = R"("A0": "xxxxxxxxxx")";
  for (int i = 1; i <= 30; ++i) {
    args += ",\n\"A" + std::to_string(i) + R"(": ")" + ten_times("${A" + std::to_string(i - 1) + "}") + "\"";
  }
  const auto grown = failure(R"({"base": "scratch", "args": {)" + args + "}}");
  CHECK(grown.find(":7:") != std::string::npos);
  CHECK(grown.find("the value of the argument A6, which has A5 in it, is over 1 MiB") != std::string::npos);
  const std::string half(600'000, 'x');
  CHECK(failure(R"({"base": "scratch", "args": {"HALF": ")" + half + R"("}, "env": {"E": "${HALF}${HALF}"}})")
            .find("env.E: the text with the argument HALF is over 1 MiB") != std::string::npos);
  std::string env;
  for (int i = 0; i < 40; ++i) env += (i == 0 ? "\"E" : ",\"E") + std::to_string(i) + R"(": "${HALF}")";
  CHECK(failure(R"({"base": "scratch", "args": {"HALF": ")" + half + R"("}, "env": {)" + env + "}}")
            .find("all texts with arguments are over 16 MiB") != std::string::npos);
}

TEST_CASE("a recipe becomes options for each platform") {
  const auto resolved = service().resolve({"", {{"VERSION", "v1"}}, {}});
  CHECK(resolved.tags == std::vector<std::string>{"v1", "latest"});
  REQUIRE(resolved.images.size() == 2);
  const auto& image = resolved.images[1];
  CHECK(image.platform->to_string() == "linux/arm/v7");
  CHECK(image.base.to_string() == "docker.io/library/alpine:3.20");
  REQUIRE(image.contents.binaries.size() == 1);
  CHECK(image.contents.binaries[0].source == "shop/bin/server-linux-armv7");
  CHECK(image.contents.binaries[0].destination == "/usr/local/bin/server");
  REQUIRE(image.contents.adds.size() == 1);
  CHECK(image.contents.adds[0].source == "shop/config/");
  CHECK(image.contents.adds[0].mode == 0440U);
  CHECK(image.contents.adds[0].owner == "app:app");
  CHECK(image.contents.adds[0].ignore == "none");
  CHECK(image.contents.ca_certificates == "host");
  CHECK(image.contents.tzdata == "shop/zones");
  CHECK(image.contents.user == "1001:1001");
  CHECK(image.contents.create_user == CreatedUser{"app", 1001, "", 1001, {}, {}});
  CHECK(image.env == std::vector<std::pair<std::string, std::string>>{{"PORT", "8080"}, {"PRICE", "${NAME}"}});
  CHECK(image.labels.at("name") == "server-v1");
  CHECK(image.contents.working_dir == "/srv");
  CHECK(image.healthcheck->interval == std::chrono::seconds(90));
  CHECK(image.healthcheck->retries == 3U);
  CHECK_FALSE(image.healthcheck->timeout);
  CHECK(image.compression == CompressionOptions::parse("gzip:9"));
  CHECK(image.contents.read_only);
  CHECK(image.foundations.empty());
}

TEST_CASE("a profile is laid over the recipe and over what it extends") {
  const auto resolved = service().resolve({"dev", {}, {}});
  const auto& image = resolved.images.front();
  CHECK(resolved.tags == std::vector<std::string>{"dev-dev"});
  CHECK(image.base.to_string() == "docker.io/library/golang:1.22-alpine");
  CHECK(image.entrypoint == std::vector<std::string>{"air", "-c", "/etc/air.toml"});
  CHECK(image.cmd == std::vector<std::string>{"-v"});
  CHECK(image.contents.user == "0:0");
  CHECK_FALSE(image.contents.create_user);
  CHECK_FALSE(image.contents.read_only);
  CHECK(image.healthcheck->test == std::vector<std::string>{"NONE"});
  REQUIRE(image.contents.binaries.size() == 2);
  CHECK(image.contents.binaries[1].source == "/opt/air");
  CHECK(image.contents.binaries[1].any_binary);
  REQUIRE(image.foundations.size() == 2);
  CHECK(image.foundations[1].read_only);
  CHECK(image.foundations[1].user == "1001:1001");
  CHECK(image.foundations[1].binaries.size() == 1);
}

TEST_CASE("an input that only a profile completes belongs to the profile") {
  const auto recipe = Recipe::parse(R"({
    "args": {"WHICH": null},
    "binaries": {"/a": {"anyBinary": true}, "/b": "bin/${WHICH}", "/c": "c"},
    "profiles": {"p": {"args": {"WHICH": "b"}, "binaries": {"/a": {"source": "a"}}}}
  })",
                                    "ociassemble.json");
  const auto image = recipe.resolve({"p", {}, {}}).images.front();
  CHECK(image.contents.binaries.size() == 3);
  REQUIRE(image.foundations.size() == 1);
  REQUIRE(image.foundations[0].binaries.size() == 1);
  CHECK(image.foundations[0].binaries[0].destination == "/c");
}

TEST_CASE("profiles are listed in the order of the text") {
  CHECK(service().profiles() == std::vector<std::string>{"prod", "dev"});
}

TEST_CASE("platforms can be narrowed to those that the recipe names") {
  const auto resolved = service().resolve({"", {}, {Platform::parse("linux/arm/v7")}});
  REQUIRE(resolved.images.size() == 1);
  CHECK(resolved.images[0].contents.binaries[0].source == "shop/bin/server-linux-armv7");
  CHECK_THROWS_WITH_AS(service().resolve({"", {}, {Platform::parse("linux/riscv64")}}),
                       "cannot make an image for linux/riscv64: shop/ociassemble.json does not name it", Error);
}

TEST_CASE("bases are known without the arguments that only other members need") {
  const auto recipe = Recipe::parse(R"({"args": {"C": null}, "base": "oci:base-{arch}", "labels": {"c": "${C}"},
    "platforms": ["linux/amd64", "linux/arm64"]})",
                                    "shop/ociassemble.json");
  const auto bases = recipe.needs({}).bases;
  REQUIRE(bases.size() == 2);
  CHECK(bases[0].location.to_string() == "oci:shop/base-amd64");
  CHECK(bases[1].platforms == std::vector<Platform>{Platform::parse("linux/arm64")});
  CHECK(bases[0].place == "shop/ociassemble.json:1:31: base");
  CHECK(Recipe::parse("{}", "r.json").needs({}).bases.front().place.empty());
  CHECK(service().needs({}).bases.size() == 1);
  CHECK(service().needs({}).bases.front().platforms.size() == 2);
}

TEST_CASE("files of other images are inputs, and known without the arguments that only other members need") {
  const auto recipe = Recipe::parse(R"({"args": {"C": null, "TAG": "3.20"}, "platforms": ["linux/amd64", "linux/arm64"],
    "files": {"/etc/${C}": "local", "/certs/": {"from": "alpine:${TAG}", "source": "/etc/ssl//cert.pem", "owner": "${C}"},
      "/zone": ["here", {"from": "oci:zones-{arch}:v1", "source": "/zone/", "mode": "0400"}]}})",
                                    "shop/ociassemble.json");
  const auto taken = recipe.needs({}).taken;
  REQUIRE(taken.size() == 4);
  CHECK(taken[0].image.to_string() == "docker.io/library/alpine:3.20");
  CHECK(taken[0].path == "/etc/ssl/cert.pem");
  CHECK(taken[0].place == R"(shop/ociassemble.json:2:57: files["/certs/"].from)");
  CHECK(taken[0].path_place == R"(shop/ociassemble.json:2:84: files["/certs/"].source)");
  CHECK(taken[1].path_place == R"(shop/ociassemble.json:3:67: files["/zone"][1].source)");
  CHECK(taken[1].image.to_string() == "oci:shop/zones-amd64:v1");
  CHECK(taken[3].image.to_string() == "oci:shop/zones-arm64:v1");
  CHECK(taken[3].platforms == std::vector<Platform>{Platform::parse("linux/arm64")});
  const auto adds = recipe.resolve({"", {{"C", "7:8"}}, {}}).images.at(1).contents.adds;
  REQUIRE(adds.size() == 4);
  CHECK_FALSE(adds[0].image);
  CHECK(adds[1].image->to_string() == "docker.io/library/alpine:3.20");
  CHECK(adds[1].source == "/etc/ssl/cert.pem");
  CHECK(adds[1].owner == "7:8");
  CHECK(adds[3].image->to_string() == "oci:shop/zones-arm64:v1");
  CHECK(adds[3].source == "/zone");
  CHECK(adds[3].mode == 0400U);
}

TEST_CASE("what only assembling finds wrong is told with its place in the recipe") {
  const TestFolder folder;
  folder.write("notes", "notes");
  const auto failure = [&](const std::string& members) {
    const auto text = "{\"base\": \"static\",\n  \"files\": {\"/etc/notes\": \"notes\"},\n  " + members + "}";
    auto options = Recipe::parse(text, folder.path() / "r.json").resolve({"", {}, {}}).images.front();
    options.platform = Platform::parse("linux/amd64");
    try {
      assemble(options, memory_workplace());
    } catch (const Error& error) {
      const std::string what = error.what();
      const auto name = (folder.path() / "r.json").string();
      return what.starts_with(name) ? what.substr(name.size()) : what;
    }
    return std::string("none");
  };
  CHECK(failure(R"("user": "nobdy")") ==
        ":3:11: user: cannot find user \"nobdy\": the base's /etc/passwd has root, nobody, nonroot");
  CHECK(failure(R"("user": {"name": "nobdy"})").starts_with(":3:11: user: cannot find user \"nobdy\""));
  CHECK(failure(R"("user": {"name": "root", "uid": 7, "create": true})")
            .starts_with(":3:20: user.name: cannot create user \"root\""));
  CHECK(failure(R"("binaries": {"/b": {"source": "notes", "anyBinary": true, "owner": "app"}})")
            .starts_with(":3:70: binaries[\"/b\"].owner: cannot find user \"app\""));
  CHECK(failure(R"("binaries": {"/b": {"source": "notes"}})") == ":3:33: binaries[\"/b\"].source: cannot use " +
                                                                     (folder.path() / "notes").string() +
                                                                     ": not an ELF file, so no Linux program");
  CHECK(failure(R"("binaries": {"/etc/notes": {"source": "notes", "anyBinary": true}})") ==
        ":3:16: binaries[\"/etc/notes\"]: cannot use destination \"/etc/notes\": two inputs would be placed there");
  CHECK(failure(R"("entrypoint": ["/notes"])") ==
        ":3:17: entrypoint: cannot start the image with /notes: there is no such file in it");
  CHECK(failure(R"("cmd": "/notes -v")").starts_with(":3:10: cmd: cannot start the image with /notes"));
  CHECK(failure(R"("workdir": "/etc/notes/below")").starts_with(":3:14: workdir: cannot use destination"));
  CHECK(failure(R"("writable": ["/a", "/etc/notes/below"])").starts_with(":3:22: writable[1]: cannot use destination"));
  CHECK(failure(R"("caCertificates": "notes")").starts_with(":3:21: caCertificates: "));
  CHECK(failure(R"("tzdata": "notes")").starts_with(":3:13: tzdata: "));
  CHECK(failure(R"("annotate": ["vcs"])").starts_with(":3:16: annotate[0]: cannot annotate the image"));
  CHECK(failure(R"("created": "vcs")").starts_with(":3:14: created: cannot tell when the image was created"));
}

TEST_CASE("an unusable base is told with its place in the recipe") {
  const TestFolder folder;
  folder.write("notes", "notes");
  const auto text = R"({"files": {"/etc/notes": "notes"}, "base": "oci:nowhere:v1"})";
  const auto options = Recipe::parse(text, folder.path() / "r.json").resolve({"", {}, {}}).images.front();
  try {
    assemble(options, memory_workplace());
    FAIL("it was assembled");
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find("r.json:1:44: base: cannot open OCI layout") != std::string::npos);
  }
}

TEST_CASE("a build and its folder have places, and are the same build wherever they are written") {
  const auto recipe = Recipe::parse(R"({"binaries": {
  "/a": {"source": "a", "build": {"command": "go build",
    "directory": "cmd"}},
  "/b": {"source": "a", "build": {"directory": "cmd", "command": "go build"}},
  "/c": {"source": "c", "build": {"command": "go build"}}}})",
                                    "r.json");
  const auto builds = recipe.resolve({}).builds;
  REQUIRE(builds.size() == 3);
  CHECK(builds[0].place == R"(r.json:2:46: binaries["/a"].build.command)");
  CHECK(builds[0].directory_place == R"(r.json:3:18: binaries["/a"].build.directory)");
  CHECK(builds[0] == builds[1]);
  CHECK_FALSE(builds[0] == builds[2]);
  CHECK(builds[2].directory_place == R"(r.json:5:46: binaries["/c"].build.command)");
}

TEST_CASE("only what the recipe declares can be set") {
  CHECK_THROWS_WITH_AS(service().resolve({"", {{"VERSON", "1"}}, {}}),
                       "cannot set VERSON: shop/ociassemble.json has no such argument", Error);
}

TEST_CASE("lengths of time are those of Go, from milliseconds to hours") {
  CHECK(parse_duration("30s") == std::chrono::seconds(30));
  CHECK(parse_duration("1h2m3s4ms") == std::chrono::milliseconds(3723004));
  CHECK(parse_duration("0s") == std::chrono::seconds(0));
  for (const char* text : {"", "30", "s", "-1s", "1.5s", "1d", "4294967295h", "1s "}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_duration(text), Error);
  }
}

TEST_CASE("without platforms {os} and {arch} are this machine's") {
  const auto recipe = Recipe::parse(R"({"binaries": {"/app": "bin/{os}-{arch}/app"}})", "recipe.json");
  const auto options = recipe.resolve({}).images.at(0);
  CHECK(options.contents.binaries.at(0).source == "bin/linux-" + host_platform().architecture + "/app");
  CHECK_FALSE(options.platform);
}

TEST_CASE("a recipe says when its image was created, how its base is called, and what the programs are") {
  const auto recipe = Recipe::parse(R"({"baseName": "none", "inheritLabels": true, "created": "vcs",
    "fileTimes": "2023-11-14T22:13:20Z", "binaries": {"/app": {"source": "app", "mode": "0500", "owner": "7:8"}},
    "profiles": {"dev": {"created": "5"}}})",
                                    "recipe.json");
  const auto options = recipe.resolve({}).images.at(0);
  CHECK(options.base_name == "none");
  CHECK(options.inherit_labels);
  CHECK(options.created_from_vcs);
  CHECK_FALSE(options.created);
  CHECK(options.file_times == 1700000000);
  CHECK(options.contents.binaries.at(0).mode == 0500U);
  CHECK(options.contents.binaries.at(0).owner == "7:8");
  const auto dev = recipe.resolve({.profile = "dev", .arguments = {}, .platforms = {}}).images.at(0);
  CHECK(dev.created == 5);
  CHECK_FALSE(dev.created_from_vcs);
}
