// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "ociassemble/image.hpp"
#include "ociassemble/workplace.hpp"

namespace ociassemble {

// The bytes of a layer of the base. One that comes from a registry is kept in workplace.kept_layers as it is read, and
// read from there the next time. Throws what opening it throws.
std::unique_ptr<Source> open_layer(const Layer& layer, const Workplace& workplace);

}  // namespace ociassemble
