// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ociassemble {

bool is_letter_or_digit(char c) noexcept;
// ASCII only, whatever the locale.
std::string to_lower(std::string_view text);
// Somebody else's words on one line of ours: control characters become spaces, what is not UTF-8 becomes '?', and at
// most `limit` bytes remain.
std::string excerpt(std::string_view text, std::size_t limit = 300);

std::string encode_base64(std::string_view bytes);
// With or without padding, in the usual or the URL alphabet; nothing for anything else.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace ociassemble
