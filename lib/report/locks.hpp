// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ociassemble/lock.hpp"

namespace ociassemble {

// A line for each base or file that is moved or unlocked; and as JSON, whose members docs/cli.md names.
std::string describe_lock_check(const LockCheck& check);
std::string lock_check_json(const LockCheck& check);
// Bases and images of the lock: a line NAME@DIGEST each; and as JSON. Throws std::out_of_range for one that is not in
// it.
std::string describe_locked(const Lock& lock, const WantedBases& bases, const WantedImages& images);
std::string locked_json(const Lock& lock, const WantedBases& bases, const WantedImages& images);

}  // namespace ociassemble
