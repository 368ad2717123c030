// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "http/http.hpp"

namespace ociassemble {

struct RetryPolicy {
  int tries = 5;  // the first included
  std::chrono::milliseconds first_delay{250};
  std::chrono::milliseconds longest_delay{5000};
  std::chrono::seconds longest_retry_after{60};  // a server that asks for more is told to the user instead
};

// Statuses that another try may change: 408, 425, 429, 500, 502, 503, 504, 522.
bool is_worth_retrying(int status) noexcept;

// Statuses by which servers and the proxies before them limit the rate of requests: 429, and 503.
bool is_rate_limit(int status) noexcept;

// What Retry-After asks for, in seconds or as a date that is compared to `now` (seconds since 1970).
std::optional<std::chrono::seconds> parse_retry_after(const std::string& value, std::int64_t now);
std::optional<std::chrono::seconds> retry_after(const HttpHeaders& headers);

// The longest that the n-th wait (from 0) may take: the first delay, doubled n times, up to the longest.
std::chrono::milliseconds delay_bound(const RetryPolicy& policy, int n) noexcept;

// Throws Error{interrupted} as soon as a stop is requested.
void sleep_until(std::chrono::steady_clock::time_point time, const std::stop_token& stop);

// Counts the tries of one undertaking and waits between them. One thread.
class Retrier {
 public:
  Retrier(const RetryPolicy& policy, std::stop_token stop) : policy_(policy), stop_(std::move(stop)) {}

  // Waits before another try: a random part of delay_bound(), or what the server asked for and a random part on top.
  // False, at once, when no try is left or the server asks for too long. Throws Error{interrupted}.
  bool wait(std::optional<std::chrono::seconds> asked = {});
  // After real progress, the tries count from the start again.
  void reset() noexcept { failures_ = 0; }

 private:
  RetryPolicy policy_;
  std::stop_token stop_;
  int failures_ = 0;
};

}  // namespace ociassemble
