// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/leb128.hpp"

namespace ociassemble {

// Values one after the other as bytes: numbers as LEB128, texts with their length before them, lists with their count.
class PackedWriter {
 public:
  void number(std::uint64_t value) { append_leb128(bytes_, value); }
  void text(std::string_view value) {
    number(value.size());
    bytes_ += value;
  }
  void texts(const std::vector<std::string>& values) {
    number(values.size());
    for (const auto& value : values) text(value);
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads what PackedWriter wrote; never trusts a length. After the first value that is not there all are 0 and empty.
class PackedReader {
 public:
  // Borrows the bytes.
  explicit PackedReader(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t number() {
    if (const auto value = take_leb128(rest_)) return *value;
    spoil();
    return 0;
  }
  std::string text() {
    const auto size = number();
    if (size > rest_.size()) {
      spoil();
      return {};
    }
    std::string value(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return value;
  }
  // How many elements follow; each takes a byte at least.
  std::uint64_t count() {
    const auto value = number();
    if (value <= rest_.size()) return value;
    spoil();
    return 0;
  }
  std::vector<std::string> texts() {
    std::vector<std::string> values;
    for (auto left = count(); left > 0; --left) values.push_back(text());
    return values;
  }

  // Whether all was there, and nothing follows.
  bool is_whole() const noexcept { return is_good_ && rest_.empty(); }
  bool is_good() const noexcept { return is_good_; }

 private:
  void spoil() {
    is_good_ = false;
    rest_ = {};
  }

  std::string_view rest_;
  bool is_good_ = true;
};

}  // namespace ociassemble
