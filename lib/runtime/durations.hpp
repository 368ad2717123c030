// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace ociassemble {

// As Go, Docker and systemd read it: "10s", "1500ms".
inline std::string go_duration(std::chrono::nanoseconds time) {
  const auto count = time.count();
  if (count % 1'000'000'000 == 0) return std::to_string(count / 1'000'000'000) + "s";
  if (count % 1'000'000 == 0) return std::to_string(count / 1'000'000) + "ms";
  return std::to_string(count) + "ns";
}

// Whole seconds, rounded up, at least one: Kubernetes knows no shorter time.
inline std::int64_t whole_seconds(std::chrono::nanoseconds time) {
  const auto seconds = (time.count() + 999'999'999) / 1'000'000'000;
  return seconds < 1 ? 1 : seconds;
}

}  // namespace ociassemble
