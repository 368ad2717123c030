// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ociassemble/location.hpp"

namespace ociassemble {

// An executable and where it goes. "PATH[:DEST]" on the command line.
struct BinaryInput {
  std::filesystem::path source;
  std::string destination;  // absolute; empty: /usr/local/bin/NAME
  bool any_binary = false;  // true: neither looked at nor refused (a script, another system's program)
  // File capabilities such as "net_bind_service", so that a non-root user can bind port 80.
  std::vector<std::string> capabilities;
  std::optional<std::uint32_t> mode;  // 0555, or 0755 where the image is declared writable, when not set
  std::string owner;                  // as AddInput::owner

  bool operator==(const BinaryInput&) const = default;
};

// A file, or a folder with all that is in it, and where it goes: of this machine, or of another image.
struct AddInput {
  std::filesystem::path source;
  std::string destination;            // absolute; with a '/' at its end, or an existing directory: into it
  std::optional<std::uint32_t> mode;  // of every file; directories get the x bits that go with its r bits
  std::string owner;                  // "USER[:GROUP]", names of the base or numbers; empty: 0:0. A lone number is both
  // Which rules leave members of a folder out: a file of .dockerignore's rules, or "none"; the folder's own
  // .dockerignore when not set (FolderIgnore).
  std::optional<std::string> ignore;
  // The image whose file `source` is, an absolute path there; of an index, that of the platform that is built. Links on
  // the way are followed inside the image, those in a folder stay links. `ignore` must not be set.
  std::optional<Location> image;

  bool operator==(const AddInput&) const = default;
};

// A user and its group that are written into the base's own /etc/passwd and /etc/group, a line each.
struct CreatedUser {
  std::string name;
  std::uint32_t uid = 0;
  std::string group;  // empty: the user's name
  std::uint32_t gid = 0;
  std::optional<std::string> home;   // made where it is missing; "/nonexistent", and not made, when not set
  std::optional<std::string> shell;  // "/sbin/nologin" when not set

  bool operator==(const CreatedUser&) const = default;
};

// What goes into layers, and what decides their bytes. Paths are taken as they are, relative ones against the working
// directory.
struct Contents {
  std::vector<BinaryInput> binaries;
  std::vector<AddInput> adds;
  std::vector<std::string> writable;       // absolute paths that the running service may write to
  bool read_only = true;                   // decides modes
  std::optional<std::string> user;         // 65532:65532 when not set; also whose the writable folders are
  std::optional<CreatedUser> create_user;  // in a layer of its own
  std::optional<std::string> working_dir;
  std::optional<std::string> ca_certificates;  // "host", or a PEM file
  std::optional<std::string> tzdata;           // "host", or a zoneinfo folder
};

}  // namespace ociassemble
