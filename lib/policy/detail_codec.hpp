// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policy/file_detail.hpp"

namespace ociassemble {

// What is known of a file, as bytes for a record, and back. Empty where nothing is known. Nothing for bytes that
// encode_detail() did not write; no length in them is trusted.
std::string encode_detail(const FileDetail& detail);
std::optional<FileDetail> decode_detail(std::string_view bytes);

// What the beginning of such bytes says already.
struct DetailHead {
  bool may_be_go = false;  // FileDetail::may_be_go()
  bool holds_private_key = false;
};
DetailHead head_of_detail(std::string_view bytes) noexcept;

}  // namespace ociassemble
