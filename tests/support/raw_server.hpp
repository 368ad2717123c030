// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "loopback_listener.hpp"

namespace ociassemble::test {

// Answers each connection's first request with the next of its canned texts, byte for byte, and closes. For what a
// well-behaved server cannot be made to send.
class RawServer {
 public:
  // What becomes of a connection after the answer: it is closed, or only its sending side, and what comes stays unread.
  enum class After { close, read_no_more };

  explicit RawServer(std::vector<std::string> answers, After after = After::close)
      : answers_(std::move(answers)), after_(after) {
    thread_ = std::thread([this] { serve(); });
  }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;
  ~RawServer() {
    stop_ = true;
    thread_.join();
    for (const int connection : unread_) ::close(connection);
  }

  std::string origin() const { return "http://" + listener_.host(); }
  // What was received, one text a connection.
  std::vector<std::string> received() const {
    const std::lock_guard lock(mutex_);
    return received_;
  }

 private:
  static bool readable(int fd) {
    pollfd ready{fd, POLLIN, 0};
    return ::poll(&ready, 1, 20) > 0;
  }

  void serve() {
    for (std::size_t next = 0; !stop_;) {
      if (!readable(listener_.fd())) continue;
      const int connection = ::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) continue;
      answer(connection, next < answers_.size() ? answers_[next] : std::string());
      ++next;
      if (after_ == After::read_no_more) {
        ::shutdown(connection, SHUT_WR);
        unread_.push_back(connection);
        continue;
      }
      ::close(connection);
    }
  }

  void answer(int connection, const std::string& text) {
    std::string request;
    char buffer[4096];
    while (!stop_ && request.find("\r\n\r\n") == std::string::npos) {
      if (!readable(connection)) continue;
      const auto count = ::recv(connection, buffer, sizeof buffer, 0);
      if (count <= 0) break;
      request.append(buffer, static_cast<std::size_t>(count));
      if (text.empty()) break;  // whoever hangs up does not listen to the end
    }
    {
      const std::lock_guard lock(mutex_);
      received_.push_back(request);
    }
    ::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
  }

  std::vector<std::string> answers_;
  const After after_;
  std::vector<int> unread_;
  const LoopbackListener listener_;
  std::atomic<bool> stop_{false};
  mutable std::mutex mutex_;
  std::vector<std::string> received_;
  std::thread thread_;
};

}  // namespace ociassemble::test
