// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

#include "inspect/package.hpp"

namespace ociassemble {

// Where apk has its database: since apk 3 on merged /usr, and before.
inline constexpr std::array<std::string_view, 2> kApkDatabases{"usr/lib/apk/db/installed", "lib/apk/db/installed"};

// "X:VALUE" lines in records that an empty line ends (Alpine's "Apk spec"). Lines that are none are skipped. At most
// a million packages are read, the rest counts as one broken record.
PackageList parse_apk_database(std::string_view text);

}  // namespace ociassemble
