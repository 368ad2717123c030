// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace ociassemble {

// Versions of the tool, the layer format, and the codecs that layer digests depend on.
std::string version_json();
std::string version_text();

}  // namespace ociassemble
