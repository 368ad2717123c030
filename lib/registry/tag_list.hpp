// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ociassemble {

// The tags of one answer to GET /v2/NAME/tags/list (OCI distribution specification, "Listing Tags"), in the registry's
// order; what is no string among them is left out, and null is none. Nothing for a text that is no such list. Keeps
// nothing but the tags, and reads no deeper than a list of them goes.
std::optional<std::vector<std::string>> parse_tag_list(std::string_view json);

}  // namespace ociassemble
