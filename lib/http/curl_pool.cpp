// SPDX-License-Identifier: Apache-2.0
#include "http/curl_pool.hpp"

#include <algorithm>
#include <utility>

namespace ociassemble {
namespace {

constexpr std::size_t kMaxIdleLanes = 16;

}  // namespace

CurlShare::CurlShare() : handle_(curl().share_init()) {
  if (!handle_) throw std::bad_alloc();
  curl().share_setopt(handle_.get(), CURLSHOPT_LOCKFUNC, &CurlShare::lock);
  curl().share_setopt(handle_.get(), CURLSHOPT_UNLOCKFUNC, &CurlShare::unlock);
  curl().share_setopt(handle_.get(), CURLSHOPT_USERDATA, this);
  curl().share_setopt(handle_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
  curl().share_setopt(handle_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
}

void CurlShare::lock(CURL*, curl_lock_data data, curl_lock_access, void* self) {
  static_cast<CurlShare*>(self)->locks_.at(data).lock();
}

void CurlShare::unlock(CURL*, curl_lock_data data, void* self) {
  static_cast<CurlShare*>(self)->locks_.at(data).unlock();
}

CurlLane CurlPool::acquire(const std::string& origin) {
  auto idle = idle_.with([&](std::vector<CurlLane>& lanes) -> std::vector<CurlLane> {
    if (lanes.empty()) return {};
    auto chosen = std::ranges::find(lanes, origin, &CurlLane::origin);
    if (chosen == lanes.end()) --chosen;
    std::vector<CurlLane> taken;
    taken.push_back(std::move(*chosen));
    lanes.erase(chosen);
    return taken;
  });
  CurlLane lane = idle.empty() ? CurlLane{CurlMultiHandle(curl().multi_init()), {}, {}} : std::move(idle.front());
  lane.easy.reset(curl().easy_init());
  if (!lane.multi || !lane.easy) throw std::bad_alloc();
  set_option(lane.easy.get(), CURLOPT_SHARE, share());
  lane.origin = origin;
  return lane;
}

CURLSH* CurlPool::share() {
  return share_.with([](std::optional<CurlShare>& share) {
    if (!share) share.emplace();
    return share->get();
  });
}

void CurlPool::release(CurlLane lane) noexcept {
  // A new one for the next transfer: curl_easy_reset() leaves traces of one that failed.
  lane.easy.reset();
  try {
    idle_.with([&](std::vector<CurlLane>& lanes) {
      if (lanes.size() < kMaxIdleLanes) lanes.push_back(std::move(lane));
    });
  } catch (...) {
    // Without memory to remember it, the lane goes.
  }
}

}  // namespace ociassemble
