// SPDX-License-Identifier: Apache-2.0
#include "registry/retry.hpp"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <random>

#include "base/stop.hpp"

namespace ociassemble {
namespace {

// Spreads the clients that failed together; no output depends on it.
std::chrono::milliseconds random_part(std::chrono::milliseconds bound) {
  thread_local std::minstd_rand generator{std::random_device{}()};
  return std::chrono::milliseconds(
      std::uniform_int_distribution<std::int64_t>(0, std::max<std::int64_t>(bound.count(), 0))(generator));
}

}  // namespace

bool is_worth_retrying(int status) noexcept {
  constexpr int statuses[] = {408, 425, 429, 500, 502, 503, 504, 522};
  return std::ranges::find(statuses, status) != std::end(statuses);
}

bool is_rate_limit(int status) noexcept { return status == 429 || status == 503; }

std::optional<std::chrono::seconds> parse_retry_after(const std::string& value, std::int64_t now) {
  std::int64_t seconds = 0;
  const auto* end = value.data() + value.size();
  const auto [stopped, error] = std::from_chars(value.data(), end, seconds);
  if (error == std::errc{} && stopped == end && seconds >= 0) return std::chrono::seconds(seconds);
  if (const auto date = parse_http_date(value)) return std::chrono::seconds(std::max<std::int64_t>(*date - now, 0));
  return {};
}

std::optional<std::chrono::seconds> retry_after(const HttpHeaders& headers) {
  const auto value = headers.find("Retry-After");
  if (!value) return {};
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return parse_retry_after(*value, std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

std::chrono::milliseconds delay_bound(const RetryPolicy& policy, int n) noexcept {
  auto bound = policy.first_delay;
  for (int i = 0; i < n && bound < policy.longest_delay; ++i) bound *= 2;
  return std::min(bound, policy.longest_delay);
}

void sleep_until(std::chrono::steady_clock::time_point time, const std::stop_token& stop) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any never;
  never.wait_until(lock, stop, time, [] { return false; });
  throw_if_stopped(stop);
}

bool Retrier::wait(std::optional<std::chrono::seconds> asked) {
  throw_if_stopped(stop_);
  const int n = failures_++;
  if (failures_ >= policy_.tries) return false;
  if (asked && *asked > policy_.longest_retry_after) return false;
  const auto extra = random_part(delay_bound(policy_, n));
  sleep_until(std::chrono::steady_clock::now() + (asked ? *asked + extra : extra), stop_);
  return true;
}

}  // namespace ociassemble
