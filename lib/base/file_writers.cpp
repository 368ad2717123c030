// SPDX-License-Identifier: Apache-2.0
#include "base/file_writers.hpp"

#include <fcntl.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>

namespace ociassemble {
namespace {

// A process that another thread is just starting has our descriptors until it is another program.
constexpr int kTries = 4;
constexpr std::chrono::milliseconds kBetweenTries{5};

}  // namespace

Writers writers_of(int fd) noexcept {
  // Whoever opens the file while we have the lease makes the kernel send a signal: one that is ignored by default.
  if (::fcntl(fd, F_SETSIG, SIGURG) != 0) return Writers::unknown;
  for (int tries = 0; tries < kTries; ++tries) {
    if (::fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
      ::fcntl(fd, F_SETLEASE, F_UNLCK);
      return Writers::none;
    }
    if (errno != EAGAIN) return Writers::unknown;
    std::this_thread::sleep_for(kBetweenTries);
  }
  return Writers::some;
}

}  // namespace ociassemble
