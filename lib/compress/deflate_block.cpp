// SPDX-License-Identifier: Apache-2.0
#include "compress/deflate_block.hpp"

#include <algorithm>
#include <cstring>

#include "compress/huffman_code.hpp"

namespace ociassemble {

namespace {

// With four literals of 14 bits, 56 bits are added before a flush.
constexpr unsigned kMaxLiteralLengthBits = 14;
constexpr unsigned kMaxDistanceBits = 15;
constexpr unsigned kMaxCodeLengthBits = 7;
constexpr std::size_t kCodeLengthSymbols = 19;
constexpr std::size_t kMaxStored = 65535;
constexpr unsigned kStoredType = 0;
constexpr unsigned kFixedType = 1;
constexpr unsigned kDynamicType = 2;

// RFC 1951, section 3.2.7.
constexpr std::array<std::uint8_t, kCodeLengthSymbols> kCodeLengthOrder = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                                           11, 4,  12, 3, 13, 2, 14, 1, 15};
constexpr unsigned repeat_bits(unsigned symbol) { return symbol == 16 ? 2 : symbol == 17 ? 3 : symbol == 18 ? 7 : 0; }

struct BlockCodes {
  std::array<std::uint8_t, kLiteralLengthSymbols> literal_lengths{};  // lengths of the literals' and lengths' codes
  std::array<std::uint8_t, kDistanceSymbols> distance_lengths{};
  std::array<std::uint16_t, kLiteralLengthSymbols> literal_codes{};
  std::array<std::uint16_t, kDistanceSymbols> distance_codes{};
};

using LiteralLengthFrequencies = std::array<std::uint32_t, kLiteralLengthSymbols>;

// Four counters of each byte, so that equal bytes one after the other do not wait for each other.
LiteralLengthFrequencies count_symbols(const DeflateBlock& block) {
  std::array<std::array<std::uint32_t, 256>, 4> counts{};
  const std::uint8_t* at = block.literals.get();
  const std::uint8_t* const end = at + block.literal_count;
  for (; end - at >= 4; at += 4) {
    const auto four = load32(at);
    ++counts[0][four & 0xFF];
    ++counts[1][(four >> 8) & 0xFF];
    ++counts[2][(four >> 16) & 0xFF];
    ++counts[3][four >> 24];
  }
  for (; at < end; ++at) ++counts[0][*at];

  LiteralLengthFrequencies frequencies{};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    frequencies[byte] = counts[0][byte] + counts[1][byte] + counts[2][byte] + counts[3][byte];
  }
  frequencies[kEndOfBlock] = 1;
  std::ranges::copy(block.length_frequencies, frequencies.begin() + kFirstLengthSymbol);
  return frequencies;
}

// The two sets of code lengths as the header of a block has them (RFC 1951, section 3.2.7).
class CodesHeader {
 public:
  explicit CodesHeader(const BlockCodes& codes)
      : literal_count_(used(codes.literal_lengths, kFirstLengthSymbol)),
        distance_count_(used(codes.distance_lengths, 1)) {
    std::array<std::uint8_t, kLiteralLengthSymbols + kDistanceSymbols> lengths;
    const auto end = std::copy_n(codes.literal_lengths.begin(), literal_count_, lengths.begin());
    std::copy_n(codes.distance_lengths.begin(), distance_count_, end);
    add_runs(std::span(lengths).first(literal_count_ + distance_count_));

    make_code_lengths(frequencies_, kMaxCodeLengthBits, lengths_);
    make_codes(lengths_, codes_);
    while (length_count_ > 4 && lengths_[kCodeLengthOrder[length_count_ - 1]] == 0) --length_count_;
  }

  std::uint64_t bits() const {
    std::uint64_t bits = 5 + 5 + 4 + 3 * length_count_;
    for (unsigned symbol = 0; symbol < kCodeLengthSymbols; ++symbol) {
      bits += std::uint64_t{frequencies_[symbol]} * (lengths_[symbol] + repeat_bits(symbol));
    }
    return bits;
  }

  void write(BitWriter& to) const {
    to.add(literal_count_ - kFirstLengthSymbol, 5);
    to.add(distance_count_ - 1, 5);
    to.add(length_count_ - 4, 4);
    to.flush();
    for (std::size_t index = 0; index < length_count_; ++index) {
      to.add(lengths_[kCodeLengthOrder[index]], 3);
      to.flush();
    }
    for (std::size_t index = 0; index < item_count_; ++index) {
      const auto& item = items_[index];
      to.add(codes_[item.symbol], lengths_[item.symbol]);
      to.add(item.repeat, repeat_bits(item.symbol));
      to.flush();
    }
  }

 private:
  struct Item {
    std::uint8_t symbol;
    std::uint8_t repeat;
  };

  static std::size_t used(std::span<const std::uint8_t> lengths, std::size_t least) {
    std::size_t count = lengths.size();
    while (count > least && lengths[count - 1] == 0) --count;
    return count;
  }

  void add(unsigned symbol, std::size_t repeat = 0) {
    items_[item_count_++] = {static_cast<std::uint8_t>(symbol), static_cast<std::uint8_t>(repeat)};
    ++frequencies_[symbol];
  }

