// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ociassemble/image.hpp"

namespace ociassemble {

inline constexpr const char* kBaseName = "org.opencontainers.image.base.name";
inline constexpr const char* kBaseDigest = "org.opencontainers.image.base.digest";
// An annotation of the manifest; empty where there is none.
std::string annotation(const Image& image, const std::string& name);

// What made each layer, as the config's history says it: created_by, else the comment; empty where a short history says
// nothing. As many as there are layers.
std::vector<std::string> layer_makers(const Image& image);

// The application's layers among them, counted from 0: those that the history says are of programs and added files that
// `build` brought. Empty for an image that others made.
std::vector<std::size_t> application_layers(const Image& image);

}  // namespace ociassemble
