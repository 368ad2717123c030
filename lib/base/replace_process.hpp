// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace ociassemble {

// Becomes the program `words` begin with, which is a path: signals and its exit status are then its own. It starts with
// an empty signal mask and the usual reaction to SIGPIPE and SIGXFSZ. No destructor runs. Throws Error{not_found} and
// Error{io} where it cannot be started; then nothing has changed.
[[noreturn]] void replace_process(std::vector<std::string> words);

}  // namespace ociassemble