  void add_runs(std::span<const std::uint8_t> lengths) {
    while (!lengths.empty()) {
      const auto length = lengths.front();
      const auto other = std::ranges::find_if(lengths, [length](std::uint8_t each) { return each != length; });
      const auto run = static_cast<std::size_t>(other - lengths.begin());
      add_run(length, run);
      lengths = lengths.subspan(run);
    }
  }

  void add_run(unsigned length, std::size_t run) {
    if (length == 0) {
      for (; run >= 11; run -= std::min<std::size_t>(run, 138)) add(18, std::min<std::size_t>(run, 138) - 11);
      if (run >= 3) {
        add(17, run - 3);
        run = 0;
      }
    } else if (run >= 4) {
      add(length);
      for (--run; run >= 3; run -= std::min<std::size_t>(run, 6)) add(16, std::min<std::size_t>(run, 6) - 3);
    }
    for (; run > 0; --run) add(length);
  }

  std::size_t literal_count_;
  std::size_t distance_count_;
  std::array<Item, kLiteralLengthSymbols + kDistanceSymbols> items_;
  std::size_t item_count_ = 0;
  std::array<std::uint32_t, kCodeLengthSymbols> frequencies_{};
  std::array<std::uint8_t, kCodeLengthSymbols> lengths_{};
  std::array<std::uint16_t, kCodeLengthSymbols> codes_{};
  std::size_t length_count_ = kCodeLengthSymbols;
};

// RFC 1951, section 3.2.6.
BlockCodes make_fixed_codes() {
  // Two symbols that never occur take part in the code.
  std::array<std::uint8_t, kLiteralLengthSymbols + 2> lengths;
  for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
    lengths[symbol] = symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8;
  }
  std::array<std::uint16_t, lengths.size()> literal_codes;
  make_codes(lengths, literal_codes);

  BlockCodes codes;
  std::copy_n(lengths.begin(), kLiteralLengthSymbols, codes.literal_lengths.begin());
  std::copy_n(literal_codes.begin(), kLiteralLengthSymbols, codes.literal_codes.begin());
  codes.distance_lengths.fill(5);
  make_codes(codes.distance_lengths, codes.distance_codes);
  return codes;
}

BlockCodes make_dynamic_codes(const LiteralLengthFrequencies& frequencies, const DeflateBlock& block) {
  BlockCodes codes;
  make_code_lengths(frequencies, kMaxLiteralLengthBits, codes.literal_lengths);
  make_code_lengths(block.distance_frequencies, kMaxDistanceBits, codes.distance_lengths);
  make_codes(codes.literal_lengths, codes.literal_codes);
  make_codes(codes.distance_lengths, codes.distance_codes);
  return codes;
}

std::uint64_t symbol_bits(const LiteralLengthFrequencies& frequencies, const DeflateBlock& block,
                          const BlockCodes& codes) {
  std::uint64_t bits = 0;
  for (std::size_t symbol = 0; symbol < kLiteralLengthSymbols; ++symbol) {
    const auto extra = symbol < kFirstLengthSymbol ? 0 : length_extra_bits(symbol - kFirstLengthSymbol);
    bits += std::uint64_t{frequencies[symbol]} * (codes.literal_lengths[symbol] + extra);
  }
  for (std::size_t symbol = 0; symbol < kDistanceSymbols; ++symbol) {
    bits += std::uint64_t{block.distance_frequencies[symbol]} *
            (codes.distance_lengths[symbol] + distance_extra_bits(symbol));
  }
  return bits;
}

