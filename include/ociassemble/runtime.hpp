// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ociassemble/export.hpp"
#include "ociassemble/image.hpp"

namespace ociassemble {

// A folder of this machine that the running program sees; never part of an image.
struct BindMount {
  std::filesystem::path source;  // absolute
  std::string target;            // absolute
  bool read_only = true;

  bool operator==(const BindMount&) const = default;
};

// A port that the image declares.
struct DeclaredPort {
  std::uint16_t number = 0;
  std::string protocol;  // "tcp", "udp" or "sctp"

  bool operator==(const DeclaredPort&) const = default;
};

// A port of the machine that leads to one of the container.
struct OCIASSEMBLE_EXPORT PublishedPort {
  std::string address;  // of the machine; empty: every one
  std::uint16_t host = 0;
  std::uint16_t container = 0;
  std::string protocol = "tcp";

  // "[ADDRESS:]HOST:CONTAINER[/PROTOCOL]" or "PORT[/PROTOCOL]". Throws Error{invalid_argument}.
  static PublishedPort parse(std::string_view text);
  std::string to_string() const;

  bool operator==(const PublishedPort&) const = default;
};

// A folder that the program may write to, as the image has it.
struct WritableFolder {
  std::string path;  // absolute
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
  std::uint32_t mode = 0755;
  bool has_files = false;  // in the image; a memory file system or a pod's volume begins empty

  bool operator==(const WritableFolder&) const = default;
};

// How a program in the image says that it is well.
struct HealthCommand {
  std::vector<std::string> words;  // what is executed
  std::optional<std::chrono::nanoseconds> interval, timeout, start_period;
  std::optional<std::uint32_t> retries;

  bool operator==(const HealthCommand&) const = default;
};

// What whoever runs an image decides.
struct RunSettings {
  std::string image;  // how a runtime names it: "registry.example.com/team/server@sha256:…"
  std::string name;   // of the service; empty: of the image's repository, else of its program
  std::optional<std::vector<std::string>> arguments;  // in the place of the image's command
  std::vector<std::pair<std::string, std::string>> env;
  std::vector<PublishedPort> ports;
  std::vector<BindMount> mounts;
  // Added to those that the image's programs have, for a program that runs as root: "chown". A user's has nothing of
  // them.
  std::vector<std::string> capabilities;
  std::uint64_t memory = std::uint64_t{256} << 20U;       // bytes
  std::uint64_t temporary = std::uint64_t{64} << 20U;     // bytes of /tmp
  std::uint64_t volume_size = std::uint64_t{128} << 20U;  // bytes of each writable folder that has a limit
  std::uint32_t processes = 256;
  std::string probe_path;        // Kubernetes asks the first TCP port for it by HTTP; empty: it connects
  std::filesystem::path rootfs;  // of a bundle and of systemd's unit; empty: "rootfs", "/srv/NAME/rootfs"
};

// How an image is to be run: what it declares in its config and labels, checked against its files, and the settings.
struct RunContract {
  RunSettings settings;
  std::string name;  // a DNS label
  Platform platform;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  bool read_only = false;
  std::vector<std::string> words;      // program and arguments
  std::string program;                 // its path in the image
  std::vector<std::string> env;        // "NAME=VALUE", the settings' included
  std::string working_dir;             // absolute
  std::string stop_signal;             // may be empty
  std::set<std::string> capabilities;  // "net_bind_service": those that its programs have
  std::vector<DeclaredPort> ports;
  std::vector<WritableFolder> writable;  // sorted by path; /tmp is not among them where the root is read-only
  std::optional<HealthCommand> health;
  std::vector<std::string> notes;  // what whoever runs it should know; one line each
};

// Reads the image's layers. Throws Error{check_failed} where the image's files contradict what it declares: there is no
// such user, the user may not execute the program, a port below 1024 without the capability, a writable path that is a
// file, that the user cannot write to, or that hides the program. Throws Error{invalid_argument} for settings, and what
// reading layers throws.
OCIASSEMBLE_EXPORT RunContract read_contract(const Image& image, const RunSettings& settings,
                                             const std::stop_token& stop = {});

// What an image is run by.
enum class RuntimeForm { docker, compose, podman, quadlet, kubernetes, bundle, systemd };

// "docker", "compose", … Throws Error{invalid_argument}.
OCIASSEMBLE_EXPORT RuntimeForm parse_runtime_form(std::string_view text);

enum class SpecScope {
  whole,
  patch,  // of Kubernetes: only what is about security and volumes, as a strategic merge patch
};

// The complete text for that runtime: a command line, a file or several documents in one. The same contract gives the
// same bytes. Throws Error{invalid_argument} where the runtime has no word for a setting or the image has no name, and
// Error{check_failed} where Kubernetes' restricted profile would refuse the pod.
OCIASSEMBLE_EXPORT std::string write_run_spec(const RunContract& contract, RuntimeForm form,
                                              SpecScope scope = SpecScope::whole);

}  // namespace ociassemble
