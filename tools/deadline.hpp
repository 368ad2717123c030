// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace ociassemble::tool {

// Asks the work to stop when its time is over, or when `parent` is stopped.
class Deadline {
 public:
  // Throws Error{io} where there is no thread to be had.
  Deadline(std::chrono::seconds limit, const std::stop_token& parent);
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  ~Deadline();

  std::stop_token token() const { return stop_.get_token(); }
  bool has_passed() const noexcept { return passed_; }
  std::chrono::seconds limit() const noexcept { return limit_; }

 private:
  void watch();

  const std::chrono::seconds limit_;
  std::stop_source stop_;
  std::stop_callback<std::function<void()>> on_parent_stop_;
  std::atomic<bool> passed_{false};
  std::mutex mutex_;
  std::condition_variable ended_;
  bool done_ = false;
  std::thread thread_;  // last: it uses what is above
};

}  // namespace ociassemble::tool