// The one loop that sees every symbol. A code, or a code with its extra bits, and how many bits that are, come from one
// table; four literals are always taken at a time, and those that are too many masked away, because a branch for each
// would often be guessed wrong.
void write_symbols(const DeflateBlock& block, const BlockCodes& codes, BitWriter& to) {
  constexpr std::uint32_t kBits = 0xFFFFFF;
  constexpr unsigned kCountShift = 24;
  std::array<std::uint32_t, 256> literal_table;
  for (std::size_t byte = 0; byte < 256; ++byte) {
    literal_table[byte] = codes.literal_codes[byte] | (std::uint32_t{codes.literal_lengths[byte]} << kCountShift);
  }
  std::array<std::uint32_t, kMaxMatch + 1> length_table;
  for (std::uint32_t length = kMinMatch; length <= kMaxMatch; ++length) {
    const auto symbol = length_symbol(length);
    const std::uint32_t code_bits = codes.literal_lengths[kFirstLengthSymbol + symbol];
    length_table[length] = codes.literal_codes[kFirstLengthSymbol + symbol] |
                           ((length - length_base(symbol)) << code_bits) |
                           ((code_bits + length_extra_bits(symbol)) << kCountShift);
  }
  struct DistanceEntry {
    std::uint16_t code;
    std::uint8_t code_bits;
    std::uint8_t all_bits;
    std::uint32_t base;
  };
  std::array<DistanceEntry, kDistanceSymbols> distance_table;
  for (std::size_t symbol = 0; symbol < kDistanceSymbols; ++symbol) {
    const auto code_bits = codes.distance_lengths[symbol];
    distance_table[symbol] = {codes.distance_codes[symbol], code_bits,
                              static_cast<std::uint8_t>(code_bits + distance_extra_bits(symbol)),
                              distance_base(symbol)};
  }
  constexpr std::uint32_t kAll = ~std::uint32_t{0};
  constexpr std::uint32_t kMasks[5][4] = {
      {0, 0, 0, 0}, {kAll, 0, 0, 0}, {kAll, kAll, 0, 0}, {kAll, kAll, kAll, 0}, {kAll, kAll, kAll, kAll}};

  BitWriter out = to;  // one that nobody else sees, for the compiler to keep in registers
  const std::uint8_t* literal = block.literals.get();
  const auto add_four = [&](const std::uint32_t* mask) {
    const auto bytes = load32(literal);
    const auto a = literal_table[bytes & 0xFF] & mask[0];
    const auto b = literal_table[(bytes >> 8) & 0xFF] & mask[1];
    const auto c = literal_table[(bytes >> 16) & 0xFF] & mask[2];
    const auto d = literal_table[bytes >> 24] & mask[3];
    const auto ab_count = (a >> kCountShift) + (b >> kCountShift);
    const auto ab = (a & kBits) | (std::uint64_t{b & kBits} << (a >> kCountShift));
    const auto cd = (c & kBits) | (std::uint64_t{d & kBits} << (c >> kCountShift));
    out.add(ab | (cd << ab_count), ab_count + (c >> kCountShift) + (d >> kCountShift));
    out.flush();
  };
  const auto add_literals = [&](std::uint32_t left) {
    for (; left > 4; left -= 4, literal += 4) add_four(kMasks[4]);
    add_four(kMasks[left]);
    literal += left;
  };

  const Sequence* const end = block.sequences.get() + block.sequence_count;
  for (const Sequence* sequence = block.sequences.get(); sequence != end; ++sequence) {
    add_literals(sequence->literals);
    const auto length = length_table[sequence->length];
    const auto& entry = distance_table[distance_symbol(sequence->distance)];
    const std::uint64_t distance = entry.code | ((sequence->distance - entry.base) << entry.code_bits);
    out.add((length & kBits) | (distance << (length >> kCountShift)), (length >> kCountShift) + entry.all_bits);
    out.flush();
  }
  add_literals(block.last_literals);
  out.add(codes.literal_codes[kEndOfBlock], codes.literal_lengths[kEndOfBlock]);
  out.flush();
  to = out;
}

void write_stored(std::span<const std::uint8_t> bytes, BitWriter& to) {
  do {
    const auto piece = bytes.first(std::min(bytes.size(), kMaxStored));
    to.add(kStoredType << 1, 3);
    to.align();
    to.add(piece.size() | ((~piece.size() & 0xFFFF) << 16), 32);
    to.flush();
    to.write(piece);
    bytes = bytes.subspan(piece.size());
  } while (!bytes.empty());
}

// At most 10 bits up to the byte boundary, and the sizes, for each piece.
std::uint64_t stored_bits(std::size_t size) { return (size + kMaxStored - 1) / kMaxStored * (10 + 32) + 8 * size; }

}  // namespace

DeflateBlock::DeflateBlock()
    : literals(std::make_unique<std::uint8_t[]>(kMaxInput + kLiteralSlack)),
      sequences(std::make_unique_for_overwrite<Sequence[]>(kMaxInput / kMinMatch + 1)) {}

void DeflateBlock::clear(const std::uint8_t* at) {
  input = at;
  input_size = 0;
  literal_count = 0;
  sequence_count = 0;
  last_literals = 0;
  length_frequencies.fill(0);
  distance_frequencies.fill(0);
}

void BitWriter::align() {
  count_ = (count_ + 7) & ~7U;
  flush();
}

void BitWriter::write(std::span<const std::uint8_t> bytes) {
  if (!bytes.empty()) std::memcpy(to_, bytes.data(), bytes.size());
  to_ += bytes.size();
}

void write_block(const DeflateBlock& block, BitWriter& to) {
  static const BlockCodes fixed_codes = make_fixed_codes();
  const auto frequencies = count_symbols(block);
  const auto dynamic_codes = make_dynamic_codes(frequencies, block);
  const CodesHeader header(dynamic_codes);
  const auto dynamic_bits = 3 + header.bits() + symbol_bits(frequencies, block, dynamic_codes);
  const auto fixed_bits = 3 + symbol_bits(frequencies, block, fixed_codes);
  if (stored_bits(block.input_size) <= std::min(dynamic_bits, fixed_bits)) {
    write_stored({block.input, block.input_size}, to);
  } else if (fixed_bits <= dynamic_bits) {
    to.add(kFixedType << 1, 3);
    to.flush();
    write_symbols(block, fixed_codes, to);
  } else {
    to.add(kDynamicType << 1, 3);
    header.write(to);
    write_symbols(block, dynamic_codes, to);
  }
}

void write_empty_stored_block(BitWriter& to) { write_stored({}, to); }

}  // namespace ociassemble
