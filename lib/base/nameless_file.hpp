// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "base/unique_fd.hpp"

namespace ociassemble {

// A temporary file without a name, for reading and writing, in $TMPDIR or where else in_temporary_parent() goes. Throws
// Error{io}.
UniqueFd open_nameless_file();

// Writes all of the bytes at the descriptor's position. Throws Error{io}.
void write_nameless_file(int fd, std::span<const std::byte> bytes);

}  // namespace ociassemble
