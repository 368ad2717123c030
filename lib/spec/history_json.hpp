// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ociassemble/image_config.hpp"

namespace ociassemble {

// One entry of a config's history (OCI image specification, config.md), unknown members last.
std::string write_history_entry(const HistoryEntry& entry);

}  // namespace ociassemble
