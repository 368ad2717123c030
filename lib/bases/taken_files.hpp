// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ociassemble/lock.hpp"

namespace ociassemble {

// What may be taken from an image for one build.
inline constexpr std::size_t kMostTakenFiles = 20000;
inline constexpr std::uint64_t kMostTakenBytes = std::uint64_t{4} << 30U;

// One line for each, as a lock and the cache keep them: "file DIGEST SIZE NAME", "program DIGEST SIZE NAME", "folder
// NAME" or "link NAME TARGET". Names are percent-encoded, "." is what was asked for itself.
std::vector<std::string> taken_lines(const TakenFiles& files);
// Nothing for lines that taken_lines() does not write.
std::optional<TakenFiles> parse_taken_lines(const std::vector<std::string>& lines);

}  // namespace ociassemble
