// SPDX-License-Identifier: Apache-2.0
#include "http/http.hpp"

#include <algorithm>
#include <charconv>
#include <span>

#include "base/text.hpp"
#include "io/streams.hpp"

namespace ociassemble {
namespace {

bool same_name(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return to_lower(x) == to_lower(y); });
}

}  // namespace

std::optional<std::string> HttpHeaders::find(std::string_view name) const {
  for (const auto& field : fields_) {
    if (same_name(field.first, name)) return field.second;
  }
  return {};
}

std::vector<std::string> HttpHeaders::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& field : fields_) {
    if (same_name(field.first, name)) values.push_back(field.second);
  }
  return values;
}

std::optional<std::uint64_t> HttpHeaders::find_number(std::string_view name) const {
  const auto text = find(name);
  if (!text) return {};
  std::uint64_t number = 0;
  const auto* end = text->data() + text->size();
  const auto [stopped, error] = std::from_chars(text->data(), end, number);
  if (error != std::errc{} || stopped != end) return {};
  return number;
}

HttpBody HttpBody::of(std::string bytes) {
  const std::uint64_t size = bytes.size();
  return {size, [bytes = std::move(bytes)] { return std::make_unique<StringSource>(bytes); }};
}

std::string collect_body(HttpStream& stream, std::size_t limit, std::string_view subject) {
  return read_all(stream, limit, subject);
}

std::string collect_beginning(HttpStream& stream, std::size_t limit) {
  std::string bytes(limit, '\0');
  std::size_t filled = 0;
  try {
    while (filled < limit) {
      const auto count = stream.read(std::as_writable_bytes(std::span(bytes)).subspan(filled));
      if (count == 0) break;
      filled += count;
    }
  } catch (const TransportError&) {
    // The status has been seen; a broken body only costs the explanation.
  }
  bytes.resize(filled);
  return bytes;
}

}  // namespace ociassemble
