// SPDX-License-Identifier: Apache-2.0
// systemd's units: quadlet's, from which podman's generator makes one, and one without a container engine.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "ociassemble/error.hpp"
#include "runtime/durations.hpp"
#include "runtime/forms.hpp"
#include "runtime/quoting.hpp"
#include "spec/json_writer.hpp"

namespace ociassemble {
namespace {

std::string head(const RunContract& contract) {
  std::string text;
  for (const auto& note : contract.notes) text += "# " + note + "\n";
  return text + fmt::format("[Unit]\nDescription={}\nAfter=network-online.target\nWants=network-online.target\n\n",
                            contract.name);
}

std::string quadlet_health(const HealthCommand& health) {
  auto test = health.words;
  test.insert(test.begin(), "CMD");
  auto text = "HealthCmd=" + unit_command_word(json_array_of_strings(test)) + "\n";
  if (health.interval) text += "HealthInterval=" + go_duration(*health.interval) + "\n";
  if (health.timeout) text += "HealthTimeout=" + go_duration(*health.timeout) + "\n";
  if (health.start_period) text += "HealthStartPeriod=" + go_duration(*health.start_period) + "\n";
  if (health.retries) text += fmt::format("HealthRetries={}\n", *health.retries);
  return text + "Notify=healthy\n";
}

// A path in a setting that takes several words with options after a ':'.
void reject_unit_path(const std::string& path) {
  if (path.find_first_of(": \t\n\"'\\%") == std::string::npos) return;
  throw Error(ErrorCode::invalid_argument,
              fmt::format("cannot write {} into a unit: it has a blank, ':', '%' or a quote", json_string(path)));
}

// What systemd makes for a service, with its owner, and mounts into its root.
std::optional<std::string> systemd_folder(const std::string& path) {
  struct Place {
    std::string_view prefix, setting;
  };
  constexpr std::array kPlaces{Place{"/var/lib/", "StateDirectory"}, Place{"/var/cache/", "CacheDirectory"},
                               Place{"/var/log/", "LogsDirectory"}, Place{"/run/", "RuntimeDirectory"}};
  for (const auto& place : kPlaces) {
    if (path.starts_with(place.prefix) && path.size() > place.prefix.size())
      return fmt::format("{}={}\n", place.setting, path.substr(place.prefix.size()));
  }
  return {};
}

std::string systemd_storage(const RunContract& contract) {
  std::string text;
  for (const auto& folder : contract.writable) {
    reject_unit_path(folder.path);
    if (const auto setting = systemd_folder(folder.path)) {
      text += *setting;
    } else {
      text += fmt::format("TemporaryFileSystem={}:rw,nosuid,nodev,noexec,uid={},gid={},mode={:04o},size={}\n",
                          folder.path, folder.uid, folder.gid, folder.mode, contract.settings.volume_size);
    }
  }
  for (const auto& mount : contract.settings.mounts) {
    reject_unit_path(mount.source.string());
    reject_unit_path(mount.target);
    text += fmt::format("{}={}:{}\n", mount.read_only ? "BindReadOnlyPaths" : "BindPaths", mount.source.string(),
                        mount.target);
  }
  return text;
}

}  // namespace

std::string write_quadlet(const RunContract& contract) {
  const auto& settings = contract.settings;
  auto text = head(contract);
  text += fmt::format("[Container]\nImage={}\nContainerName={}\nUser={}\nGroup={}\n", required_image(contract),
                      contract.name, contract.uid, contract.gid);
  if (contract.read_only) {
    text += fmt::format("ReadOnly=true\nReadOnlyTmpfs=false\nTmpfs=/tmp:mode=1777,size={},noexec,nosuid,nodev\n",
                        docker_size(settings.temporary));
  }
  for (const auto& folder : contract.writable) {
    reject_unit_path(folder.path);
    text += fmt::format("Volume={}:{}\n", volume_name(contract, folder), folder.path);
  }
  for (const auto& mount : settings.mounts) {
    reject_unit_path(mount.source.string());
    reject_unit_path(mount.target);
    text += fmt::format("Volume={}:{}{}\n", mount.source.string(), mount.target, mount.read_only ? ":ro" : "");
  }
  text += "DropCapability=all\n";
  for (const auto& name : contract.capabilities) text += fmt::format("AddCapability=CAP_{}\n", upper_case(name));
  text += "NoNewPrivileges=true\n";
  for (const auto& port : settings.ports) text += fmt::format("PublishPort={}\n", port.to_string());
  for (const auto& [name, value] : settings.env)
    text += fmt::format("Environment={}\n", unit_command_word(fmt::format("{}={}", name, value)));
  if (settings.arguments) {
    text += "Exec=";
    for (std::size_t i = 0; i < settings.arguments->size(); ++i)
      text += (i > 0 ? " " : "") + unit_command_word((*settings.arguments)[i]);
    text += "\n";
  }
  if (contract.health) text += quadlet_health(*contract.health);
  text += fmt::format("PodmanArgs=--pids-limit={} --memory={}\n", settings.processes, docker_size(settings.memory));
  text += "\n[Service]\nRestart=on-failure\n\n[Install]\nWantedBy=default.target\n";
  return text;
}

std::string write_systemd_unit(const RunContract& contract) {
  const auto& settings = contract.settings;
  auto text = head(contract);
  const auto root = settings.rootfs.empty() ? "/srv/" + contract.name + "/rootfs" : settings.rootfs.string();
  reject_unit_path(root);
  std::string capabilities;
  for (const auto& name : contract.capabilities)
    capabilities += fmt::format("{}CAP_{}", capabilities.empty() ? "" : " ", upper_case(name));
  text += "[Service]\nExecStart=" + unit_command_word(contract.program);
  for (std::size_t i = 1; i < contract.words.size(); ++i) text += " " + unit_command_word(contract.words[i]);
  text += fmt::format("\nRootDirectory={}\nMountAPIVFS=yes\nUser={}\nGroup={}\nWorkingDirectory={}\n", root,
                      contract.uid, contract.gid, unit_word(contract.working_dir));
  for (const auto& variable : contract.env) text += "Environment=" + unit_word(variable) + "\n";
  if (!contract.stop_signal.empty()) text += "KillSignal=" + contract.stop_signal + "\n";
  text += systemd_storage(contract);
  text += "PrivateTmp=yes\n";
  if (contract.read_only) text += "ProtectSystem=strict\n";
  text += fmt::format("NoNewPrivileges=yes\nCapabilityBoundingSet={}\nAmbientCapabilities={}\n", capabilities,
                      capabilities);
  text +=
      "PrivateDevices=yes\nProtectKernelTunables=yes\nProtectKernelModules=yes\nProtectKernelLogs=yes\n"
      "ProtectControlGroups=yes\nProtectClock=yes\nProtectHostname=yes\nRestrictNamespaces=yes\nRestrictSUIDSGID=yes\n"
      "RestrictRealtime=yes\nLockPersonality=yes\nSystemCallFilter=@system-service\nSystemCallArchitectures=native\n";
  text += fmt::format("TasksMax={}\nMemoryMax={}\nRestart=on-failure\n\n[Install]\nWantedBy=multi-user.target\n",
                      settings.processes, settings.memory);
  return text;
}

}  // namespace ociassemble
