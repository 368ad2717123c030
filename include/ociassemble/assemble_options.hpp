// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ociassemble/compression.hpp"
#include "ociassemble/contents.hpp"
#include "ociassemble/export.hpp"
#include "ociassemble/gates.hpp"
#include "ociassemble/location.hpp"
#include "ociassemble/lock.hpp"
#include "ociassemble/manifest.hpp"
#include "ociassemble/platform.hpp"

namespace ociassemble {

// Docker's Healthcheck. OCI's config does not know it; docker reads it there, too, and podman in Docker's format alone.
struct Healthcheck {
  std::vector<std::string> test;  // "CMD" and words, "CMD-SHELL" and a line, or "NONE" alone
  std::optional<std::chrono::nanoseconds> interval;
  std::optional<std::chrono::nanoseconds> timeout;
  std::optional<std::chrono::nanoseconds> start_period;
  std::optional<std::uint32_t> retries;

  bool operator==(const Healthcheck&) const = default;
};

struct EnvPart;
// A text of parts: each is a plain one, or what the base sets.
using EnvTemplate = std::vector<EnvPart>;

// A variable of the base's environment, as a shell's "${NAME:-WORD}".
struct BaseVariable {
  std::string name;
  std::string operation;  // "", "-", ":-", "+" or ":+"
  EnvTemplate word;

  bool operator==(const BaseVariable&) const = default;
};

struct EnvPart {
  std::string text;
  std::optional<BaseVariable> variable;

  bool operator==(const EnvPart&) const = default;
};

// Facts that annotations can be taken from.
enum class AnnotationSource {
  vcs,     // the commit that a Go program was built from: revision, created, and version from its main module
  github,  // the variables of GitHub Actions: source, url, revision, ref.name
  gitlab,  // those of GitLab CI/CD
};

// "vcs", "github", "gitlab". Throws Error{invalid_argument}.
OCIASSEMBLE_EXPORT AnnotationSource parse_annotation_source(std::string_view text);
// The environment's variables that the source is read from; none for vcs.
OCIASSEMBLE_EXPORT std::vector<std::string> service_variables(AnnotationSource source);

// Values of options that somebody's file may have written.
enum class ValueKind {
  annotation_source,  // "vcs"
  base,               // the location
  certificates,       // "host", or a path
  created,            // "vcs"
  destination,        // of a program, file or folder
  image,              // the location of an image that files are taken from
  image_path,         // what is taken from it, "LOCATION:/PATH"
  owner,
  path,     // of this machine
  program,  // the first word of the entrypoint or command
  user,     // to run as, or the name of the one to create
  working_dir,
  writable,
  zones,  // "host", or a path
};

// What an image is made of.
struct AssembleOptions {
  Location base;  // the built-in "static" unless set
  // org.opencontainers.image.base.name instead of the reference that the base was found by; "none": no such annotation.
  std::optional<std::string> base_name;
  std::shared_ptr<const Lock> lock;  // a base that it pins is taken from it, without a request; may be null
  LockUse lock_use = LockUse::preferred;
  bool allow_codec_change = false;  // take this build's codec where a required lock pins another
  // Of layers of the base whose media type is not what their bytes are, the true one is written; else they are refused.
  bool fix_media_types = false;
  std::optional<Platform> platform;  // the binaries' when not set
  Contents contents;
  // What this image shares with others, from below: each is laid in layers of its own, the same bytes as in an image
  // that is made of it alone; what `contents` adds or changes goes into layers over those. An account that is created
  // in one stays. Of the rest only that is laid which `contents` has, too, at the same destination: a program or folder
  // only when it is the very same, a file also when another replaces it.
  std::vector<Contents> foundations;

  std::optional<std::vector<std::string>> entrypoint;  // the first binary when not set
  std::optional<std::vector<std::string>> cmd;
  std::vector<std::pair<std::string, std::string>> env;
  // Values with parts of the base's environment; `env` goes before one of the same name. What the base does not set is
  // empty, but for the PATH of a base without an environment, which is the runtimes' usual one.
  std::vector<std::pair<std::string, EnvTemplate>> env_of_base;
  std::map<std::string, std::string> labels;
  bool inherit_labels = false;  // true: the base's org.opencontainers.image.* labels, which describe the base, stay
  Annotations annotations;
  // What further annotations are taken from; `annotations` go before, then the program's, then the services'.
  std::vector<AnnotationSource> annotate;
  std::map<std::string, std::string> variables;  // of service_variables(), for AnnotationSource::github and gitlab
  std::vector<std::string> exposed_ports;        // "8080", "8080/udp"
  std::vector<std::string> volumes;
  // Whether Contents::writable are volumes, too. Without it they are folders of the user's and named in a label alone,
  // for clusters that refuse images with volumes and mount their own there.
  bool writable_volumes = true;
  std::optional<std::string> stop_signal;
  std::optional<Healthcheck> healthcheck;  // the base's when not set

  // What is done where the image lacks what a program may need at run time: CA certificates, zone data, users, a shell,
  // a temporary folder (docs/gates.md).
  Severity needs = Severity::warn;

  ImageFormat format = ImageFormat::oci;
  CompressionOptions compression;
  // "created" of the config and its history, in seconds since 1970: a time, else that of the commit that a Go program
  // was built from (vcs.time of its build information), else 0. No layer depends on it.
  std::optional<std::int64_t> created;
  bool created_from_vcs = false;
  std::int64_t file_times = 0;  // mtimes of everything that is made, in seconds since 1970

  // Where a value was written, "FILE:LINE:COLUMN: MEMBER"; nothing where that is not known. Errors about the value
  // begin with it. May be empty; must allow concurrent calls.
  std::function<std::optional<std::string>(ValueKind kind, const std::string& value)> place_of;
};

}  // namespace ociassemble
