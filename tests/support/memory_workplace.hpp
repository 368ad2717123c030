// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ociassemble/assemble.hpp"

namespace ociassemble::test {

// Keeps what is made in memory, and nothing for the next build.
inline Workplace memory_workplace() {
  Workplace workplace;
  workplace.store = make_memory_store();
  return workplace;
}

}  // namespace ociassemble::test
