// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "inspect/package.hpp"

namespace ociassemble {

// What a base's tree keeps of some files in place of their contents: of libraries what loaders look at
// (gates/library_facts.hpp), of bundles of CA certificates how many there are, of package databases the packages.
bool is_summarised_file(std::string_view path) noexcept;
std::string summarise_file(std::string_view path, std::string_view bytes);

// Nothing for any other text.
std::optional<std::uint64_t> decode_certificates(std::string_view summary);
std::optional<PackageList> decode_packages(std::string_view summary);

bool is_apk_database(std::string_view path) noexcept;
// dpkg's status, or a record in distroless' status.d.
bool is_dpkg_database(std::string_view path) noexcept;

}  // namespace ociassemble
