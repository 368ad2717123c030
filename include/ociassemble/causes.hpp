// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ociassemble/export.hpp"

namespace ociassemble {

// Why two images differ: docs/diff.md has each with an example. Those of Go are about a program that both images have
// at the same path of the same layer.
enum class CauseKind {
  base,                  // another base
  base_named_otherwise,  // the same base by another name
  format,                // OCI's documents or Docker's
  go_toolchain,
  go_platform,      // GOOS, GOARCH
  go_level,         // GOAMD64, GOARM, …
  go_package,       // another main package
  go_vcs_revision,  // another commit
  go_vcs_modified,  // changes that are not committed, on one side only
  go_vcs_stamp,     // only one side names a commit
  go_module_added,
  go_module_removed,
  go_module_changed,
  go_module_sums,  // recorded on one side only
  go_tags,
  go_trimpath,
  go_link_flags,
  go_cgo,
  go_setting,  // any other recorded setting
  go_stripped,
  go_code,      // source code, where nothing that is recorded says why
  go_folder,    // the same source code in another folder
  go_build_id,  // nothing but the build ID
  go_edited,    // changed after it was linked
  compressor,
  compression_level,
  tar_bytes,  // the same files in another order or form of the archive
  file_times,
  file_modes,
  file_owners,
  file_attributes,
  env_order,
  created,
};
// "go-toolchain", as in JSON.
OCIASSEMBLE_EXPORT const char* cause_name(CauseKind kind) noexcept;

struct CauseChange {
  std::string name;  // a module, a setting, a layer ("layer 3"); empty where the kind says it
  std::string before;
  std::string after;  // both as the images have them; empty for nothing

  bool operator==(const CauseChange&) const = default;
};

struct Cause {
  CauseKind kind = CauseKind::base;
  std::vector<std::string> paths;  // of programs or files, relative; the first hundred
  std::size_t count = 0;           // of all of them
  std::vector<CauseChange> changes;
  bool is_certain = true;  // false where the images do not prove it

  bool operator==(const Cause&) const = default;
};

}  // namespace ociassemble
