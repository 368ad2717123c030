// SPDX-License-Identifier: Apache-2.0
// The member "build" of a binary: the command that makes it.
#include <utility>

#include "recipe/member_reader.hpp"
#include "recipe/members.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

RecipeBuild read_build(const MemberReader& reader, const RecipeNode& input, const fs::path& folder) {
  const auto& node = *input.find("build");
  RecipeBuild build;
  build.output = reader.path(source_of(reader, input));
  build.directory = folder;
  const auto* command = node.find("command");
  if (command == nullptr) {
    reader.refuse(node, "no command", R"(add "command": ["go", "build", "-o", "{output}", "./cmd/server"])");
  }
  build.command = reader.words(*command);
  if (build.command.empty()) reader.refuse(*command, "the command is empty", "name the program that builds it");
  build.place = build.directory_place = reader.place(*command);
  with_member(node, "directory", [&](const auto& value) {
    build.directory = reader.path(value);
    build.directory_place = reader.place(value);
  });
  with_member(node, "env", [&](const auto& value) {
    const auto values = text_map(value);
    build.env.assign(values.begin(), values.end());
  });
  return build;
}

}  // namespace

std::vector<RecipeBuild> Members::builds(const std::optional<Platform>& platform) const {
  const MemberReader reader(text_, folder_, platform);
  std::vector<RecipeBuild> builds;
  with_member(recipe_, "binaries", [&](const auto& node) {
    for (const auto& member : *node.object()) {
      if (member.value.find("build") == nullptr) continue;
      builds.push_back(read_build(reader, member.value, folder_));
      builds.back().platform = platform;
    }
  });
  return builds;
}

}  // namespace ociassemble
