// SPDX-License-Identifier: Apache-2.0
#include "io/read_ahead.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <vector>

#include "io/streams.hpp"

using namespace ociassemble;

namespace {

// Counts up, in reads of changing sizes; fails at the end where it is told to.
class CountingSource : public Source {
 public:
  CountingSource(std::size_t size, bool fails, std::atomic<std::size_t>& given)
      : left_(size), fails_(fails), given_(given) {}
  std::size_t read(std::span<std::byte> buffer) override {
    if (left_ == 0 && fails_) throw std::domain_error("broken");
    step_ = step_ * 3 % 99'991 + 1;
    const auto count = std::min({left_, buffer.size(), step_});
    for (auto& byte : buffer.first(count)) byte = static_cast<std::byte>(next_++ % 251);
    left_ -= count;
    given_ += count;
    return count;
  }

 private:
  std::size_t left_;
  bool fails_;
  std::atomic<std::size_t>& given_;
  std::size_t step_ = 1;
  std::size_t next_ = 0;
};

}  // namespace

TEST_CASE("what is read ahead is what the source gives, in small and in large bites") {
  for (const std::size_t size : {0U, 1U, 262'144U, 5'000'000U}) {
    for (const std::size_t bite : {7U, 4096U, 3'000'000U}) {
      std::atomic<std::size_t> given{0};
      const auto source = read_ahead(std::make_unique<CountingSource>(size, false, given));
      std::vector<std::byte> buffer(bite);
      std::size_t at = 0;
      bool right = true;
      for (auto count = source->read(buffer); count != 0; count = source->read(buffer)) {
        for (std::size_t i = 0; i < count; ++i) right = right && buffer[i] == static_cast<std::byte>(at++ % 251);
      }
      CHECK(right);
      CHECK(at == size);
      CHECK(source->read(buffer) == 0);
    }
  }
}

TEST_CASE("what the source throws comes after what it gave") {
  std::atomic<std::size_t> given{0};
  const auto source = read_ahead(std::make_unique<CountingSource>(1'000'000, true, given));
  std::vector<std::byte> buffer(1'000'000);
  CHECK(read_full(*source, buffer) == 1'000'000);
  CHECK_THROWS_AS(source->read(buffer), std::domain_error);
  CHECK_THROWS_AS(source->read(buffer), std::domain_error);
}

TEST_CASE("no more than 1 MiB is read ahead, and the rest of what nobody wants is not read") {
  std::atomic<std::size_t> given{0};
  {
    const auto source = read_ahead(std::make_unique<CountingSource>(50'000'000, false, given));
    std::byte first{};
    CHECK(source->read(std::span(&first, 1)) == 1);
  }
  CHECK(given <= (std::size_t{1} << 20U));
}
