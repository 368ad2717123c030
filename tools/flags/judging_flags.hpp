// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "flags/clock_flag.hpp"

namespace ociassemble::tool {

// What a policy judges by besides the image: --now and --against.
class JudgingFlags {
 public:
  void add_to(CLI::App& app, const char* group);

  std::optional<std::int64_t> now() const { return clock_.now(); }
  // The older image, as it was written; empty without one.
  const std::string& against() const noexcept { return against_; }
  // Throws Error{invalid_argument} for an older image that nothing would be held against.
  void reject_without_policy() const;

 private:
  ClockFlag clock_;
  std::string against_;
};

}  // namespace ociassemble::tool
