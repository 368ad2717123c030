// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "http/http.hpp"

namespace ociassemble {

// The target of the Link field with rel="next" (RFC 8288).
std::optional<std::string> next_link(const HttpHeaders& headers);

}  // namespace ociassemble
