// SPDX-License-Identifier: Apache-2.0
#include "base/handover.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <thread>
#include <vector>

using namespace ociassemble;

TEST_CASE("what is handed over comes out in its order") {
  Handover<std::unique_ptr<int>> handover(3);
  std::thread maker([&] {
    for (int number = 0; number < 1000; ++number) handover.put(std::make_unique<int>(number));
  });
  std::vector<int> taken;
  for (int number = 0; number < 1000; ++number) taken.push_back(*handover.take());
  maker.join();
  for (int number = 0; number < 1000; ++number) CHECK(taken[static_cast<std::size_t>(number)] == number);
}

TEST_CASE("a thread that waits for room goes on when nobody takes any more") {
  Handover<int> handover(2);
  CHECK(handover.put(1));
  CHECK(handover.put(2));
  bool is_taken = true;
  std::thread maker([&] { is_taken = handover.put(3); });
  handover.give_up();
  maker.join();
  CHECK_FALSE(is_taken);
  CHECK_FALSE(handover.put(4));
  CHECK(handover.take() == 1);
}
