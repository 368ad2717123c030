// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace ociassemble {

// Which of two versions is newer, by the rules of the package manager that made them. The texts may be anybody's: what
// is no version has a place in the order, too, and numbers may have any number of digits.

// deb-version(7): "1:2.3~rc1-4+deb12u1", with epoch and revision.
std::weak_ordering compare_dpkg_versions(std::string_view a, std::string_view b);
// apk-tools 2.14: "1.2.3_rc1-r4".
std::weak_ordering compare_apk_versions(std::string_view a, std::string_view b);
// golang.org/x/mod/semver, for versions with or without "v": build metadata ("+incompatible") does not count, and what
// is no version is below all that are.
std::weak_ordering compare_go_versions(std::string_view a, std::string_view b);

// Whether the text, with or without "v", is a version for compare_go_versions().
bool is_go_version(std::string_view text);

// A version that the go command made for a commit without a tag (golang.org/ref/mod#pseudo-versions).
struct PseudoVersion {
  bool has_base = false;  // whether a tag is known that comes before the commit: "v1.2.4-0.…", "v1.2.4-rc.1.0.…"
  std::string base;       // up to the commit's time: "v1.2.4-0." or "v0.0.0-"
};
std::optional<PseudoVersion> parse_pseudo_version(std::string_view version);

// A Go release as a module version: "go1.21rc2" -> "1.21.0-rc.2", "go1.22.1 X:boringcrypto" -> "1.22.1"; empty for one
// of no release ("devel go1.25-…").
std::string go_release_version(std::string_view go_version);

}  // namespace ociassemble
