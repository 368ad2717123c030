// SPDX-License-Identifier: Apache-2.0
#include "base/task_group.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#include "base/guarded.hpp"
#include "base/stop.hpp"
#include "ociassemble/error.hpp"

using namespace ociassemble;

namespace {

// Keeps tasks waiting until it is opened.
class Gate {
 public:
  void open() { promise_.set_value(); }
  void wait() const { future_.wait(); }

 private:
  std::promise<void> promise_;
  std::shared_future<void> future_ = promise_.get_future().share();
};

void wait_for_stop(const std::stop_token& stop) {
  std::promise<void> stopped;
  const std::stop_callback on_stop(stop, [&] { stopped.set_value(); });
  stopped.get_future().wait();
}

}  // namespace

TEST_CASE("every task runs once, and wait() returns after the last") {
  std::atomic<int> sum = 0;
  TaskGroup group(3);
  for (int i = 1; i <= 100; ++i) group.spawn([&sum, i](const std::stop_token&) { sum += i; });
  group.wait();
  CHECK(sum == 5050);
}

TEST_CASE("a group without tasks waits for nothing") {
  TaskGroup group(4);
  CHECK_NOTHROW(group.wait());
}

TEST_CASE("no workers are one worker") {
  int count = 0;
  TaskGroup group(0);
  group.spawn([&](const std::stop_token&) { ++count; });
  group.spawn([&](const std::stop_token&) { ++count; });
  group.wait();
  CHECK(count == 2);
}

TEST_CASE("no more tasks run at once than there are workers") {
  Guarded<std::set<std::thread::id>> threads;
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  TaskGroup group(3);
  for (int i = 0; i < 60; ++i) {
    group.spawn([&](const std::stop_token&) {
      const int now = ++running;
      int seen = most;
      while (now > seen && !most.compare_exchange_weak(seen, now)) continue;
      threads.with([](auto& set) { set.insert(std::this_thread::get_id()); });
      std::this_thread::yield();
      --running;
    });
  }
  group.wait();
  CHECK(most <= 3);
  CHECK(threads.with([](const auto& set) { return set.size(); }) <= 3);
}

TEST_CASE("the first failure is rethrown by wait(), and stops the tasks that run") {
  TaskGroup group(2);
  bool was_stopped = false;
  group.spawn([&](const std::stop_token& stop) {
    wait_for_stop(stop);
    was_stopped = true;
    throw std::logic_error("a later failure");
  });
  group.spawn([](const std::stop_token&) { throw std::runtime_error("the first failure"); });
  CHECK_THROWS_WITH_AS(group.wait(), "the first failure", std::runtime_error);
  CHECK(was_stopped);
}

TEST_CASE("after a failure the tasks that have not begun are dropped, and spawn() takes no more") {
  Gate gate;
  std::atomic<int> begun = 0;
  TaskGroup group(1);
  group.spawn([&](const std::stop_token&) {
    gate.wait();
    throw std::runtime_error("failed");
  });
  group.spawn([&](const std::stop_token&) { ++begun; });
  gate.open();
  // More than the queue holds: spawn() must not block for good.
  for (int i = 0; i < 10; ++i) {
    group.spawn([&](const std::stop_token& stop) {
      if (stop.stop_requested()) ++begun;
    });
  }
  CHECK_THROWS_WITH_AS(group.wait(), "failed", std::runtime_error);
  CHECK(begun == 0);
}

TEST_CASE("a parent that is stopped before drops all tasks") {
  std::stop_source parent;
  parent.request_stop();
  bool ran = false;
  TaskGroup group(2, parent.get_token());
  group.spawn([&](const std::stop_token&) { ran = true; });
  CHECK_THROWS_WITH_AS(group.wait(), "interrupted", Error);
  CHECK_FALSE(ran);
}

TEST_CASE("a parent that is stopped while a task runs stops it, and drops the rest") {
  std::stop_source parent;
  Gate begun;
  bool ran = false;
  TaskGroup group(1, parent.get_token());
  group.spawn([&](const std::stop_token& stop) {
    begun.open();
    wait_for_stop(stop);
  });
  group.spawn([&](const std::stop_token&) { ran = true; });
  begun.wait();
  parent.request_stop();
  try {
    group.wait();
    FAIL("was not interrupted");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::interrupted);
  }
  CHECK_FALSE(ran);
}

TEST_CASE("a parent that is stopped wakes a spawn() that waits for room") {
  std::stop_source parent;
  Gate begun;
  TaskGroup group(1, parent.get_token());
  group.spawn([&](const std::stop_token& stop) {
    begun.open();
    wait_for_stop(stop);
  });
  begun.wait();
  std::thread stopper([&] { parent.request_stop(); });
  for (int i = 0; i < 5; ++i) group.spawn([](const std::stop_token&) {});
  stopper.join();
  CHECK_THROWS_AS(group.wait(), Error);
}

TEST_CASE("a parent that is stopped after all tasks are done changes nothing") {
  std::stop_source parent;
  std::atomic<int> count = 0;
  TaskGroup group(2, parent.get_token());
  for (int i = 0; i < 4; ++i) group.spawn([&](const std::stop_token&) { ++count; });
  while (count < 4) std::this_thread::yield();
  parent.request_stop();
  CHECK_NOTHROW(group.wait());
}

TEST_CASE("a failing task does not stop the parent") {
  std::stop_source parent;
  TaskGroup group(1, parent.get_token());
  group.spawn([](const std::stop_token&) { throw std::runtime_error("failed"); });
  CHECK_THROWS_AS(group.wait(), std::runtime_error);
  CHECK_FALSE(parent.stop_requested());
}

TEST_CASE("the destructor stops and joins, and throws nothing") {
  std::atomic<bool> stopped = false;
  std::atomic<int> dropped = 0;
  {
    Gate begun;
    TaskGroup group(1);
    group.spawn([&](const std::stop_token& stop) {
      begun.open();
      wait_for_stop(stop);
      stopped = true;
      throw std::runtime_error("nobody asks");
    });
    group.spawn([&](const std::stop_token&) { ++dropped; });
    begun.wait();
  }
  CHECK(stopped);
  CHECK(dropped == 0);
}

TEST_CASE("throw_if_stopped() throws once a stop was requested") {
  std::stop_source source;
  CHECK_NOTHROW(throw_if_stopped(source.get_token()));
  CHECK_NOTHROW(throw_if_stopped({}));
  source.request_stop();
  try {
    throw_if_stopped(source.get_token());
    FAIL("did not throw");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::interrupted);
  }
}

TEST_CASE("the failure that stopped the others is kept, not what they throw because of it") {
  for (int round = 0; round < 200; ++round) {
    TaskGroup group(4);
    for (int i = 0; i < 3; ++i) {
      group.spawn([](const std::stop_token& stop) {
        wait_for_stop(stop);
        throw_if_stopped(stop);
      });
    }
    group.spawn([](const std::stop_token&) { throw Error(ErrorCode::unauthorized, "refused"); });
    CHECK_THROWS_WITH_AS(group.wait(), "refused", Error);
  }
}
