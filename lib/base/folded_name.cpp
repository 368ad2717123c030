// SPDX-License-Identifier: Apache-2.0
#include "base/folded_name.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "base/unicode_tables.hpp"

namespace ociassemble {
namespace {

// Hangul syllables are composed by arithmetic (Unicode, section 3.12).
constexpr char32_t kHangulFirst = 0xAC00, kHangulLast = 0xD7A3;

char32_t decode_sequence(std::string_view sequence) {
  if (sequence.size() == 1) return static_cast<unsigned char>(sequence[0]);
  auto code = static_cast<char32_t>(static_cast<unsigned char>(sequence[0]) & (0x7FU >> sequence.size()));
  for (const char c : sequence.substr(1)) code = code << 6U | (static_cast<unsigned char>(c) & 0x3FU);
  return code;
}

char32_t small_letter(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
  for (const auto& run : kCaseRuns) {
    if (c < run.first || c > run.last || (c - run.first) % run.stride != 0) continue;
    return static_cast<char32_t>(static_cast<int>(c) + run.delta);
  }
  return c;
}

void append_utf8(std::string& text, char32_t c) {
  const auto tail = [&](unsigned shift) { text += static_cast<char>(0x80U | ((c >> shift) & 0x3FU)); };
  if (c < 0x80) {
    text += static_cast<char>(c);
    return;
  }
  const unsigned more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  text += static_cast<char>((0xFF00U >> (more + 1) & 0xFFU) | c >> (6 * more));
  for (unsigned left = more; left-- > 0;) tail(6 * left);
}

// Decompositions end: a character's parts come without it.
void append_folded(std::string& folded, char32_t c) {
  if (c >= kHangulFirst && c <= kHangulLast) {
    const char32_t index = c - kHangulFirst;
    append_utf8(folded, 0x1100 + index / 588);
    append_utf8(folded, 0x1161 + index % 588 / 28);
    if (index % 28 != 0) append_utf8(folded, 0x11A7 + index % 28);
    return;
  }
  const auto found = std::lower_bound(kDecompositions.begin(), kDecompositions.end(), c,
                                      [](const auto& entry, char32_t code) { return entry.composed < code; });
  if (found == kDecompositions.end() || found->composed != c) return append_utf8(folded, small_letter(c));
  append_folded(folded, found->first);
  if (found->second != 0) append_folded(folded, found->second);
}

}  // namespace

std::string folded_name(std::string_view name) {
  std::string folded;
  folded.reserve(name.size());
  while (!name.empty()) {
    const auto length = utf8_length(name);
    if (length == 1) {
      folded += to_lower(name.front());
    } else if (length == 0) {
      folded += name.front();
    } else {
      append_folded(folded, decode_sequence(name.substr(0, length)));
    }
    name.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return folded;
}

}  // namespace ociassemble
