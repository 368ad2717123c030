// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace ociassemble {

// The text of an errno value, in English whatever the locale.
std::string errno_text(int error_number);

// Throws Error{io} (not_found for ENOENT and ENOTDIR) with "ACTION: TEXT-OF-ERRNO". No space and no permission get a
// hint.
[[noreturn]] void throw_errno(std::string_view action, int error_number);
// The same with the current errno.
[[noreturn]] void throw_errno(std::string_view action);

}  // namespace ociassemble
