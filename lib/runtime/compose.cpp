// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "runtime/durations.hpp"
#include "runtime/forms.hpp"
#include "runtime/quoting.hpp"

namespace ociassemble {
namespace {

// compose replaces "$NAME" by variables of its own.
std::string value(std::string_view text) {
  std::string doubled;
  for (const char c : text) doubled += c == '$' ? std::string("$$") : std::string(1, c);
  return yaml_string(doubled);
}

std::string values(const std::vector<std::string>& texts) {
  std::string list = "[";
  for (const auto& text : texts) list += (list.size() > 1 ? ", " : "") + value(text);
  return list + "]";
}

std::string health(const HealthCommand& health) {
  auto test = health.words;
  test.insert(test.begin(), "CMD");
  auto text = fmt::format("    healthcheck:\n      test: {}\n", values(test));
  if (health.interval) text += fmt::format("      interval: {}\n", yaml_string(go_duration(*health.interval)));
  if (health.timeout) text += fmt::format("      timeout: {}\n", yaml_string(go_duration(*health.timeout)));
  if (health.start_period)
    text += fmt::format("      start_period: {}\n", yaml_string(go_duration(*health.start_period)));
  if (health.retries) text += fmt::format("      retries: {}\n", *health.retries);
  return text;
}

std::string storage(const RunContract& contract) {
  std::string text;
  if (contract.read_only) {
    text += fmt::format("    read_only: true\n    tmpfs: [\"/tmp:mode=1777,size={},noexec,nosuid,nodev\"]\n",
                        docker_size(contract.settings.temporary));
  }
  if (contract.writable.empty() && contract.settings.mounts.empty()) return text;
  text += "    volumes:\n";
  for (const auto& folder : contract.writable) {
    text += fmt::format("      - type: volume\n        source: {}\n        target: {}\n",
                        value(volume_name(contract, folder)), value(folder.path));
  }
  for (const auto& mount : contract.settings.mounts) {
    text += fmt::format("      - type: bind\n        source: {}\n        target: {}\n        read_only: {}\n",
                        value(mount.source.string()), value(mount.target), mount.read_only);
  }
  return text;
}

}  // namespace

std::string write_compose(const RunContract& contract) {
  const auto& settings = contract.settings;
  std::string text;
  for (const auto& note : contract.notes) text += "# " + note + "\n";
  text += fmt::format("services:\n  {}:\n    image: {}\n    user: \"{}:{}\"\n", contract.name,
                      value(required_image(contract)), contract.uid, contract.gid);
  if (settings.arguments) text += fmt::format("    command: {}\n", values(*settings.arguments));
  if (!settings.env.empty()) {
    text += "    environment:\n";
    for (const auto& [name, content] : settings.env)
      text += fmt::format("      {}: {}\n", yaml_string(name), value(content));
  }
  text += storage(contract);
  text += "    cap_drop: [ALL]\n";
  if (!contract.capabilities.empty()) {
    std::vector<std::string> names;
    for (const auto& name : contract.capabilities) names.push_back(upper_case(name));
    text += fmt::format("    cap_add: {}\n", yaml_strings(names));
  }
  // Docker starts a user's process with an empty permitted set; a file's capability is then a new privilege.
  if (contract.capabilities.empty()) text += "    security_opt: [\"no-new-privileges:true\"]\n";
  if (!settings.ports.empty()) {
    text += "    ports:\n";
    for (const auto& port : settings.ports) text += fmt::format("      - \"{}\"\n", port.to_string());
  }
  if (contract.health) text += health(*contract.health);
  text += fmt::format("    pids_limit: {}\n    mem_limit: {}\n    restart: unless-stopped\n", settings.processes,
                      yaml_string(docker_size(settings.memory)));
  if (contract.writable.empty()) return text;
  text += "volumes:\n";
  for (const auto& folder : contract.writable)
    text += fmt::format("  {}: {{}}\n", value(volume_name(contract, folder)));
  return text;
}

}  // namespace ociassemble
