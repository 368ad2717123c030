// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ociassemble/system.hpp"

namespace ociassemble {

// The installed packages, a line each: name, version, architecture, source and its version.
std::string list_packages(const ImageSystem& system);
// What is known of the system, and its packages, as a JSON object with a newline at the end; member names are in
// docs/cli.md.
std::string system_json(const Image& image, const ImageSystem& system);

}  // namespace ociassemble
