// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "image/layer_builder.hpp"
#include "ociassemble/assemble.hpp"

namespace ociassemble {

// What of a lock is no base. What differs from it is Error{check_failed} where the lock is required, else a warning.

// Whether the codec that will compress is the one that the lock pins; other versions may give other bytes.
void check_codec(const AssembleOptions& options, const Workplace& workplace);

// Whether a name that the options give the base is the one that the lock pins.
void check_base_name(const AssembleOptions& options, const Workplace& workplace);

// Whether data of the host, "caCertificates" or "tzdata", is what the lock pins. Reads the entries' files.
void check_host_data(const AssembleOptions& options, const Workplace& workplace, std::string_view name,
                     const std::vector<LayerEntry>& entries);

}  // namespace ociassemble
