// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <vector>

#include "compress/deflate_parser.hpp"
#include "compress/match.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kFastBlockInput = 65536;
constexpr std::size_t kFastTail = 16;
constexpr unsigned kFiveBits = 15;
// Where nothing was found for so many positions, every second one is left out, then two of three, and so on.
constexpr unsigned kPatienceBits = 6;
constexpr std::size_t kLiteralStep = 16;

// Where 5 bytes were seen last.
struct SeenFives {
  PositionWindow window;
  std::uint16_t* positions;

  static std::size_t hash(std::uint64_t bytes) {
    return static_cast<std::size_t>(((bytes << 24) * 0xCF1BBCDCB7A56463U) >> (64 - kFiveBits));
  }
  void insert(const std::uint8_t* at) const {
    positions[hash(load64(at))] = static_cast<std::uint16_t>(window.position(at));
  }
};

class FastParser : public DeflateParser {
 public:
  void begin(const std::uint8_t* input, std::size_t size) override {
    std::ranges::fill(positions_, 0);
    seen_.window.begin(input);
    input_ = input;
    at_ = input;
    end_ = input + size;
    search_end_ = size > kFastTail ? end_ - kFastTail : input;
  }

  bool next(DeflateBlock& block) override {
    if (at_ == end_) return false;
    block.clear(at_);
    const bool is_last = at_ >= search_end_ || static_cast<std::size_t>(search_end_ - at_) <= kFastBlockInput;
    parse(block, is_last ? search_end_ : at_ + kFastBlockInput);
    block.input_size = static_cast<std::size_t>(at_ - block.input);
    return true;
  }

 private:
  // The hot loop works on copies that nobody else sees: a store of a literal could otherwise be a store to a member.
  void parse(DeflateBlock& block, const std::uint8_t* limit) {
    SeenFives seen = seen_;
    const std::uint8_t* const input = input_;
    const std::uint8_t* const end = end_;
    const std::uint8_t* const search_end = search_end_;
    const std::uint8_t* at = at_;
    const std::uint8_t* first_literal = at;
    std::uint8_t* literal = block.literals.get();
    Sequence* sequence = block.sequences.get();
    std::uint32_t patience = 1U << kPatienceBits;

    while (at < limit) {
      if (seen.window.is_full(at)) move_up(seen);
      const auto bytes = load64(at);
      const auto position = seen.window.position(at);
      auto& entry = seen.positions[SeenFives::hash(bytes)];
      const std::uint32_t before = entry;
      entry = static_cast<std::uint16_t>(position);
      const std::uint8_t* match = seen.window.at(before);
      // What is often false first, alone: as one condition, both halves would be computed for every position. Both step
      // alike, because an empty entry's bytes begin before the input, and must not matter.
      if (load32(match) != static_cast<std::uint32_t>(bytes)) {
        at += patience++ >> kPatienceBits;
        continue;
      }
      if (before <= PositionWindow::too_far(position)) [[unlikely]] {
        at += patience++ >> kPatienceBits;
        continue;
      }

      auto length = match_length(match, at, 4, std::min(static_cast<std::uint32_t>(end - at), kMaxMatch));
      for (; at > first_literal && match > input && at[-1] == match[-1] && length < kMaxMatch;
           ++length, --at, --match) {
      }
      literal = copy_literals(first_literal, at, literal);
      const auto distance = static_cast<std::uint32_t>(at - match);
      *sequence++ = {static_cast<std::uint32_t>(at - first_literal), static_cast<std::uint16_t>(length),
                     static_cast<std::uint16_t>(distance)};
      ++block.length_frequencies[length_symbol(length)];
      ++block.distance_frequencies[distance_symbol(distance)];
      const std::uint8_t* const after = at + length;
      if (after < search_end) {
        seen.insert(at + 2);
        seen.insert(after - 2);
        seen.insert(after - 1);
      }
      at = after;
      first_literal = at;
      patience = 1U << kPatienceBits;
    }
    if (at >= search_end) at = end;
    literal = copy_literals(first_literal, at, literal);
    block.last_literals = static_cast<std::uint32_t>(at - first_literal);
    block.literal_count = static_cast<std::size_t>(literal - block.literals.get());
    block.sequence_count = static_cast<std::size_t>(sequence - block.sequences.get());
    at_ = at;
    seen_ = seen;
  }

  // In steps that may go beyond the end, since most runs are short.
  [[gnu::always_inline]] static inline std::uint8_t* copy_literals(const std::uint8_t* from, const std::uint8_t* to,
                                                                   std::uint8_t* out) {
    auto* const out_end = out + (to - from);
    do {
      std::memcpy(out, from, kLiteralStep);
      out += kLiteralStep;
      from += kLiteralStep;
    } while (from < to);
    return out_end;
  }

  void move_up(SeenFives& seen) {
    seen.window.move_up();
    PositionWindow::lower(positions_);
  }

  const std::uint8_t* input_ = nullptr;
  const std::uint8_t* at_ = nullptr;
  const std::uint8_t* end_ = nullptr;
  const std::uint8_t* search_end_ = nullptr;
  std::vector<std::uint16_t> positions_ = std::vector<std::uint16_t>(std::size_t{1} << kFiveBits);
  SeenFives seen_{{}, positions_.data()};
};

}  // namespace

std::unique_ptr<DeflateParser> make_fast_parser() { return std::make_unique<FastParser>(); }

}  // namespace ociassemble
