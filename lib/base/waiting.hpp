// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>

namespace ociassemble {

// Who hears what the process waits for, and can end it: the tool puts one in place for the time of a command.
class ScopedWaitListener {
 public:
  // `say` gets one line for each wait of more than a second. One at a time, and longer-lived than every Waiting.
  ScopedWaitListener(std::stop_token stop, std::function<void(const std::string&)> say);
  ScopedWaitListener(const ScopedWaitListener&) = delete;
  ScopedWaitListener& operator=(const ScopedWaitListener&) = delete;
  ~ScopedWaitListener();
};

// A wait for something that others decide: a lock, a writer of a pipe. Its owner tries, and pauses between the tries:
//   for (Waiting waiting("for the lock of PATH"); !try_lock();) waiting.pause();
// One thread.
class Waiting {
 public:
  explicit Waiting(std::string what, std::stop_token stop = {});

  // Sleeps for a moment, at first a millisecond, later 50. Throws Error{interrupted} when a stop is requested of this
  // wait or of the listener; tells the listener, once, when a second has passed.
  void pause();

 private:
  const std::string what_;
  const std::stop_token stop_;
  const std::chrono::steady_clock::time_point begin_;
  std::chrono::milliseconds next_{1};
  bool told_ = false;
};

// Tells the listener of a wait that has lasted a second: "waiting " and `what`. For what waits in a way of its own.
void tell_of_wait(const std::string& what);

// Locks a descriptor (flock, exclusive), waiting for whoever holds it. `name` is what it belongs to. Throws
// Error{interrupted}, Error{io}.
void lock_file(int fd, const std::string& name, const std::stop_token& stop = {});

// Waits until a read of a pipe or a terminal will not block. Throws Error{interrupted}.
void wait_until_readable(int fd, const std::string& name);

}  // namespace ociassemble
