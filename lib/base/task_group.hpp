// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace ociassemble {

// Tasks on a bounded number of threads. The first failure requests the group's stop, drops the tasks that have not
// begun, and is rethrown by wait() after all have joined. Fewer threads than workers do the work where the system gives
// no more; spawn() throws Error{io} where it gives none. spawn() and wait() belong to one thread; the destructor stops
// and joins without throwing.
class TaskGroup {
 public:
  using Task = std::function<void(const std::stop_token&)>;

  // `parent` being stopped stops the group. At least one worker.
  explicit TaskGroup(std::size_t workers, std::stop_token parent = {});
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup();

  // Queues a task; blocks while more than twice as many tasks as workers are waiting.
  void spawn(Task task);
  // Waits for all tasks, joins the threads and rethrows the first failure; Error{interrupted} when the parent was
  // stopped and tasks were dropped. No spawn() afterwards.
  void wait();

 private:
  void work();
  void add_thread();
  void fail(std::exception_ptr error);
  void close_and_join() noexcept;

  const std::size_t workers_;
  std::stop_source stop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> queue_;
  bool closed_ = false;
  bool dropped_ = false;
  std::exception_ptr failure_;
  std::vector<std::thread> threads_;
  std::stop_callback<std::function<void()>> on_parent_stop_;  // last: it touches the members above
};

}  // namespace ociassemble
