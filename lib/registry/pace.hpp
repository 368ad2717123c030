// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <mutex>
#include <optional>

#include "registry/retry.hpp"

namespace ociassemble {

// Keeps requests that run in parallel from using up each other's tries at a registry that limits their rate: after a
// 429 all of them go one by one, with a gap in between that grows while more are refused and shrinks when they are not.
// Safe for concurrent use.
class Pace {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit Pace(const RetryPolicy& policy) : policy_(policy) {}

  // Takes the next turn; the request may be sent at that time, and at once while nothing was refused.
  Time take_turn(Time now);
  // A 429 came, and what its Retry-After asked for.
  void slow_down(Time now, std::optional<std::chrono::seconds> asked);
  // Any other answer came.
  void speed_up();

 private:
  const RetryPolicy policy_;
  std::mutex mutex_;
  std::chrono::milliseconds gap_{0};
  Time next_{};
};

}  // namespace ociassemble
