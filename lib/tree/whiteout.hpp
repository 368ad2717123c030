// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ociassemble {

// What an entry of a layer removes of the layers below (OCI image specification, layer.md, "Whiteouts").
struct Whiteout {
  std::string path;        // what is removed; of an opaque one the folder that is emptied, "" for the root
  bool is_opaque = false;  // ".wh..wh..opq"
};

// Nothing for the path of any other entry.
std::optional<Whiteout> whiteout_of(std::string_view path);

}  // namespace ociassemble
