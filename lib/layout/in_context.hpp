// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>

#include "ociassemble/error.hpp"

namespace ociassemble {

// Calls `parse()`; its errors, which know nothing of files, name the layout or archive that the text was in.
template <class Parse>
auto in_context(const std::string& where, Parse&& parse) {
  try {
    return std::forward<Parse>(parse)();
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("cannot read {}: {}", where, error.what()), error.hint());
  }
}

}  // namespace ociassemble
