// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace ociassemble {

// One word of EXPOSE, "[[IP:]HOST:]PORT[-PORT][/PROTOCOL]".
struct PortSpec {
  std::vector<std::string> ports;  // each of a range; none where there are too many, or arguments among them
  bool names_host = false;
};

// Arguments' marks stand for digits. Nothing for what is no port.
std::optional<PortSpec> read_port(const std::string& text);

}  // namespace ociassemble
