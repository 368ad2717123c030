// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "assemble/binary_check.hpp"
#include "ociassemble/assemble_options.hpp"

namespace ociassemble {

// The annotations that AssembleOptions::annotate asks for: the first Go program's that knows its commit, then the
// services'. Throws Error{check_failed} where no program knows it; `warn` is told of a service's variable that is not
// set.
Annotations origin_of(const AssembleOptions& options, const std::vector<CheckedBinary>& binaries,
                      const std::function<void(const std::string&)>& warn);

}  // namespace ociassemble
