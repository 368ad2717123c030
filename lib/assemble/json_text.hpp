// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace ociassemble {

using Json = nlohmann::ordered_json;

// What others wrote may hold broken UTF-8 only where our strict parsers never looked: replaced, not thrown over.
inline std::string dump(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace ociassemble
