// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "http/http.hpp"

namespace ociassemble {

// The target of the Link field with rel="next" (RFC 8288).
std::optional<std::string> next_link(const HttpHeaders& headers);

// Keeps a list that comes in pages from being without end. One thread.
class PageBudget {
 public:
  static constexpr int kMaxPages = 10'000;
  static constexpr std::size_t kMaxBytes = std::size_t{64} << 20U;

  explicit PageBudget(std::string action) : action_(std::move(action)) {}
  // Throws Error{corrupt} naming the action when this page is one too many, or its bytes are.
  void take(std::size_t bytes);

 private:
  const std::string action_;
  int pages_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace ociassemble
