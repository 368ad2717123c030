// SPDX-License-Identifier: Apache-2.0
#include "base/stop.hpp"

#include "ociassemble/error.hpp"

namespace ociassemble {

void throw_if_stopped(const std::stop_token& stop) {
  if (stop.stop_requested()) throw Error(ErrorCode::interrupted, "interrupted");
}

}  // namespace ociassemble
