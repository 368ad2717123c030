// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "inspect/elf_file.hpp"

namespace ociassemble {

// Which Go wrote a table of functions (debug/gosym, "pclntab"): the oldest version that writes its form.
enum class GoTable { none, go1_2, go1_16, go1_18, go1_20 };

// Calls for the name of each function that is linked into a Go program, those that were inlined included from Go 1.18
// on: "net/http.(*Transport).RoundTrip". The table survives `-ldflags=-s -w` and strip. A name may come several times,
// and may hold any byte but 0. It is read in pieces: memory does not grow with the program. `none`: there is no table,
// or none that can be read.
GoTable for_each_go_function(const ElfFile& elf, const BoundedFile& file,
                             const std::function<void(std::string_view)>& visit);

// The same for the source files that the functions come from, as the compiler was told of them: with the folder of the
// build where -trimpath was not given. From Go 1.16 on; `none` for older ones.
GoTable for_each_go_file(const ElfFile& elf, const BoundedFile& file,
                         const std::function<void(std::string_view)>& visit);

// The functions that have code of their own, each with the bytes of it, by the addresses of the table. `none` where the
// table's section is not there or cannot be read; what was visited before is then not all.
GoTable for_each_go_code(const ElfFile& elf, const BoundedFile& file,
                         const std::function<void(std::string_view, std::uint64_t)>& visit);

}  // namespace ociassemble
