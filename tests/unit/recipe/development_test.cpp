// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <filesystem>

#include "ociassemble/recipe.hpp"

using namespace ociassemble;

namespace {

ResolvedRecipe resolved(const char* text, const std::string& profile = {}) {
  return Recipe::parse(text, "/shop/ociassemble.json").resolve({profile, {}, {}});
}

}  // namespace

TEST_CASE("mounts are for whoever runs the image, and change no image") {
  constexpr const char* kText = R"({
    "binaries": {"/server": "server"},
    "mounts": {"/src": ".", "/gone": "x"},
    "profiles": {"dev": {"mounts": {"/cache/": {"source": "cache", "writable": true}, "/gone": null}}}
  })";
  const auto plain = resolved(kText);
  const auto dev = resolved(kText, "dev");
  CHECK(plain.mounts == std::vector<BindMount>{{"/shop", "/src", true}, {"/shop/x", "/gone", true}});
  CHECK(dev.images.front().volumes.empty());
  CHECK(dev.mounts == std::vector<BindMount>{{"/shop", "/src", true}, {"/shop/cache", "/cache", false}});
}

TEST_CASE("debug starts the program under Delve") {
  const auto debug = resolved(R"({
    "binaries": {"/server": "server", "/opt/dlv": "tools/dlv"},
    "entrypoint": ["/server", "-a"], "cmd": ["-b"], "ports": ["8080"], "debug": true
  })")
                         .images.front();
  CHECK(debug.entrypoint == std::vector<std::string>{"/opt/dlv", "exec", "--listen=:40000", "--headless",
                                                     "--accept-multiclient", "--api-version=2",
                                                     "--only-same-user=false", "--continue", "/server", "--", "-a"});
  CHECK(debug.cmd == std::vector<std::string>{"-b"});
  CHECK(debug.exposed_ports == std::vector<std::string>{"8080", "40000"});
  CHECK(debug.env == std::vector<std::pair<std::string, std::string>>{{"XDG_CONFIG_HOME", "/tmp"}});

  const auto first =
      resolved(R"({"binaries": {"/opt/dlv": "dlv", "/server": "server"}, "debug": true})").images.front();
  REQUIRE(first.entrypoint.has_value());
  CHECK((*first.entrypoint)[8] == "/server");
}

TEST_CASE("devcontainer adds the label that editors read, unless there is one") {
  const auto label = [](const char* text) { return resolved(text).images.front().labels.at("devcontainer.metadata"); };
  CHECK(
      label(
          R"({"binaries": {"/server": "server"}, "user": "1001:1002", "ports": ["8080", "53/udp"], "devcontainer": true})") ==
      R"([{"overrideCommand":false,"remoteUser":"1001","forwardPorts":[8080]}])");
  CHECK(
      label(
          R"({"binaries": {"/server": "server"}, "devcontainer": true, "labels": {"devcontainer.metadata": "[]"}})") ==
      "[]");
}
