// SPDX-License-Identifier: Apache-2.0
#include "compress/final_block.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "compress/deflate_symbols.hpp"
#include "compress/huffman_code.hpp"
#include "compress/little_endian.hpp"

namespace ociassemble {
namespace {

constexpr unsigned kMaxCodeLength = 15;
constexpr std::size_t kPrecodeSymbols = 19;
constexpr unsigned kPrecodeMaxLength = 7;
constexpr std::size_t kBitsPerStep = 48;
constexpr std::size_t kReadAhead = 16;  // bytes that a step looks at: the fixed part of a header and its precode
// libdeflate ends a block at 300,000 bytes of input at the latest, and a dynamic block is smaller than its input.
constexpr std::size_t kSearchLimit = std::size_t{320} * 1024;

// The bits from `position` on, at least 57 of them; zeros past the end.
std::uint64_t bits_at(std::span<const std::byte> bytes, std::size_t position) {
  const std::size_t first = position / 8;
  if (first >= bytes.size()) return 0;
  std::array<std::byte, 8> window{};
  std::memcpy(window.data(), bytes.data() + first, std::min(window.size(), bytes.size() - first));
  return load64(window.data()) >> (position % 8);
}

using CodeLengths = std::span<const std::uint8_t>;

// Whether the codes of these lengths leave no bit pattern unused or used twice (Kraft's sum is exactly one).
bool is_complete_code(CodeLengths lengths) {
  unsigned sum = 0;
  for (const auto length : lengths) sum += length == 0 ? 0U : 1U << (kMaxCodeLength - length);
  return sum == 1U << kMaxCodeLength;
}

// The canonical code of `symbol` (RFC 1951, section 3.2.2), first bit in the most significant place.
unsigned canonical_code(CodeLengths lengths, std::size_t symbol) {
  std::array<unsigned, kMaxCodeLength + 1> count{};
  for (const auto length : lengths) ++count[length];
  count[0] = 0;
  unsigned code = 0;
  for (unsigned length = 1; length <= lengths[symbol]; ++length) code = (code + count[length - 1]) << 1;
  return code + static_cast<unsigned>(std::count(lengths.begin(), lengths.begin() + static_cast<std::ptrdiff_t>(symbol),
                                                 lengths[symbol]));
}

// Sums 2^(7-length) over four code lengths of three bits.
constexpr auto kKraftOfFour = [] {
  std::array<std::uint16_t, 4096> sums{};
  for (unsigned four = 0; four < sums.size(); ++four) {
    for (unsigned shift = 0; shift < 12; shift += 3) {
      const unsigned length = (four >> shift) & 7U;
      if (length != 0) sums[four] = static_cast<std::uint16_t>(sums[four] + (128U >> length));
    }
  }
  return sums;
}();

bool is_complete_precode(std::uint64_t lengths) {
  const auto four = [lengths](unsigned shift) -> unsigned { return kKraftOfFour[(lengths >> shift) & 0xFFF]; };
  return four(0) + four(12) + four(24) + four(36) + four(48) == 128;
}

// A dynamic block's header as it would be if one began here: the fixed part, and the lengths of the precode, three bits
// each.
struct DynamicHeader {
  std::size_t literal_codes;
  std::size_t distance_codes;
  unsigned precode_count;
  std::uint64_t precode_lengths;
};

// `fixed` are the bits from the header's first on, `lengths` those from its 18th on.
DynamicHeader read_header(std::uint64_t fixed, std::uint64_t lengths) {
  const auto count = static_cast<unsigned>((fixed >> 13) & 15U) + 4;
  return {static_cast<std::size_t>(((fixed >> 3) & 31U) + 257), static_cast<std::size_t>(((fixed >> 8) & 31U) + 1),
          count, lengths & ((std::uint64_t{1} << (3 * count)) - 1)};
}

// For each of the lower 48 bits of the word, whether the fixed part of a final dynamic block's header might begin
// there: BFINAL 1, BTYPE 2 (its lower bit first), HLIT and HDIST neither 30 nor 31.
std::uint64_t possible_starts(std::uint64_t word) {
  const auto hlit_too_high = (word >> 4) & (word >> 5) & (word >> 6) & (word >> 7);
  const auto hdist_too_high = (word >> 9) & (word >> 10) & (word >> 11) & (word >> 12);
  const auto lower_bits = (std::uint64_t{1} << kBitsPerStep) - 1;
  return word & ~(word >> 1) & (word >> 2) & ~hlit_too_high & ~hdist_too_high & lower_bits;
}

// Decodes the code lengths of a header (RFC 1951, section 3.2.7).
class PrecodeDecoder {
 public:
  explicit PrecodeDecoder(const DynamicHeader& header) {
    static constexpr std::array<std::uint8_t, kPrecodeSymbols> kOrder = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                                         11, 4,  12, 3, 13, 2, 14, 1, 15};
    std::array<std::uint8_t, kPrecodeSymbols> lengths{};
    for (unsigned index = 0; index < header.precode_count; ++index) {
      lengths[kOrder[index]] = static_cast<std::uint8_t>((header.precode_lengths >> (3 * index)) & 7U);
    }
    for (std::size_t symbol = 0; symbol < kPrecodeSymbols; ++symbol) {
      if (lengths[symbol] == 0) continue;
      const unsigned step = 1U << lengths[symbol];
      for (std::size_t at = reversed_code(canonical_code(lengths, symbol), lengths[symbol]); at < table_.size();
           at += step) {
        table_[at] = {static_cast<std::uint8_t>(symbol), lengths[symbol]};
      }
    }
  }

