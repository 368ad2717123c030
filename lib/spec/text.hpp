// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ociassemble {

// Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing over U+10FFFF. The empty text is valid.
bool is_valid_utf8(std::string_view text) noexcept;

// `text` for one line of an error message: control characters and invalid UTF-8 become '?', and what is over 200 bytes
// is cut and ends in "...".
std::string printable(std::string_view text);

// The candidate that `name` is most likely a misspelling of, for "did you mean" hints: the smallest edit distance
// (insert, delete, replace, swap of neighbours; case does not count), at most a third of the name's length; the
// first of equals. Nothing when none is near. The answer views into `candidates`.
std::optional<std::string_view> nearest(std::string_view name, std::span<const std::string_view> candidates);

}  // namespace ociassemble
