// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ociassemble/assemble_options.hpp"
#include "ociassemble/export.hpp"
#include "ociassemble/gates.hpp"
#include "ociassemble/image.hpp"
#include "ociassemble/workplace.hpp"

namespace ociassemble {

struct NewLayer;

// What was made, and of what.
struct Assembled {
  Image image;
  std::vector<std::string> inputs;  // every local file that was read, sorted; for a depfile
  std::optional<Digest> base_root;  // what the base's name stood for: its index, or its manifest
  std::set<Digest> base_layers;     // blobs that the image has from a base that is an image
  std::vector<GateResult> gates;    // of each program: whether it starts, and has what it needs
  Annotations origin;               // what AssembleOptions::annotate found
  // What the layers were made of, where Workplace::keep_entries asks for it: for CheckInputs::new_layers.
  std::map<Digest, std::shared_ptr<const NewLayer>> new_layers = {};
};

// Makes the image: base, then (where asked) CA certificates, zone data, added files, binaries, a layer each. Its new
// blobs are in workplace.store when it returns; the base's layers stay where they are. Throws Error{invalid_argument}
// for options that contradict each other, Error{not_found} for inputs, users and platforms that are not there,
// Error{check_failed} for a binary that the image could not run, and for one that lacks what it needs where
// AssembleOptions::needs says so.
OCIASSEMBLE_EXPORT Assembled assemble(const AssembleOptions& options, const Workplace& workplace);

// What this machine has of the data that "host" stands for, for Lock::host. Reads all of it. Throws Error{not_found}
// where it has none.
OCIASSEMBLE_EXPORT std::map<std::string, Digest> lock_host_data(bool certificates, bool zones);

}  // namespace ociassemble
