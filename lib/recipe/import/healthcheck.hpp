// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "recipe/import/import_state.hpp"

namespace ociassemble {

// HEALTHCHECK, as the recipe's "healthcheck".
void import_healthcheck(ImportState& state, const DockerInstruction& made);

}  // namespace ociassemble
