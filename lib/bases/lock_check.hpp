// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "ociassemble/lock.hpp"

namespace ociassemble {

// Where a recipe names an image ("FILE:LINE:COLUMN: MEMBER"), by its reference; "" where none does. Safe for concurrent
// use.
using PlaceOfImage = std::function<std::string(const std::string& name)>;

// check_lock() of the public header. An error about one image begins with its place, unless it is about this machine.
LockCheck check_lock(const Lock& lock, const WantedBases& bases, const WantedImages& images, const Workplace& workplace,
                     const PlaceOfImage& place_of);

}  // namespace ociassemble
