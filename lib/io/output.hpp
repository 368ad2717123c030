// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>

#include "ociassemble/io.hpp"

namespace ociassemble {

// write_output() of base/output_file.hpp for bytes that are written one after the other: `write` is called once. Into a
// device or pipe they go as they come; a file is replaced whole once `write` has returned, and left alone when it holds
// these bytes already. Throws what write_output() and `write` throw; the file is then as it was.
void write_output(const std::filesystem::path& file, const std::function<void(Sink&)>& write);

}  // namespace ociassemble
