// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ociassemble {

// Whether musl's loader takes itself for a library of this name: "libc.so.6", "libpthread.so.0" (ldso/dynlink.c,
// "load_library").
bool is_musl_itself(std::string_view library) noexcept;

// Whether musl has a symbol, by its own name or as one of those of large files that its loader maps ("open64",
// "stat64"). `offered` is sorted.
bool musl_offers(const std::vector<std::string>& offered, std::string_view symbol);

}  // namespace ociassemble
