// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ociassemble {

// The records of a pax header (POSIX.1-2017, pax, "pax Header Block"), in order; values are bytes.
class PaxHeader {
 public:
  PaxHeader() = default;
  // Throws Error{corrupt} with "a malformed pax header: …" for text that is not a list of records.
  explicit PaxHeader(std::string_view text);

  bool empty() const noexcept { return records_.empty(); }
  // The value of the last record of that keyword; empty where there is none, which means the same as an empty value.
  std::string_view find(std::string_view keyword) const;
  const std::vector<std::pair<std::string, std::string>>& all() const noexcept { return records_; }

 private:
  std::vector<std::pair<std::string, std::string>> records_;
};

}  // namespace ociassemble
