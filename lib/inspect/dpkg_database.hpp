// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "inspect/package.hpp"

namespace ociassemble {

// dpkg's database, and the folder of files with one record each that distroless images have instead.
inline constexpr std::string_view kDpkgStatus = "var/lib/dpkg/status";
inline constexpr std::string_view kDpkgStatusFolder = "var/lib/dpkg/status.d";

// "Field: value" lines with continuations, in records that an empty line ends (deb-control(5), dpkg(1) "status"). Both
// places have that form; a record without Status, as in status.d, is installed. Packages that dpkg knows but that were
// never installed are left out, as by dpkg-query. At most a million packages are read, the rest counts as one broken
// record.
PackageList parse_dpkg_status(std::string_view text);
// Whether a file of status.d is a record: beside each there may be its checksums (NAME.md5sums).
bool is_dpkg_record(std::string_view file_name) noexcept;

}  // namespace ociassemble
