// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/rule.hpp"
#include "spec/json.hpp"

namespace ociassemble {

// "off", "warn", "error"; nothing for another text.
std::optional<Severity> parse_severity(std::string_view text) noexcept;
// "2027-06-30" as seconds since 1970, at 00:00 UTC; nothing for what is no such day.
std::optional<std::int64_t> parse_date(std::string_view text);
// "90d" -> 90.
std::optional<std::uint64_t> parse_days(std::string_view text) noexcept;
// "1500", "20MB", "64MiB", "1.5GB" in bytes.
std::optional<std::uint64_t> parse_size(std::string_view text) noexcept;

// The option's value as texts: sizes in bytes, days as their number, files with the folder before them. Throws
// Error{corrupt} that says where and what is expected.
std::vector<std::string> read_option_value(OptionKind kind, const JsonView& view, const std::filesystem::path& folder);

}  // namespace ociassemble
