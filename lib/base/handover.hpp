// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace ociassemble {

// Hands what one thread makes to another, in its order. For one thread that puts and one that takes. When it ends, the
// thread that it started has ended.
template <class Batch>
class Handover {
 public:
  // At most so many are kept for the one that takes.
  explicit Handover(std::size_t most) : most_(most) {}
  Handover(const Handover&) = delete;
  Handover& operator=(const Handover&) = delete;
  ~Handover() {
    if (!thread_.joinable()) return;
    give_up();
    thread_.join();
  }

  // Starts the thread that puts, where the system gives one: `make` returns when put() is false, and throws nothing.
  void start(std::function<void()> make) {
    try {
      thread_ = std::thread(std::move(make));
    } catch (const std::system_error&) {
      return;
    }
  }
  bool is_started() const noexcept { return thread_.joinable(); }

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
  std::thread thread_;
};

}  // namespace ociassemble
