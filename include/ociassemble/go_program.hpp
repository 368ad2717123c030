// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ociassemble/export.hpp"

namespace ociassemble {

// Facts of a program that Go built, as the program itself states them. All texts are the file's own and may hold any
// byte, where nothing else is said.

struct GoModuleVersion {
  std::string path;
  std::string version;  // "(devel)" for the main module of a work tree; empty for a local replacement
  std::string sum;      // "h1:…" as in go.sum; empty for the main module, vendored and local ones

  bool operator==(const GoModuleVersion&) const = default;
};
struct GoModule {
  GoModuleVersion required;
  std::optional<GoModuleVersion> replacement;  // `replace` of go.mod: this is what was linked

  bool operator==(const GoModule&) const = default;
};

// What the Go linker wrote down about a build (Go's debug/buildinfo and runtime/debug.BuildInfo).
struct OCIASSEMBLE_EXPORT GoBuild {
  std::string go_version;  // "go1.24.6", "go1.22.1 X:boringcrypto", "devel go1.25-…"; printable ASCII
  std::string path;        // of the main package; empty where the build had no modules (GOPATH mode)
  std::optional<GoModule> main;
  std::vector<GoModule> dependencies;
  std::vector<std::pair<std::string, std::string>> settings;  // "-trimpath", "CGO_ENABLED", "vcs.revision", … in order

  // The value of a setting; null where it is not recorded.
  const std::string* setting(std::string_view key) const noexcept;

  bool operator==(const GoBuild&) const = default;
};

// The linker's build ID (cmd/internal/buildid). Two programs whose third parts are equal have the same main package,
// compiled; those whose last parts are equal are the same file.
struct GoBuildId {
  std::string text;  // as `go tool buildid` prints it; printable ASCII
  std::string binary_action;
  std::string main_action;
  std::string main_content;
  std::string binary_content;

  bool operator==(const GoBuildId&) const = default;
};

struct GoProgram {
  GoBuild build;
  std::optional<GoBuildId> build_id;
  bool is_static = true;                 // asks the kernel for no loader
  bool is_position_independent = false;  // -buildmode=pie, which Go before 1.21 does not record
  bool has_symbols = true;               // a symbol table: neither `-ldflags=-s` nor strip took it
  bool has_debug_info = true;            // DWARF: not taken by `-ldflags=-w`
  bool uses_cgo = false;                 // runtime/cgo is linked; CGO_ENABLED=1 alone does not say so

  bool operator==(const GoProgram&) const = default;
};

}  // namespace ociassemble
