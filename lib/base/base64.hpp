// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ociassemble {

// RFC 4648, with padding.
std::string encode_base64(std::string_view bytes);
// With or without padding, in the usual or the URL alphabet; nothing for anything else.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace ociassemble
