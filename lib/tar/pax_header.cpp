// SPDX-License-Identifier: Apache-2.0
#include "tar/pax_header.hpp"

#include <fmt/format.h>

#include <charconv>
#include <system_error>

#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

[[noreturn]] void malformed(std::string_view cause) {
  throw Error(ErrorCode::corrupt, fmt::format("a malformed pax header: {}", cause));
}

// "LENGTH KEYWORD=VALUE\n", where LENGTH counts itself; taken off the text.
std::string_view take_record(std::string_view& text) {
  std::size_t length = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), length);
  const auto digits = static_cast<std::size_t>(end - text.data());
  if (failure != std::errc() || digits == text.size() || *end != ' ') malformed("a record without a length");
  if (length < digits + 2 || length > text.size()) malformed("a record's length is wrong");
  auto record = text.substr(digits + 1, length - digits - 1);
  if (record.back() != '\n') malformed("a record does not end where it says");
  record.remove_suffix(1);
  text.remove_prefix(length);
  return record;
}

}  // namespace

PaxHeader::PaxHeader(std::string_view text) {
  while (!text.empty()) {
    const auto record = take_record(text);
    const auto equals = record.find('=');
    if (equals == std::string_view::npos || equals == 0) malformed("a record without a keyword");
    records_.emplace_back(record.substr(0, equals), record.substr(equals + 1));
  }
}

std::string_view PaxHeader::find(std::string_view keyword) const {
  for (auto record = records_.rbegin(); record != records_.rend(); ++record) {
    if (record->first == keyword) return record->second;
  }
  return {};
}

}  // namespace ociassemble
