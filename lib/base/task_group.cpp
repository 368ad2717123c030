// SPDX-License-Identifier: Apache-2.0
#include "base/task_group.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/stop.hpp"
#include "base/system_error.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {

TaskGroup::TaskGroup(std::size_t workers, std::stop_token parent)
    : workers_(std::max<std::size_t>(workers, 1)), on_parent_stop_(std::move(parent), [this] {
        stop_.request_stop();
        const std::lock_guard lock(mutex_);
        changed_.notify_all();
      }) {}

TaskGroup::~TaskGroup() {
  stop_.request_stop();
  close_and_join();
}

void TaskGroup::spawn(Task task) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return queue_.size() < 2 * workers_ || stop_.stop_requested(); });
  if (stop_.stop_requested()) {
    dropped_ = true;
    return;
  }
  queue_.push_back(std::move(task));
  if (threads_.size() < workers_) add_thread();
  changed_.notify_all();
}

// Where the system has no thread to give, those that are there do the work.
void TaskGroup::add_thread() {
  try {
    threads_.emplace_back([this] { work(); });
  } catch (const std::system_error& error) {
    if (!threads_.empty()) return;
    queue_.pop_back();
    throw Error(ErrorCode::io, fmt::format("cannot start a thread: {}", errno_text(error.code().value())),
                "a limit on processes or threads is reached (ulimit -u, a container's pids limit)");
  }
}

void TaskGroup::wait() {
  close_and_join();
  if (failure_) std::rethrow_exception(failure_);
  if (dropped_) throw_if_stopped(stop_.get_token());
}

void TaskGroup::work() {
  for (;;) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !queue_.empty() || closed_ || stop_.stop_requested(); });
    if (stop_.stop_requested() && !queue_.empty()) {
      dropped_ = true;
      queue_.clear();
    }
    if (queue_.empty()) return;
    const Task task = std::move(queue_.front());
    queue_.pop_front();
    changed_.notify_all();
    lock.unlock();
    try {
      task(stop_.get_token());
    } catch (...) {
      fail(std::current_exception());
    }
  }
}

void TaskGroup::fail(std::exception_ptr error) {
  {
    // Kept before the others are stopped: what they throw because of the stop is no cause.
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::move(error);
  }
  stop_.request_stop();
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

void TaskGroup::close_and_join() noexcept {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace ociassemble
