// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <span>
#include <vector>

namespace ociassemble {

// Bytes from one thread to another, few of them at a time.
class BytePipe {
 public:
  explicit BytePipe(std::size_t room) : room_(room) {}

  // The writer's side. Waits while there is no room, unless nobody reads any more: then bytes are dropped.
  void write(std::span<const std::byte> bytes);
  void end();      // read() returns 0 when it has given what was written
  void give_up();  // read() throws, at once

  // The reader's side. Waits for bytes; 0 at the end. Throws Error{interrupted} after give_up().
  std::size_t read(std::span<std::byte> buffer);
  void close();  // nobody reads any more

 private:
  enum class End { open, ended, given_up };

  const std::size_t room_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::byte> held_;
  std::size_t taken_ = 0;  // of held_
  End end_ = End::open;
  bool closed_ = false;
};

}  // namespace ociassemble
