// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <utility>

namespace ociassemble {

// Hands what one thread makes to another, in its order. For one thread that puts and one that takes.
template <class Batch>
class Handover {
 public:
  // At most so many are kept for the one that takes.
  explicit Handover(std::size_t most) : most_(most) {}

  // Waits while too many are kept; false when nobody takes any more.
  bool put(Batch batch) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_given_up_ || kept_.size() < most_; });
    if (is_given_up_) return false;
    kept_.push_back(std::move(batch));
    changed_.notify_all();
    return true;
  }
  // Waits for the next.
  Batch take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !kept_.empty(); });
    auto batch = std::move(kept_.front());
    kept_.pop_front();
    changed_.notify_all();
    return batch;
  }
  // Nobody takes any more: put() returns. From any thread.
  void give_up() {
    {
      const std::lock_guard lock(mutex_);
      is_given_up_ = true;
    }
    changed_.notify_all();
  }

 private:
  const std::size_t most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> kept_;
  bool is_given_up_ = false;
};

}  // namespace ociassemble