  // Fills `lengths` with what the bits from `position` on say; false when they say nothing valid.
  bool decode(std::span<const std::byte> bytes, std::size_t position, std::span<std::uint8_t> lengths) const {
    for (std::size_t filled = 0; filled < lengths.size();) {
      const auto bits = bits_at(bytes, position);
      const auto [symbol, used] = table_[bits & 127U];
      const auto run = run_of(symbol, static_cast<unsigned>(bits >> used));
      if (run.count > lengths.size() - filled || (symbol == 16 && filled == 0)) return false;
      const auto value = symbol < 16 ? symbol : symbol == 16 ? lengths[filled - 1] : std::uint8_t{0};
      std::fill_n(lengths.begin() + static_cast<std::ptrdiff_t>(filled), run.count, value);
      filled += run.count;
      position += used + run.extra_bits;
    }
    return true;
  }

 private:
  struct Entry {
    std::uint8_t symbol;
    std::uint8_t length;
  };
  struct Run {
    std::size_t count;
    unsigned extra_bits;
  };

  static Run run_of(std::uint8_t symbol, unsigned extra) {
    if (symbol < 16) return {1, 0};
    if (symbol == 16) return {3 + (extra & 3U), 2};
    if (symbol == 17) return {3 + (extra & 7U), 3};
    return {11 + (extra & 127U), 7};
  }

