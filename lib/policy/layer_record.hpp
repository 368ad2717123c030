// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "policy/file_detail.hpp"
#include "tar/entry.hpp"

namespace ociassemble {

// A layer's entries with what rules want to know of them, for a cache. Times are left out.
class LayerRecordWriter {
 public:
  explicit LayerRecordWriter(DetailWants has);

  // `detail` is encoded (detail_codec.hpp).
  void add(const TarEntry& entry, std::string_view detail);
  // Nothing when it came to more than a record may be.
  std::optional<std::string> take();

 private:
  std::string bytes_;
  bool is_too_large_ = false;
};

// Reads what a LayerRecordWriter wrote; never trusts a length.
class LayerRecordReader {
 public:
  // Borrows the bytes.
  explicit LayerRecordReader(std::string_view bytes);

  // What was looked for when the record was made.
  DetailWants has() const noexcept { return has_; }
  struct Item {
    TarEntry entry;
    std::string_view detail;
  };
  // Nothing at the end, and for what is no such record: see is_whole().
  std::optional<Item> next();
  // Once next() gave nothing: whether all of the bytes were read.
  bool is_whole() const noexcept { return is_good_ && rest_.empty(); }

 private:
  std::uint64_t number();
  std::string_view text();

  std::string_view rest_;
  DetailWants has_;
  bool is_good_ = false;
};

}  // namespace ociassemble
