// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace ociassemble {

// Whether the text is a licence expression of the SPDX specification (annex D) all of whose identifiers are known:
// "MIT", "GPL-2.0-or-later WITH Classpath-exception-2.0", "(MIT OR Apache-2.0) AND BSD-3-Clause".
bool is_spdx_expression(std::string_view text);

}  // namespace ociassemble
