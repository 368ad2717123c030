// SPDX-License-Identifier: Apache-2.0
#include "io/byte_pipe.hpp"

#include <algorithm>
#include <cstring>

#include "ociassemble/error.hpp"

namespace ociassemble {

void BytePipe::write(std::span<const std::byte> bytes) {
  std::unique_lock lock(mutex_);
  while (!bytes.empty()) {
    changed_.wait(lock, [&] { return closed_ || held_.size() - taken_ < room_; });
    if (closed_) return;
    if (taken_ != 0) {
      held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(taken_));
      taken_ = 0;
    }
    const auto count = std::min(bytes.size(), room_ - held_.size());
    held_.insert(held_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    bytes = bytes.subspan(count);
    changed_.notify_all();
  }
}

void BytePipe::end() {
  const std::lock_guard lock(mutex_);
  if (end_ == End::open) end_ = End::ended;
  changed_.notify_all();
}

void BytePipe::give_up() {
  const std::lock_guard lock(mutex_);
  end_ = End::given_up;
  changed_.notify_all();
}

std::size_t BytePipe::read(std::span<std::byte> buffer) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return end_ != End::open || taken_ < held_.size(); });
  if (end_ == End::given_up) throw Error(ErrorCode::interrupted, "what was to be sent is not made to its end");
  const auto count = std::min(buffer.size(), held_.size() - taken_);
  if (count != 0) std::memcpy(buffer.data(), held_.data() + taken_, count);
  taken_ += count;
  changed_.notify_all();
  return count;
}

void BytePipe::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  held_.clear();
  taken_ = 0;
  changed_.notify_all();
}

}  // namespace ociassemble
