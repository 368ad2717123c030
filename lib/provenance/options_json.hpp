// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "ociassemble/assemble.hpp"
#include "provenance/inputs.hpp"
#include "spec/json.hpp"

namespace ociassemble {

// The options that shape an image, as compact JSON: local paths by their names, the base and images that files are
// taken from by their digests.
std::string write_options(const AssembleOptions& options, const Assembled& made, InputNames& names);

// Names and hashes the local inputs alone.
void hash_contents(const AssembleOptions& options, InputNames& names);

// Where a named input lies here.
struct InputFinder {
  // A file or folder; `keep_name` where its file name shows in the image.
  std::function<std::filesystem::path(const std::string& name, bool keep_name)> path;
  // The file or folder that was named in the place of the machine's data; nothing where none was.
  std::function<std::optional<std::string>(const std::string& what)> host;
};

// Reads them back. Throws Error{corrupt}.
AssembleOptions read_options(const JsonView& json, const InputFinder& finder);

// "oci", "oci-archive", "docker-archive", "rootfs".
const char* location_kind_name(Location::Kind kind);

}  // namespace ociassemble
