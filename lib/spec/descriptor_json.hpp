// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "ociassemble/descriptor.hpp"
#include "spec/json.hpp"
#include "spec/json_writer.hpp"

namespace ociassemble {

// A string that has to be a digest. Throws Error{corrupt}.
// Whether a digest follows the grammar of the specification and is of another algorithm than sha256 and sha512.
bool is_of_unknown_algorithm(std::string_view digest);

Digest read_digest(const JsonView& json);

// OCI image specification, descriptor.md; "data" is not read. Throws Error{corrupt}.
Descriptor read_descriptor(const JsonView& json);
std::string write_descriptor(const Descriptor& descriptor);

// The platform members (architecture, os, os.version, os.features, variant) of any object that has them: a
// descriptor's platform, an image config.
Platform read_platform(const JsonView& json);
void write_platform(const Platform& platform, JsonObjectWriter& writer);

}  // namespace ociassemble
