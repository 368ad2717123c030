// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ociassemble {

// The length of the well-formed UTF-8 sequence (RFC 3629, section 4) that a text begins with; 0 when it begins with
// none. `text` is not empty.
std::size_t utf8_length(std::string_view text) noexcept;
// Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing over U+10FFFF. The empty text is valid.
bool is_valid_utf8(std::string_view text) noexcept;

// ASCII only, whatever the locale.
bool is_letter_or_digit(char c) noexcept;
char to_lower(char c) noexcept;
std::string to_lower(std::string_view text);

// Somebody else's text, made safe for a terminal and for one line: each control character (C0, DEL, C1), each
// bidirectional override or isolate (U+202A to U+202E, U+2066 to U+2069), each line or paragraph separator, and each
// byte that is not UTF-8 becomes '?'. Every message, listing and progress line that shows a foreign name passes through
// here or through a function below.
std::string terminal_text(std::string_view text);
// The same, cut to at most `limit` bytes, between characters; what was cut ends in "...".
std::string short_text(std::string_view text, std::size_t limit = 160);
// The same for error messages.
std::string printable(std::string_view text);
// The same for words that others wrote as prose, such as a server's explanation: control characters become spaces.
std::string excerpt(std::string_view text, std::size_t limit = 300);

// "12.3 MB"; decimal units.
std::string format_size(std::uint64_t bytes);

// The candidate that `name` is most likely a misspelling of, for "did you mean" hints: the smallest edit distance
// (insert, delete, replace, swap of neighbours; case does not count), at most a third of the name's length; the
// first of equals. Nothing when none is near. The answer views into `candidates`.
std::optional<std::string_view> nearest(std::string_view name, std::span<const std::string_view> candidates);

}  // namespace ociassemble
