// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "ociassemble/gates.hpp"

namespace ociassemble {

constexpr std::string_view verdict_word(GateVerdict verdict) noexcept {
  switch (verdict) {
    case GateVerdict::pass:
      return "pass";
    case GateVerdict::fail:
      return "fail";
    case GateVerdict::not_judged:
      return "not judged";
  }
  return {};
}

}  // namespace ociassemble
