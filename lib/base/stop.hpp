// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>

namespace ociassemble {

// Throws Error{interrupted} once a stop was requested.
void throw_if_stopped(const std::stop_token& stop);

}  // namespace ociassemble
