// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "attest/file_digest.hpp"
#include "inspect/go_build_info.hpp"
#include "inspect/linked_functions.hpp"
#include "inspect/os_release.hpp"
#include "inspect/package.hpp"
#include "ociassemble/image.hpp"

namespace ociassemble {

// A program with Go's build information.
struct InstalledProgram {
  std::string path;  // "usr/local/bin/server"
  FileDigest digest;
  std::shared_ptr<const GoBuild> build;
  std::shared_ptr<const LinkedFunctions> functions;  // where they were asked for and can be read; else null
};

// A regular file that no package owns, and that is no Go program.
struct UnownedFile {
  std::string path;
  FileDigest digest;
};

// What an image holds, from the bytes of its layers. A value; safe to share between threads.
struct Inventory {
  Image image;
  std::optional<OsRelease> os;        // nothing where the image has no os-release
  std::vector<Package> apk_packages;  // installed ones, sorted by name, version and architecture
  std::vector<Package> dpkg_packages;
  std::size_t broken_records = 0;          // of the databases
  std::vector<InstalledProgram> programs;  // sorted by path
  // Sorted by path. In small pieces, which take the room of what the catalogue gives up meanwhile.
  std::deque<UnownedFile> unowned;
  bool has_functions = false;  // whether they were asked for
  // Where they were: programs that Go may have built and that say nothing of it (packed, or without build information).
  std::vector<std::string> opaque_programs;  // sorted
};

class LayerRecords;
struct InventoryOptions;

// read_inventory() with records that the caller has, which may be null; options.cache_folder is not looked at.
std::shared_ptr<const Inventory> read_inventory(const Image& image, const std::stop_token& stop,
                                                const InventoryOptions& options, LayerRecords* records);

}  // namespace ociassemble
