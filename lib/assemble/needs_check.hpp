// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/file_identity.hpp"
#include "gates/needs.hpp"
#include "ociassemble/gates.hpp"
#include "store/record_cache.hpp"

namespace ociassemble {

// A program of an image, where messages need words for it.
struct CheckedNeeds {
  std::string source;  // the local file
  std::string path;    // in the image: "usr/local/bin/server"
  ProgramNeeds needs;
  ProgramSurroundings surroundings;
};

// What a program's functions say, from the cache where it knows the very file. `cache` may be null.
ProgramNeeds find_needs(const std::string& source, const std::optional<FileIdentity>& file, RecordCache* cache);

// What the image lacks that the program may need, a result for each need that the program has, or one that says that
// nothing is known. Warns of each that fails, or throws Error{check_failed} for the first and warns of the others;
// with Severity::off nothing is looked at. `warn` may be empty.
std::vector<GateResult> check_needs(const CheckedNeeds& checked, const RootFiles& root, Severity severity,
                                    const std::function<void(const std::string&)>& warn);

}  // namespace ociassemble
