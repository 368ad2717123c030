// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ociassemble/reference.hpp"

namespace ociassemble {

// How to name what was pushed: "REGISTRY/REPOSITORY:TAG@sha256:…"; without the tag where it was pushed by digest.
inline std::string pushed_name(const Reference& target, const Digest& digest) {
  const auto named = target.digest() ? target : target.with_tag(target.tag().value_or("latest"));
  return named.with_digest(digest).to_string();
}

}  // namespace ociassemble
