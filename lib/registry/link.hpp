// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "http/http.hpp"
#include "http/url.hpp"
#include "registry/endpoint.hpp"

namespace ociassemble {

// The target of the Link field with rel="next" (RFC 8288). Throws Error{corrupt} naming the action for a field that
// cannot be read: what it was to say is that the list goes on.
std::optional<std::string> next_link(const HttpHeaders& headers, std::string_view action);

// Where the list that `from` answered with goes on. Throws Error{corrupt} as next_link(), and for another host.
std::optional<Url> next_page(const Endpoint& endpoint, const Url& from, const HttpHeaders& headers,
                             std::string_view action);

// Keeps a list that comes in pages from being without end. One thread.
class PageBudget {
 public:
  static constexpr int kMaxPages = 10'000;
  static constexpr std::size_t kMaxBytes = std::size_t{64} << 20U;

  explicit PageBudget(std::string action) : action_(std::move(action)) {}
  // Throws Error{corrupt} naming the action when this page is one too many, or its bytes are, or it came before.
  void take(std::size_t bytes, const Url& page);

 private:
  const std::string action_;
  int pages_ = 0;
  std::size_t bytes_ = 0;
  std::set<std::string> seen_;
};

}  // namespace ociassemble
