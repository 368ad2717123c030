// SPDX-License-Identifier: Apache-2.0
#include "base/waiting.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "base/stop.hpp"
#include "base/system_error.hpp"
#include "base/trace.hpp"

namespace ociassemble {
namespace {

constexpr std::chrono::milliseconds kLongestPause{50};
constexpr std::chrono::seconds kPatience{1};

struct WaitListener {
  std::stop_token stop;
  std::function<void(const std::string&)> say;
};

std::mutex listener_mutex;
std::shared_ptr<const WaitListener> listener_in_place;

std::shared_ptr<const WaitListener> current_listener() {
  const std::lock_guard lock(listener_mutex);
  return listener_in_place;
}

}  // namespace

ScopedWaitListener::ScopedWaitListener(std::stop_token stop, std::function<void(const std::string&)> say) {
  auto listener = std::make_shared<const WaitListener>(WaitListener{std::move(stop), std::move(say)});
  const std::lock_guard lock(listener_mutex);
  listener_in_place = std::move(listener);
}

ScopedWaitListener::~ScopedWaitListener() {
  const std::lock_guard lock(listener_mutex);
  listener_in_place.reset();
}

Waiting::Waiting(std::string what, std::stop_token stop)
    : what_(std::move(what)), stop_(std::move(stop)), begin_(std::chrono::steady_clock::now()) {}

void Waiting::pause() {
  const auto listener = current_listener();
  throw_if_stopped(stop_);
  if (listener) throw_if_stopped(listener->stop);
  std::this_thread::sleep_for(next_);
  next_ = std::min(next_ * 2, kLongestPause);
  if (told_ || std::chrono::steady_clock::now() - begin_ < kPatience) return;
  told_ = true;
  tell_of_wait(what_);
}

void tell_of_wait(const std::string& what) {
  const auto listener = current_listener();
  if (listener && listener->say) listener->say("waiting " + what);
}

void lock_file(int fd, const std::string& name, const std::stop_token& stop) {
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return;
  const TraceSpan span("wait for lock");
  for (Waiting waiting(fmt::format("for the lock of {}, which another process holds", name), stop);;) {
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return;
    if (errno != EWOULDBLOCK && errno != EINTR) throw_errno("cannot lock " + name);
    waiting.pause();
  }
}

void wait_until_readable(int fd, const std::string& name) {
  for (Waiting waiting(fmt::format("for input from {}", name));;) {
    pollfd ready{fd, POLLIN, 0};
    if (::poll(&ready, 1, 0) != 0) return;  // an error is for read() to say
    waiting.pause();
  }
}

}  // namespace ociassemble
