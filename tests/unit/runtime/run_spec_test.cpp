// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>

#include "ociassemble/error.hpp"
#include "ociassemble/runtime.hpp"
#include "runtime/quoting.hpp"

using namespace ociassemble;

namespace {

RunContract contract() {
  RunContract made;
  made.name = "server";
  made.platform = Platform::parse("linux/amd64");
  made.settings.image = "registry.example.com/team/server@sha256:" + std::string(64, 'a');
  made.uid = made.gid = 65532;
  made.read_only = true;
  made.words = {"/server"};
  made.program = "/server";
  made.working_dir = "/";
  return made;
}

std::string refusal(const RunContract& contract, RuntimeForm form, SpecScope scope = SpecScope::whole) {
  try {
    write_run_spec(contract, form, scope);
  } catch (const Error& error) {
    return error.what();
  }
  return "no refusal";
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("words of YAML stay the strings that they are") {
  CHECK(yaml_string("server") == "server");
  CHECK(yaml_string("/var/lib/server") == "/var/lib/server");
  for (const auto* text :
       {"no", "Yes", "true", "null", "1", "1e3", "0x1", "- a", "a: b", "a:", "#a", "", "*a", "{a}", "~", "a b"}) {
    CAPTURE(text);
    CHECK(yaml_string(text) == "\"" + std::string(text) + "\"");
  }
  CHECK(yaml_string("a\"b\n") == R"("a\"b\n")");
}

TEST_CASE("words of shells and units say exactly what they are made of") {
  CHECK(exact_shell_word("--env=A=b") == "--env=A=b");
  CHECK(exact_shell_word("it's $HOME") == "'it'\\''s $HOME'");
  CHECK(exact_shell_word("") == "''");
  CHECK(unit_word("A=50% of $X") == "\"A=50%% of $X\"");
  CHECK(unit_command_word("50% of $X") == "\"50%% of $$X\"");
  CHECK(unit_word("a\"b\\c\n") == "\"a\\\"b\\\\c\\x0a\"");
}

TEST_CASE("an image without a name can be a bundle and a unit, and nothing that asks a registry") {
  auto nameless = contract();
  nameless.settings.image.clear();
  for (const auto form :
       {RuntimeForm::docker, RuntimeForm::podman, RuntimeForm::compose, RuntimeForm::quadlet, RuntimeForm::kubernetes})
    CHECK(refusal(nameless, form) == "the image has no name by which the runtime can find it");
  CHECK(refusal(nameless, RuntimeForm::bundle) == "no refusal");
  CHECK(refusal(nameless, RuntimeForm::systemd) == "no refusal");
  CHECK(refusal(nameless, RuntimeForm::kubernetes, SpecScope::patch) == "no refusal");
  CHECK(refusal(nameless, RuntimeForm::docker, SpecScope::patch) == "only Kubernetes takes a patch");
}

TEST_CASE("Kubernetes is not given what its restricted profile refuses") {
  auto root = contract();
  root.uid = 0;
  CHECK(refusal(root, RuntimeForm::kubernetes) ==
        "Kubernetes' restricted profile refuses the image: its program runs as root");
  auto raw = contract();
  raw.capabilities = {"net_raw"};
  CHECK(has(refusal(raw, RuntimeForm::kubernetes), "a program has the capability net_raw"));
  auto mounted = contract();
  mounted.settings.mounts = {{"/src", "/src", true}};
  CHECK(has(refusal(mounted, RuntimeForm::kubernetes), "a folder of the node is mounted"));
}

TEST_CASE("a capability is added exactly where a program has one") {
  auto plain = contract();
  CHECK_FALSE(has(write_run_spec(plain, RuntimeForm::docker), "cap-add"));
  CHECK(has(write_run_spec(plain, RuntimeForm::docker), "no-new-privileges"));
  auto bound = contract();
  bound.capabilities = {"net_bind_service"};
  CHECK(has(write_run_spec(bound, RuntimeForm::docker), "--cap-add=NET_BIND_SERVICE"));
  CHECK_FALSE(has(write_run_spec(bound, RuntimeForm::docker), "no-new-privileges"));
  CHECK(has(write_run_spec(bound, RuntimeForm::podman), "--cap-add=NET_BIND_SERVICE"));
  CHECK(has(write_run_spec(bound, RuntimeForm::quadlet), "AddCapability=CAP_NET_BIND_SERVICE"));
  CHECK(has(write_run_spec(bound, RuntimeForm::kubernetes), "add: [NET_BIND_SERVICE]"));
  CHECK(has(write_run_spec(bound, RuntimeForm::systemd), "AmbientCapabilities=CAP_NET_BIND_SERVICE"));
}

TEST_CASE("variables of compose and of the kubelet are not filled in") {
  auto made = contract();
  made.settings.env = {{"A", "$HOME and $(HOST)"}};
  made.settings.arguments = std::vector<std::string>{"$(X)"};
  const auto compose = write_run_spec(made, RuntimeForm::compose);
  CHECK(has(compose, "A: \"$$HOME and $$(HOST)\""));
  const auto pod = write_run_spec(made, RuntimeForm::kubernetes);
  CHECK(has(pod, "value: \"$HOME and $$(HOST)\""));
  CHECK(has(pod, "args: [\"$$(X)\"]"));
}
