// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "ociassemble/error.hpp"

namespace ociassemble {

// Makes something temporary where such things belong: below $TMPDIR; else below /var/tmp, which is meant for what is
// large, and below /tmp where that cannot be written (a read-only root). `make` takes the parent folder. Throws what it
// throws, with a hint that names the variable.
template <class Make>
auto in_temporary_parent(const Make& make) {
  const char* variable = std::getenv("TMPDIR");
  const bool is_chosen = variable != nullptr && *variable != '\0';
  const std::filesystem::path parent = is_chosen ? variable : "/var/tmp";
  try {
    return make(parent);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::interrupted) throw;
    const auto hint = "TMPDIR" + (is_chosen ? "=" + std::string(variable) : std::string()) +
                      " names the folder for temporary files: set it to one that can be written";
    if (is_chosen) throw Error(error.code(), error.what(), hint);
    try {
      return make(std::filesystem::path("/tmp"));
    } catch (const Error&) {
      throw Error(error.code(), error.what(), hint);
    }
  }
}

}  // namespace ociassemble
