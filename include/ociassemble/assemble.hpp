// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "ociassemble/compression.hpp"
#include "ociassemble/image.hpp"
#include "ociassemble/location.hpp"
#include "ociassemble/registry.hpp"

namespace ociassemble {

// An executable and where it goes. "PATH[:DEST]" on the command line.
struct BinaryInput {
  std::filesystem::path source;
  std::string destination;  // absolute; empty: /usr/local/bin/NAME
  bool any_binary = false;  // true: neither looked at nor refused (a script, another system's program)
  // File capabilities such as "net_bind_service", so that a non-root user can bind port 80.
  std::vector<std::string> capabilities;

  bool operator==(const BinaryInput&) const = default;
};

// A file, or a folder with all that is in it, and where it goes.
struct AddInput {
  std::filesystem::path source;
  std::string destination;            // absolute; with a '/' at its end, or an existing directory: into it
  std::optional<std::uint32_t> mode;  // of every file; directories get the x bits that go with its r bits
  std::string owner;                  // "USER[:GROUP]", names of the base or numbers; empty: 0:0. A lone number is both
  // Which rules leave members of a folder out: a file of .dockerignore's rules, or "none"; the folder's own
  // .dockerignore when not set (FolderIgnore).
  std::optional<std::string> ignore;

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

// Docker's Healthcheck. OCI's config does not know it; docker and podman read it there, too.
struct Healthcheck {
  std::vector<std::string> test;  // "CMD" and words, "CMD-SHELL" and a line, or "NONE" alone
  std::optional<std::chrono::nanoseconds> interval;
  std::optional<std::chrono::nanoseconds> timeout;
  std::optional<std::chrono::nanoseconds> start_period;
  std::optional<std::uint32_t> retries;

  bool operator==(const Healthcheck&) const = default;
};

// What goes into layers, and what decides their bytes.
struct Contents {
  std::vector<BinaryInput> binaries;
  std::vector<AddInput> adds;
  std::vector<std::string> writable;
  bool read_only = true;            // decides modes
  std::optional<std::string> user;  // whose the writable folders are
  std::optional<CreatedUser> create_user;
  std::optional<std::string> working_dir;
  std::optional<std::string> ca_certificates;
  std::optional<std::string> tzdata;
};

struct Lock;
struct LockedBase;

// Whether a base in a registry may be one that the lock does not pin.
enum class LockUse { preferred, required };

// What an image is made of. Paths are taken as they are, relative ones against the working directory.
struct AssembleOptions {
  Location base;                     // the built-in "static" unless set
  std::shared_ptr<const Lock> lock;  // a base that it pins is taken from it, without a request; may be null
  LockUse lock_use = LockUse::preferred;
  std::optional<Platform> platform;  // the binaries' when not set
  std::vector<BinaryInput> binaries;
  std::vector<AddInput> adds;
  std::vector<std::string> writable;  // absolute paths that the running service may write to
  bool read_only = true;

  std::optional<std::string> user;                     // 65532:65532 when not set
  std::optional<std::vector<std::string>> entrypoint;  // the first binary when not set
  std::optional<std::vector<std::string>> cmd;
  std::vector<std::pair<std::string, std::string>> env;
  std::map<std::string, std::string> labels;
  Annotations annotations;
  std::optional<std::string> working_dir;
  std::vector<std::string> exposed_ports;  // "8080", "8080/udp"
  std::vector<std::string> volumes;
  std::optional<std::string> stop_signal;

  std::optional<std::string> ca_certificates;  // "host", or a PEM file
  std::optional<std::string> tzdata;           // "host", or a zoneinfo folder

  std::optional<CreatedUser> create_user;  // in a layer of its own
  std::optional<Healthcheck> healthcheck;  // the base's when not set

  // What this image shares with others, from below: each is laid in layers of its own, the same bytes as in an image
  // that is made of it alone; what the members above add or change goes into layers over those. An account that is
  // created in one stays. Of the rest only that is laid which the members above have, too, at the same destination: a
  // program or folder only when it is the very same, a file also when another replaces it.
  std::vector<Contents> foundations;

  ImageFormat format = ImageFormat::oci;
  CompressionOptions compression;
  std::int64_t source_date_epoch = 0;  // seconds; mtimes and "created"
};

// How the work is done; none of it changes a byte of the image.
struct Workplace {
  std::shared_ptr<BlobStore> store;  // where new blobs go
  bool copy_base = false;            // true: brings the base's layers into the store, too, before they are read
  // A layer that the cache knows and the store lacks is made only when its bytes are asked for: for pushes alone, where
  // the registry mostly has it.
  bool layers_on_demand = false;
  // Where facts about bases and layers are kept between builds; empty: nowhere.
  std::filesystem::path cache_folder;
  RegistryOptions registry;
  std::stop_token stop;
  std::function<void(const std::string&)> warn;      // may be empty
  std::function<void(const std::string&)> progress;  // may be empty; one line a step
};

// What was made, and of what.
struct Assembled {
  Image image;
  std::vector<std::filesystem::path> inputs;  // every local file that was read, sorted; for a depfile
  std::optional<Digest> base_root;            // what the base's name stood for: its index, or its manifest
  std::set<Digest> base_layers;               // blobs that the image has from a base that is an image
};

// Makes the image: base, then (where asked) CA certificates, zone data, added files, binaries, a layer each. Its new
// blobs are in workplace.store when it returns; the base's layers stay where they are. Throws Error{invalid_argument}
// for options that contradict each other, Error{not_found} for inputs, users and platforms that are not there,
// Error{check_failed} for a binary that the image could not run.
Assembled assemble(const AssembleOptions& options, const Workplace& workplace);

// The manifest or index at a location, which is any but rootfs, scratch and static. A layout without a tag gives its
// only entry, or with `whole` its index with all entries.
enum class LayoutScope { entry, whole };
Document open_document(const Location& location, const Workplace& workplace, LayoutScope scope = LayoutScope::entry);

// The image at a location, which is any but rootfs, scratch and static.
Image open_image(const Location& location, const std::optional<Platform>& platform, const Workplace& workplace);

// Puts an image where it was asked for, and returns how to name it: "REGISTRY/REPOSITORY@sha256:…" or
// "oci:DIR:TAG@sha256:…". What was there before stands until the new is whole.
std::string publish(const Image& image, const Location& target, const Workplace& workplace);
// The same for several platforms: all manifests that the index names must be among its images. A docker archive holds
// one platform, and its name has that image's digest: Error{invalid_argument} for an index of several.
std::string publish(const ImageIndex& index, const Location& target, const Workplace& workplace);

}  // namespace ociassemble
