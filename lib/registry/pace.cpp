// SPDX-License-Identifier: Apache-2.0
#include "registry/pace.hpp"

#include <algorithm>

namespace ociassemble {

Pace::Time Pace::take_turn(Time now) {
  const std::lock_guard lock(mutex_);
  const auto turn = std::max(now, next_);
  if (gap_.count() != 0) next_ = turn + gap_;
  return turn;
}

void Pace::slow_down(Time now, std::optional<std::chrono::seconds> asked) {
  const std::lock_guard lock(mutex_);
  gap_ = std::clamp(2 * gap_, policy_.first_delay, policy_.longest_delay);
  // Compared in seconds: what a server asks for may have no room as milliseconds.
  const std::chrono::milliseconds pause =
      std::min(asked.value_or(std::chrono::seconds(0)), policy_.longest_retry_after);
  next_ = std::max(next_, now + std::max(pause, gap_));
}

void Pace::speed_up() {
  const std::lock_guard lock(mutex_);
  gap_ = gap_ * 7 / 8;
  if (gap_ < policy_.first_delay / 16) gap_ = {};
}

}  // namespace ociassemble
