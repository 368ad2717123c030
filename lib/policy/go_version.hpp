// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <optional>
#include <string_view>

namespace ociassemble {

// A release of Go: "go1.24.6", "go1.21rc2", "go1.22.1 X:boringcrypto", "1.24".
struct GoVersion {
  unsigned major = 0;
  unsigned minor = 0;
  // Betas and release candidates come before the release that has no patch: 0 beta, 1 rc, 2 release.
  unsigned stage = 2;
  unsigned stage_number = 0;
  unsigned patch = 0;

  bool operator==(const GoVersion&) const = default;
  std::strong_ordering operator<=>(const GoVersion& other) const noexcept;

  // Nothing for development versions ("devel go1.25-…") and what is no version.
  static std::optional<GoVersion> parse(std::string_view text) noexcept;
};

// The version that a go.mod asks for: its "toolchain" line, else its "go" line. Nothing where it has neither.
std::optional<GoVersion> version_in_go_mod(std::string_view text) noexcept;

}  // namespace ociassemble
