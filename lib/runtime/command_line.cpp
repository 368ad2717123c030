// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "runtime/durations.hpp"
#include "runtime/forms.hpp"
#include "runtime/quoting.hpp"
#include "spec/json_writer.hpp"

namespace ociassemble {
namespace {

using Words = std::vector<std::string>;

void add_health(const RunContract& contract, Words& words) {
  if (!contract.health) return;
  const auto& health = *contract.health;
  auto test = health.words;
  test.insert(test.begin(), "CMD");
  words.push_back("--health-cmd=" + json_array_of_strings(test));
  if (health.interval) words.push_back("--health-interval=" + go_duration(*health.interval));
  if (health.timeout) words.push_back("--health-timeout=" + go_duration(*health.timeout));
  if (health.start_period) words.push_back("--health-start-period=" + go_duration(*health.start_period));
  if (health.retries) words.push_back(fmt::format("--health-retries={}", *health.retries));
}

// Docker starts a user's process with an empty permitted set; a file's capability is then a new privilege.
bool rules_out_privileges(const RunContract& contract, Engine engine) {
  return engine == Engine::podman || contract.capabilities.empty();
}

void add_storage(const RunContract& contract, Engine engine, VolumeLife life, Words& words) {
  if (contract.read_only) {
    words.emplace_back("--read-only");
    // Without it podman adds memory file systems that the image does not ask for.
    if (engine == Engine::podman) words.emplace_back("--read-only-tmpfs=false");
    words.push_back(
        fmt::format("--tmpfs=/tmp:rw,noexec,nosuid,nodev,size={},mode=1777", docker_size(contract.settings.temporary)));
  }
  for (const auto& folder : contract.writable) {
    const auto source = life == VolumeLife::named ? "source=" + volume_name(contract, folder) + "," : std::string();
    words.push_back(fmt::format("--mount=type=volume,{}target={}", source, folder.path));
  }
  for (const auto& mount : contract.settings.mounts) {
    words.push_back(fmt::format("--mount=type=bind,source={},target={}{}", mount.source.string(), mount.target,
                                mount.read_only ? ",readonly" : ""));
  }
}

}  // namespace

std::vector<std::string> engine_words(const RunContract& contract, Engine engine, VolumeLife life,
                                      const std::vector<std::string>& extra) {
  const auto& settings = contract.settings;
  Words words{engine == Engine::docker ? "docker" : "podman", "run", "--rm"};
  if (life == VolumeLife::named) words.push_back("--name=" + contract.name);
  words.push_back(fmt::format("--user={}:{}", contract.uid, contract.gid));
  add_storage(contract, engine, life, words);
  words.emplace_back("--cap-drop=ALL");
  for (const auto& name : contract.capabilities) words.push_back("--cap-add=" + upper_case(name));
  if (rules_out_privileges(contract, engine)) words.emplace_back("--security-opt=no-new-privileges");
  words.push_back(fmt::format("--pids-limit={}", settings.processes));
  words.push_back("--memory=" + docker_size(settings.memory));
  for (const auto& port : settings.ports) words.push_back("--publish=" + port.to_string());
  for (const auto& [name, value] : settings.env) words.push_back(fmt::format("--env={}={}", name, value));
  // Docker reads the image's own, whatever its format; podman only that of Docker's format.
  if (engine == Engine::podman) add_health(contract, words);
  words.insert(words.end(), extra.begin(), extra.end());
  words.push_back(required_image(contract));
  if (settings.arguments) words.insert(words.end(), settings.arguments->begin(), settings.arguments->end());
  return words;
}

std::string write_command_line(const RunContract& contract, Engine engine) {
  std::string text;
  for (const auto& note : contract.notes) text += "# " + note + "\n";
  const auto words = engine_words(contract, engine, VolumeLife::named);
  for (std::size_t i = 0; i < words.size(); ++i) {
    text += exact_shell_word(words[i]);
    if (i + 1 < words.size()) text += i < 2 ? " " : " \\\n  ";
  }
  return text + "\n";
}

}  // namespace ociassemble
