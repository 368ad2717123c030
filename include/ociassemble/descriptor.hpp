// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ociassemble/digest.hpp"
#include "ociassemble/platform.hpp"

namespace ociassemble {

using Annotations = std::map<std::string, std::string>;

// OCI image specification, descriptor.md.
struct Descriptor {
  std::string media_type;
  Digest digest;
  std::uint64_t size = 0;
  std::vector<std::string> urls;
  Annotations annotations;
  std::optional<Platform> platform;
  std::string artifact_type;  // may be empty

  bool operator==(const Descriptor&) const = default;
};

}  // namespace ociassemble
