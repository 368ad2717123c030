// SPDX-License-Identifier: Apache-2.0
#include "deadline.hpp"

#include <system_error>

#include "ociassemble/error.hpp"

namespace ociassemble::tool {

Deadline::Deadline(std::chrono::seconds limit, const std::stop_token& parent)
    : limit_(limit), on_parent_stop_(parent, [this] { stop_.request_stop(); }) {
  try {
    thread_ = std::thread([this] { watch(); });
  } catch (const std::system_error&) {
    throw Error(ErrorCode::io, "cannot keep to --timeout: the system gives no thread to watch the time");
  }
}

Deadline::~Deadline() {
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  ended_.notify_all();
  thread_.join();
}

void Deadline::watch() {
  std::unique_lock lock(mutex_);
  if (ended_.wait_for(lock, limit_, [this] { return done_; })) return;
  passed_ = true;
  lock.unlock();
  stop_.request_stop();
}

}  // namespace ociassemble::tool
