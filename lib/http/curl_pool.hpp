// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.hpp"
#include "http/curl_handles.hpp"

namespace ociassemble {

// DNS answers and TLS sessions, shared by all lanes. (Connections cannot be: curl's documentation says that sharing
// those between threads is not safe.)
class CurlShare {
 public:
  CurlShare();
  CURLSH* get() const noexcept { return handle_.get(); }

 private:
  static void lock(CURL*, curl_lock_data data, curl_lock_access, void* self);
  static void unlock(CURL*, curl_lock_data data, void* self);

  std::array<std::mutex, CURL_LOCK_DATA_LAST> locks_;
  CurlShareHandle handle_;  // last: goes before the locks
};

// One transfer's place: a multi handle, which keeps its connections alive for the next transfer, and an easy handle for
// this one. Used by one stream at a time.
struct CurlLane {
  CurlMultiHandle multi;
  CurlHandle easy;     // after `multi`, so that it goes first
  std::string origin;  // whom it spoke to last
};

// Lanes that are not in use. Safe for concurrent use.
class CurlPool {
 public:
  // A lane whose connection to `origin` may still be open, else any, else a new one.
  CurlLane acquire(const std::string& origin);
  void release(CurlLane lane) noexcept;

 private:
  CURLSH* share();

  Guarded<std::optional<CurlShare>> share_;  // made with the first lane: without a transfer there is no curl
  Guarded<std::vector<CurlLane>> idle_;
};

}  // namespace ociassemble
