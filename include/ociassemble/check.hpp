// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "ociassemble/assemble.hpp"
#include "ociassemble/export.hpp"

namespace ociassemble {

// Assembles once more, as another machine might: folders read in another order and files in other pieces, another
// number of workers, another time zone, locale and umask; into a store that is thrown away, without any cache. Throws
// Error{check_failed} that says where, when a byte is not as it is in `image`, which the same options gave before; else
// what assemble() throws.
//
// Time zone and locale are the process's, and come back at the end: nobody else may use them meanwhile. The umask is
// that of a thread of its own; where the system does not allow that it stays, and workplace.warn says so.
OCIASSEMBLE_EXPORT void check_reproducible(const AssembleOptions& options, const Workplace& workplace,
                                           const Image& image);

}  // namespace ociassemble
