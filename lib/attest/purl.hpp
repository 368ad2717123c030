// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace ociassemble {

// A package URL (purl specification): "pkg:TYPE/NAME@VERSION?KEY=VALUE&…", percent-encoded, qualifiers sorted, empty
// ones left out. The slashes of `name` separate segments. The case is kept: matchers know Go modules by it.
std::string make_purl(std::string_view type, std::string_view name, std::string_view version,
                      const std::map<std::string, std::string>& qualifiers = {});

}  // namespace ociassemble
