// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <future>
#include <map>
#include <mutex>
#include <utility>

namespace ociassemble {

// Values by key, each made by the first who asks for it; who asks meanwhile waits. Safe for concurrent use, but `make`
// must not ask for its own key.
template <class Key, class Value>
class MadeOnce {
 public:
  // What `make` threw is thrown to all who ask for the key.
  template <class Make>
  Value get(const Key& key, Make make) {
    std::promise<Value> promise;
    std::unique_lock lock(mutex_);
    const auto [place, is_first] = values_.try_emplace(key);
    if (is_first) place->second = promise.get_future().share();
    const auto value = place->second;
    lock.unlock();
    if (is_first) fulfil(promise, make);
    return value.get();
  }

 private:
  template <class Make>
  static void fulfil(std::promise<Value>& promise, Make& make) {
    try {
      promise.set_value(make());
    } catch (...) {
      promise.set_exception(std::current_exception());
    }
  }

  std::mutex mutex_;
  std::map<Key, std::shared_future<Value>> values_;
};

}  // namespace ociassemble
