// SPDX-License-Identifier: Apache-2.0
#include "http/curl_loop.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/select.h>
#include <sys/socket.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "http/curl_transfer.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr int kBusyMilliseconds = 1000;
constexpr int kIdleMilliseconds = 60000;

long local_port_of(int fd) noexcept {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) return 0;
  if (address.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  if (address.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  return 0;
}

// The local ports of connections that we want to send on, and whose other side has closed its own.
std::vector<long> unheard_ports(CURLM* multi) {
  std::vector<long> ports;
  fd_set reading{};
  fd_set writing{};
  fd_set failing{};
  int highest = -1;
  FD_ZERO(&reading);
  FD_ZERO(&writing);
  FD_ZERO(&failing);
  if (curl().multi_fdset(multi, &reading, &writing, &failing, &highest) != CURLM_OK) return ports;
  for (int fd = 0; fd <= highest; ++fd) {
    char next = 0;
    if (FD_ISSET(fd, &writing) && ::recv(fd, &next, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
      ports.push_back(local_port_of(fd));
  }
  return ports;
}

}  // namespace

CURLSH* CurlShare::get() {
  std::call_once(made_, [this] {
    handle_.reset(curl().share_init());
    if (!handle_) throw std::bad_alloc();
    curl().share_setopt(handle_.get(), CURLSHOPT_LOCKFUNC, &CurlShare::lock);
    curl().share_setopt(handle_.get(), CURLSHOPT_UNLOCKFUNC, &CurlShare::unlock);
    curl().share_setopt(handle_.get(), CURLSHOPT_USERDATA, this);
    curl().share_setopt(handle_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  });
  return handle_.get();
}

void CurlShare::lock(CURL*, curl_lock_data data, curl_lock_access, void* self) {
  static_cast<CurlShare*>(self)->locks_.at(data).lock();
}

void CurlShare::unlock(CURL*, curl_lock_data data, void* self) {
  static_cast<CurlShare*>(self)->locks_.at(data).unlock();
}

CurlLoop::~CurlLoop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  wake();
  thread_.join();
}

// Under the lock.
void CurlLoop::ensure_started() {
  if (thread_.joinable()) return;
  if (!multi_) multi_.reset(curl().multi_init());
  if (!multi_) throw std::bad_alloc();
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& error) {
    throw Error(ErrorCode::io, fmt::format("cannot start a thread for transfers: {}", error.code().message()),
                "raise the limit on processes (ulimit -u)");
  }
}

void CurlLoop::start(std::shared_ptr<CurlTransfer> transfer) {
  {
    const std::lock_guard lock(mutex_);
    ensure_started();
    transfer->set_attached();
    new_.push_back(std::move(transfer));
  }
  wake();
}

void CurlLoop::wake_for(CurlTransfer& transfer) const noexcept {
  if (transfer.can_resume()) wake();
}

void CurlLoop::wake() const noexcept { curl().multi_wakeup(multi_.get()); }

void CurlLoop::end(CurlTransfer& transfer) noexcept {
  std::unique_lock lock(mutex_);
  transfer.ask_to_end();
  if (!thread_.joinable()) return;
  wake();
  detached_.wait(lock, [&] { return transfer.is_detached(); });
}

void CurlLoop::run() noexcept {
  while (take_new()) {
    serve_requests();
    perform();
    const int timeout = running_.empty() ? kIdleMilliseconds : kBusyMilliseconds;
    int events = 0;
    curl().multi_poll(multi_.get(), nullptr, 0, timeout, &events);
    if (events == 0) end_unheard();
  }
}

// False when the loop is to end.
bool CurlLoop::take_new() noexcept {
  const std::lock_guard lock(mutex_);
  if (closed_) return false;
  while (!new_.empty()) {
    auto& transfer = new_.back();
    try {
      running_.push_back(transfer);
      if (curl().multi_add_handle(multi_.get(), transfer->easy()) != CURLM_OK) throw std::bad_alloc();
    } catch (...) {
      if (!running_.empty() && running_.back() == transfer) running_.pop_back();
      transfer->set_detached(CURLE_OUT_OF_MEMORY);
      detached_.notify_all();
    }
    new_.pop_back();
  }
  return true;
}

void CurlLoop::serve_requests() noexcept {
  for (std::size_t i = 0; i < running_.size();) {
    const auto transfer = running_.begin() + static_cast<std::ptrdiff_t>(i);
    if ((*transfer)->wants_to_end()) {
      curl().multi_remove_handle(multi_.get(), (*transfer)->easy());
      (*transfer)->set_detached(CURLE_ABORTED_BY_CALLBACK);
      detach(transfer);
      continue;
    }
    // May call a callback at once, with what curl had kept.
    if ((*transfer)->take_resume()) curl().easy_pause((*transfer)->easy(), CURLPAUSE_CONT);
    ++i;
  }
}

void CurlLoop::perform() noexcept {
  int count = 0;
  const CURLMcode code = curl().multi_perform(multi_.get(), &count);
  while (const CURLMsg* message = curl().multi_info_read(multi_.get(), &count)) {
    if (message->msg == CURLMSG_DONE) finish(message->easy_handle, message->data.result);
  }
  // Nothing that one transfer could be blamed for: no memory, or a defect.
  while (code != CURLM_OK && !running_.empty()) finish(running_.back()->easy(), CURLE_OUT_OF_MEMORY);
}

void CurlLoop::finish(const CURL* easy, CURLcode result) noexcept {
  const auto transfer = std::ranges::find(running_, easy, &CurlTransfer::easy);
  if (transfer == running_.end()) return;
  curl().multi_remove_handle(multi_.get(), (*transfer)->easy());
  (*transfer)->set_detached(result);
  detach(transfer);
}

void CurlLoop::detach(Transfers::iterator transfer) noexcept {
  std::iter_swap(transfer, running_.end() - 1);
  {
    const std::lock_guard lock(mutex_);
    detached_.notify_all();
  }
  running_.pop_back();
}

// curl waits until there is room to send, which may be never: a server that closes with a full window does not always
// reset the connection.
void CurlLoop::end_unheard() noexcept {
  const bool sends = std::ranges::any_of(running_, [](const auto& each) { return each->sending_port() != 0; });
  if (!sends) return;
  try {
    for (const long port : unheard_ports(multi_.get())) {
      const auto unheard = std::ranges::find_if(
          running_, [port](const auto& each) { return port != 0 && each->sending_port() == port; });
      if (unheard != running_.end()) finish((*unheard)->easy(), (*unheard)->result_of_unheard());
    }
  } catch (const std::bad_alloc&) {
    // The next second looks again.
  }
}

}  // namespace ociassemble