  std::array<Entry, 1U << kPrecodeMaxLength> table_{};
};

// The end of a stream whose last bits are this code, before less than a byte of zeros.
std::optional<std::size_t> end_after(std::span<const std::byte> deflate, unsigned code, unsigned length) {
  const std::size_t size = deflate.size() * 8;
  for (std::size_t padding = 0; padding < 8; ++padding) {
    const auto tail = bits_at(deflate, size - padding - length);
    if (tail == code) return size - padding;
  }
  return std::nullopt;
}

// The final block if its header begins at this bit.
std::optional<FinalBlock> try_dynamic_block(std::span<const std::byte> deflate, std::size_t begin,
                                            const DynamicHeader& header) {
  std::array<std::uint8_t, 286 + 30> storage{};
  const std::span lengths(storage.data(), header.literal_codes + header.distance_codes);
  if (!PrecodeDecoder(header).decode(deflate, begin + 17 + std::size_t{3} * header.precode_count, lengths))
    return std::nullopt;
  const auto literals = lengths.first(header.literal_codes);
  const auto length = literals[kEndOfBlock];
  if (length == 0 || !is_complete_code(literals) || !is_complete_code(lengths.subspan(header.literal_codes))) {
    return std::nullopt;
  }
  const auto end = end_after(deflate, reversed_code(canonical_code(literals, kEndOfBlock), length), length);
  return end ? std::optional(FinalBlock{begin, *end}) : std::nullopt;
}

std::optional<FinalBlock> search_backwards(std::span<const std::byte> deflate) {
  if (deflate.size() < kReadAhead) return std::nullopt;
  const std::size_t last = deflate.size() - kReadAhead;
  const std::size_t first = last - std::min(last, kSearchLimit);
  for (std::size_t at = last;; at -= std::min(kBitsPerStep / 8, at - first)) {
    const auto word = load64(deflate.data() + at);
    for (auto starts = possible_starts(word); starts != 0;) {
      const auto bit = static_cast<unsigned>(std::bit_width(starts)) - 1;
      starts ^= std::uint64_t{1} << bit;
      const auto lengths = load64(deflate.data() + at + (bit + 17) / 8) >> ((bit + 17) % 8);
      const auto header = read_header(word >> bit, lengths);
      if (!is_complete_precode(header.precode_lengths)) continue;
      if (const auto block = try_dynamic_block(deflate, at * 8 + bit, header)) return block;
    }
    if (at == first) return std::nullopt;
  }
}

// A stream of nothing but stored blocks, which is what incompressible input becomes.
std::optional<FinalBlock> follow_stored_blocks(std::span<const std::byte> deflate) {
  std::size_t at = 0;
  while (at + 5 <= deflate.size()) {
    const auto head = load64(std::array<std::byte, 8>{deflate[at], deflate[at + 1], deflate[at + 2]}.data());
    if ((head & 6U) != 0) return std::nullopt;
    const std::size_t end = at + 5 + ((head >> 8) & 0xFFFF);
    if ((head & 1U) != 0) return end == deflate.size() ? std::optional(FinalBlock{at * 8, end * 8}) : std::nullopt;
    at = end;
  }
  return std::nullopt;
}

class Inflater {
 public:
  Inflater(std::span<const std::byte> in, std::span<std::byte> out) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(in.data()));
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }

  // Goes to the end of the block (or of a header); false when that cannot be.
  bool step() { return ready_ && inflate(&stream_, Z_BLOCK) == Z_OK; }
  bool at_block_end() const { return (stream_.data_type & 128) != 0; }
  bool in_final_block() const { return (stream_.data_type & 64) != 0; }
  std::size_t bit_position() const {
    return static_cast<std::size_t>(stream_.total_in) * 8 - static_cast<std::size_t>(stream_.data_type & 7);
  }
  bool input_is_used_up() const { return stream_.avail_in == 0; }

 private:
  z_stream stream_{};
  bool ready_ = inflateInit2(&stream_, -MAX_WBITS) == Z_OK;
};

}  // namespace

std::optional<FinalBlock> guess_final_block(std::span<const std::byte> deflate) {
  if (const auto stored = follow_stored_blocks(deflate)) return stored;
  return search_backwards(deflate);
}

std::optional<FinalBlock> walk_final_block(std::span<const std::byte> deflate, std::span<std::byte> scratch) {
  Inflater inflater(deflate, scratch);
  std::size_t begin = 0;
  while (inflater.step()) {
    if (!inflater.at_block_end()) continue;
    if (inflater.in_final_block()) {
      return inflater.input_is_used_up() ? std::optional(FinalBlock{begin, inflater.bit_position()}) : std::nullopt;
    }
    begin = inflater.bit_position();
  }
  return std::nullopt;
}

}  // namespace ociassemble
