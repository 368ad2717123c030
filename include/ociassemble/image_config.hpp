// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ociassemble/digest.hpp"
#include "ociassemble/export.hpp"
#include "ociassemble/platform.hpp"

namespace ociassemble {

// OCI image specification, config.md, "history".
struct HistoryEntry {
  std::string created;  // RFC 3339; may be empty
  std::string author;
  std::string created_by;
  std::string comment;
  bool empty_layer = false;
  // Members that the specification does not know: name -> compact JSON.
  std::map<std::string, std::string> unknown;

  bool operator==(const HistoryEntry&) const = default;
};

// OCI image specification, config.md. A value; members that the specification does not know (Docker's Healthcheck,
// Shell, OnBuild, …) survive as their JSON text, in `unknown` and `config_unknown`.
struct OCIASSEMBLE_EXPORT ImageConfig {
  std::string created;  // RFC 3339; may be empty
  std::string author;
  Platform platform;  // architecture, os, os.version, os.features, variant

  // "config"
  std::string user;
  std::set<std::string> exposed_ports;  // "8080/tcp"
  std::vector<std::string> env;         // "NAME=VALUE", in order
  std::optional<std::vector<std::string>> entrypoint;
  std::optional<std::vector<std::string>> cmd;
  std::set<std::string> volumes;
  std::string working_dir;
  std::map<std::string, std::string> labels;
  std::string stop_signal;

  // "rootfs"
  std::vector<Digest> diff_ids;

  std::vector<HistoryEntry> history;

  std::map<std::string, std::string> unknown;         // top-level name -> compact JSON
  std::map<std::string, std::string> config_unknown;  // name in "config" -> compact JSON

  // Throws Error{corrupt} for bad JSON or UTF-8, wrongly typed members, a rootfs that is not of type "layers"; null
  // counts as absent, "config" may be missing.
  static ImageConfig parse(std::string_view json);
  // Compact; known members in the order of the specification's structs, then the unknown ones sorted by bytes; no empty
  // members (but "rootfs" always). Throws Error{invalid_argument} for text that is not UTF-8.
  std::string to_json() const;

  // Sets NAME to VALUE where it stands, or at the end.
  void set_env(std::string_view name, std::string_view value);
  // The value of NAME in env; nothing when it is not set.
  std::optional<std::string> env_value(std::string_view name) const;

  bool operator==(const ImageConfig&) const = default;
};

}  // namespace ociassemble
