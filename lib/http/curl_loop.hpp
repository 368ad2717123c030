// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "http/curl_handles.hpp"

namespace ociassemble {

class CurlTransfer;

// TLS sessions, so that a further connection to the same server costs a round trip less. Connections and DNS answers
// belong to a loop's multi handle. Safe for concurrent use.
class CurlShare {
 public:
  CURLSH* get();  // made by the first call

 private:
  static void lock(CURL*, curl_lock_data data, curl_lock_access, void* self);
  static void unlock(CURL*, curl_lock_data data, void* self);

  std::once_flag made_;
  std::array<std::mutex, CURL_LOCK_DATA_LAST> locks_;
  CurlShareHandle handle_;  // last: goes before the locks
};

// Runs all transfers of a transport on one thread, over one multi handle: so they share connections, and go on while
// their streams' threads do other work. The thread starts with the first transfer. Safe for concurrent use.
class CurlLoop {
 public:
  CurlLoop() = default;
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;
  ~CurlLoop();  // all transfers have ended

  // Throws Error{io} when the system gives no thread.
  void start(std::shared_ptr<CurlTransfer> transfer);
  // After a piece was offered to a transfer, or taken from it: goes on where the transfer is paused.
  void wake_for(CurlTransfer& transfer) const noexcept;
  // When it returns, no callback of the transfer runs, and none will.
  void end(CurlTransfer& transfer) noexcept;

 private:
  using Transfers = std::vector<std::shared_ptr<CurlTransfer>>;

  void ensure_started();
  void wake() const noexcept;
  void run() noexcept;
  bool take_new() noexcept;
  void serve_requests() noexcept;
  void perform() noexcept;
  void finish(const CURL* easy, CURLcode result) noexcept;
  void detach(Transfers::iterator transfer) noexcept;
  void end_unheard() noexcept;

  std::mutex mutex_;
  std::condition_variable detached_;
  CurlMultiHandle multi_;
  Transfers new_;  // guarded by mutex_, as `closed_`
  bool closed_ = false;
  std::thread thread_;
  Transfers running_;  // the thread's own
};

}  // namespace ociassemble
