// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inspect/elf_file.hpp"

namespace ociassemble {

struct GoModuleVersion {
  std::string path;
  std::string version;  // "(devel)" for the main module of a work tree; empty for a local replacement
  std::string sum;      // "h1:…" as in go.sum; empty for the main module, vendored and local ones
};
struct GoModule {
  GoModuleVersion required;
  std::optional<GoModuleVersion> replacement;  // `replace` of go.mod: this is what was linked
};

// What the Go linker wrote down about a build (Go's debug/buildinfo and runtime/debug.BuildInfo). All texts are the
// file's own and may hold any byte.
struct GoBuild {
  std::string go_version;  // "go1.24.6", "go1.22.1 X:boringcrypto", "devel go1.25-…"; printable ASCII
  std::string path;        // of the main package; empty where the build had no modules (GOPATH mode)
  std::optional<GoModule> main;
  std::vector<GoModule> dependencies;
  std::vector<std::pair<std::string, std::string>> settings;  // "-trimpath", "CGO_ENABLED", "vcs.revision", … in order

  // The value of a setting; null where it is not recorded.
  const std::string* setting(std::string_view key) const noexcept;
};

// Nothing where there is no build information, or none that can be read: both the form of Go 1.18 and the one with
// pointers before it, in its section or anywhere in the segments that hold data.
std::optional<GoBuild> read_go_build(const ElfFile& elf, const BoundedFile& file);
// The version alone, which is all that most callers want; empty where there is none.
std::string go_version(const ElfFile& elf, const BoundedFile& file);

// "path…", "mod…", "dep…", "=>…" and "build…" lines; unknown ones are skipped, as Go does for those of later versions.
void parse_go_modules(std::string_view text, GoBuild& build);

// The linker's build ID (cmd/internal/buildid). Two programs whose third parts are equal have the same main package,
// compiled; those whose last parts are equal are the same file.
struct GoBuildId {
  std::string text;  // as `go tool buildid` prints it; printable ASCII
  std::string binary_action;
  std::string main_action;
  std::string main_content;
  std::string binary_content;
};
// Nothing where there is none; the parts are empty where it does not have four.
std::optional<GoBuildId> read_go_build_id(const ElfFile& elf, const BoundedFile& file);

}  // namespace ociassemble
