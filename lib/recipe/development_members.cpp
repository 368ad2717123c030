// SPDX-License-Identifier: Apache-2.0
// Members for images that are developed with: folders of this machine, a debugger, and what editors read.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "assemble/placement.hpp"
#include "base/file_status.hpp"
#include "ociassemble/runtime.hpp"
#include "recipe/member_reader.hpp"
#include "recipe/members.hpp"
#include "spec/json_writer.hpp"

namespace ociassemble {
namespace {

constexpr const char* kDebugPort = "40000";
constexpr const char* kDevcontainerLabel = "devcontainer.metadata";

bool is_set(const RecipeNode& recipe, std::string_view name) {
  const auto* node = recipe.find(name);
  return node != nullptr && std::get<bool>(node->data);
}

std::string destination_of(const BinaryInput& binary) {
  return binary.destination.empty() ? "/usr/local/bin/" + binary.source.filename().string() : binary.destination;
}

bool is_debugger(const BinaryInput& binary) {
  const auto destination = destination_of(binary);
  return destination.substr(destination.rfind('/') + 1) == "dlv";
}

// Delve as the image's program: it starts the application, and lets debuggers come and go. It needs no capability,
// since it debugs its own child.
void apply_debug(const MemberReader& reader, const RecipeNode& node, AssembleOptions& options) {
  const auto& binaries = options.contents.binaries;
  const auto debugger = std::ranges::find_if(binaries, is_debugger);
  if (debugger == binaries.end()) {
    reader.refuse(
        node, "no program dlv among the binaries",
        R"(build Delve for the image's platform (CGO_ENABLED=0), and add "/usr/local/bin/dlv": "PATH" to "binaries")");
  }
  auto words = options.entrypoint.value_or(std::vector<std::string>());
  if (words.empty()) {
    const auto first = std::ranges::find_if_not(binaries, is_debugger);
    if (first == binaries.end()) reader.refuse(node, "no program to debug", R"(add it to "binaries")");
    words.push_back(destination_of(*first));
  }
  std::vector<std::string> entrypoint{destination_of(*debugger),
                                      "exec",
                                      std::string("--listen=:") + kDebugPort,
                                      "--headless",
                                      "--accept-multiclient",
                                      "--api-version=2",
                                      "--only-same-user=false",
                                      "--continue",
                                      words.front(),
                                      "--"};
  entrypoint.insert(entrypoint.end(), words.begin() + 1, words.end());
  options.entrypoint = std::move(entrypoint);
  if (std::ranges::find(options.exposed_ports, kDebugPort) == options.exposed_ports.end())
    options.exposed_ports.emplace_back(kDebugPort);
  // Where it keeps its settings: the root may be read-only.
  const auto is_place = [](const auto& variable) { return variable.first == "XDG_CONFIG_HOME"; };
  if (std::ranges::none_of(options.env, is_place)) options.env.emplace_back("XDG_CONFIG_HOME", "/tmp");
}

// containers.dev, "Image Metadata": what an editor does with a container of this image.
void apply_devcontainer(AssembleOptions& options) {
  if (options.labels.contains(kDevcontainerLabel)) return;
  std::vector<std::string> ports;
  for (const auto& text : options.exposed_ports) {
    const auto number = text.substr(0, text.find('/'));
    if (number == text || text.ends_with("/tcp")) ports.push_back(number);
  }
  JsonObjectWriter writer;
  writer.json("overrideCommand", "false");
  const auto user = options.contents.user.value_or("65532:65532");
  writer.string("remoteUser", user.substr(0, user.find(':')));
  if (!ports.empty()) writer.json("forwardPorts", json_array(ports));
  options.labels[kDevcontainerLabel] = "[" + writer.finish() + "]";
}

}  // namespace

std::vector<BindMount> Members::mounts(Places& places) const {
  const std::optional<Platform> none;
  const MemberReader reader(text_, folder_, none, &places);
  std::vector<BindMount> mounts;
  with_member(recipe_, "mounts", [&](const auto& node) {
    for (const auto& member : *node.object()) {
      const auto& value = member.value;
      const auto* source = value.string() != nullptr ? &value : value.find("source");
      if (source == nullptr) reader.refuse(value, "no source", R"(add "source": "FOLDER")");
      BindMount mount;
      mount.source = absolute_path(reader.path(*source)).lexically_normal();
      if (!mount.source.has_filename()) mount.source = mount.source.parent_path();
      reader.note(ValueKind::path, mount.source.string(), source->at);
      mount.target = member.name;
      if (!mount.target.starts_with('/'))
        reader.refuse(value, "a target that does not begin with /", R"(write "/src": "FOLDER")");
      mount.target = "/" + canonical_folder(mount.target, "mount");
      if (value.string() == nullptr) {
        with_member(value, "writable", [&](const auto& flag) { mount.read_only = !std::get<bool>(flag.data); });
      }
      mounts.push_back(std::move(mount));
    }
  });
  return mounts;
}

void Members::apply_development(const std::optional<Platform>& platform, AssembleOptions& options) const {
  const MemberReader reader(text_, folder_, platform);
  if (is_set(recipe_, "debug")) apply_debug(reader, *recipe_.find("debug"), options);
  if (is_set(recipe_, "devcontainer")) apply_devcontainer(options);
}

}  // namespace ociassemble
