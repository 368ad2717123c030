// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <cstring>
#include <utility>
#include <vector>

#include "compress/deflate_parser.hpp"
#include "compress/match.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kBlockInput = 65536;
// So near the end there are literals only: a look at the next position reads 8 bytes from there.
constexpr std::size_t kTail = 16;
// A match of 3 bytes from farther away takes no fewer bits than three literals.
constexpr std::uint32_t kMaxShortDistance = 4096;
constexpr std::uint32_t kLongBytes = 7;

struct Match {
  std::uint32_t length;
  std::uint32_t distance;
};

// Where 7, 4 and 3 bytes were seen last; 7 bytes, the time before that, too.
class SeenBytes {
 public:
  SeenBytes(std::vector<std::uint16_t>& sevens, std::vector<std::uint16_t>& fours, std::vector<std::uint16_t>& threes)
      : sevens_(sevens.data()), fours_(fours.data()), threes_(threes.data()) {}

  static constexpr unsigned kSevenBits = 15;
  static constexpr unsigned kFourBits = 14;
  static constexpr unsigned kThreeBits = 12;

  PositionWindow window;

  // Looks for a match and remembers the position.
  [[gnu::always_inline]] inline Match find(const std::uint8_t* at, const std::uint8_t* end, bool with_three) {
    const auto bytes = load64(at);
    const auto position = window.position(at);
    const auto too_far = PositionWindow::too_far(position);

    const auto seven = exchange_seven(bytes, position);
    const auto four = std::exchange(fours_[four_hash(bytes)], static_cast<std::uint16_t>(position));
    const auto three = std::exchange(threes_[three_hash(bytes)], static_cast<std::uint16_t>(position));

    const std::uint32_t newer = seven & 0xFFFF;
    const std::uint32_t older = seven >> 16;
    const bool newer_fits = ((load64(window.at(newer)) ^ bytes) << 8 == 0) & (newer > too_far);
    const bool older_fits = ((load64(window.at(older)) ^ bytes) << 8 == 0) & (older > too_far);
    if (newer_fits | older_fits) {
      return longer_of(at, end, position, newer_fits ? newer : 0, older_fits ? older : 0);
    }

    const auto difference = load64(window.at(four)) ^ bytes;
    if ((static_cast<std::uint32_t>(difference) == 0) & (four > too_far)) {
      const auto equal = static_cast<std::uint32_t>(std::countr_zero(difference | std::uint64_t{1} << 56)) >> 3;
      return {equal, position - four};
    }
    if (with_three) {
      const auto short_difference = (load32(window.at(three)) ^ static_cast<std::uint32_t>(bytes)) << 8;
      if ((short_difference == 0) & (three > PositionWindow::too_far(position, kMaxShortDistance))) {
        return {3, position - three};
      }
    }
    return {0, 0};
  }

  void insert(const std::uint8_t* at) {
    const auto bytes = load64(at);
    insert_long(at, bytes);
    threes_[three_hash(bytes)] = static_cast<std::uint16_t>(window.position(at));
  }
  void insert_without_three(const std::uint8_t* at) { insert_long(at, load64(at)); }

 private:
  static std::size_t seven_hash(std::uint64_t bytes) {
    return static_cast<std::size_t>(((bytes << 8) * 0xCF1BBCDCB7A56463U) >> (64 - kSevenBits));
  }
  static std::size_t four_hash(std::uint64_t bytes) {
    return (static_cast<std::uint32_t>(bytes) * 0x9E3779B1U) >> (32 - kFourBits);
  }
  static std::size_t three_hash(std::uint64_t bytes) {
    return (static_cast<std::uint32_t>(bytes << 8) * 0x9E3779B1U) >> (32 - kThreeBits);
  }

  // Puts the position before the newer of the two that are there, and returns these as one number, the newer lower.
  std::uint32_t exchange_seven(std::uint64_t bytes, std::uint32_t position) {
    auto* const two = sevens_ + 2 * seven_hash(bytes);
    std::uint32_t before = 0;
    std::memcpy(&before, two, sizeof before);
    const auto after = (before << 16) | position;
    std::memcpy(two, &after, sizeof after);
    return before;
  }

  void insert_long(const std::uint8_t* at, std::uint64_t bytes) {
    const auto position = window.position(at);
    exchange_seven(bytes, position);
    fours_[four_hash(bytes)] = static_cast<std::uint16_t>(position);
  }

  // Of two positions with 7 equal bytes, of which one may be missing; of equal lengths the nearer.
  [[gnu::always_inline]] inline Match longer_of(const std::uint8_t* at, const std::uint8_t* end, std::uint32_t position,
                                                std::uint32_t newer, std::uint32_t older) const {
    const auto most = std::min(static_cast<std::uint32_t>(end - at), kMaxMatch);
    std::uint32_t newer_length = 0;
    std::uint32_t older_length = 0;
    if (newer != 0) newer_length = match_length(window.at(newer), at, kLongBytes, most);
    // Only worth a comparison where its last bytes, and one more, are equal.
    if (older != 0 && (newer == 0 || load32(window.at(older) + newer_length - 3) == load32(at + newer_length - 3))) {
      older_length = match_length(window.at(older), at, kLongBytes, most);
    }
    const bool take_older = older_length > newer_length;
    return {take_older ? older_length : newer_length, position - (take_older ? older : newer)};
  }

  std::uint16_t* sevens_;
  std::uint16_t* fours_;
  std::uint16_t* threes_;
};

// Whether a match at the next position is worth a literal before it: four bits for each byte that it is longer, against
// the bits that its distance takes more.
bool is_better(const Match& next, const Match& match) {
  if (next.length < match.length) return false;
  const auto gain = 4 * static_cast<int>(next.length - match.length) +
                    static_cast<int>(std::bit_width(match.distance)) - static_cast<int>(std::bit_width(next.distance));
  return gain > 2;
}

class LazyParser : public DeflateParser {
 public:
  explicit LazyParser(const LazyParserOptions& options) : options_(options) {}

  void begin(const std::uint8_t* input, std::size_t size) override {
    std::ranges::fill(sevens_, 0);
    std::ranges::fill(fours_, 0);
    std::ranges::fill(threes_, 0);
    seen_.window.begin(input);
    at_ = input;
    end_ = input + size;
    search_end_ = size > kTail ? end_ - kTail : input;
  }

  bool next(DeflateBlock& block) override {
    if (at_ == end_) return false;
    block.clear(at_);
    const bool is_last = at_ >= search_end_ || static_cast<std::size_t>(search_end_ - at_) <= kBlockInput;
    parse(block, is_last ? search_end_ : at_ + kBlockInput);
    block.input_size = static_cast<std::size_t>(at_ - block.input);
    return true;
  }

 private:
  // The hot loop works on copies that nobody else sees: a store of a literal could otherwise be a store to a member.
  void parse(DeflateBlock& block, const std::uint8_t* limit) {
    SeenBytes seen = seen_;
    const LazyParserOptions options = options_;
    const std::uint8_t* const end = end_;
    const std::uint8_t* const search_end = search_end_;
    const std::uint8_t* at = at_;
    const std::uint8_t* first_literal = at;
    std::uint8_t* literal = block.literals.get();
    Sequence* sequence = block.sequences.get();

    while (at < limit) {
      if (seen.window.is_full(at)) move_up(seen);
      Match match = seen.find(at, end, true);
      if (match.length == 0) {
        *literal++ = *at++;
        continue;
      }
      const std::uint8_t* remembered = at + 1;  // all positions before it are
      while (match.length < options.good_length && at + 1 < search_end) {
        const Match next = seen.find(at + 1, end, false);
        remembered = at + 2;
        if (!is_better(next, match)) break;
        *literal++ = *at++;
        match = next;
      }
      *sequence++ = {static_cast<std::uint32_t>(at - first_literal), static_cast<std::uint16_t>(match.length),
                     static_cast<std::uint16_t>(match.distance)};
      ++block.length_frequencies[length_symbol(match.length)];
      ++block.distance_frequencies[distance_symbol(match.distance)];
      at += match.length;
      first_literal = at;
      const auto* const dense_end = remembered + options.dense_inserts;
      for (; remembered < at && remembered < dense_end; ++remembered) seen.insert(remembered);
      for (; remembered < at; remembered += options.sparse_step) seen.insert_without_three(remembered);
    }
    if (at >= search_end) {
      while (at < end) *literal++ = *at++;
    }
    block.last_literals = static_cast<std::uint32_t>(at - first_literal);
    block.literal_count = static_cast<std::size_t>(literal - block.literals.get());
    block.sequence_count = static_cast<std::size_t>(sequence - block.sequences.get());
    at_ = at;
    seen_ = seen;
  }

  void move_up(SeenBytes& seen) {
    seen.window.move_up();
    PositionWindow::lower(sevens_);
    PositionWindow::lower(fours_);
    PositionWindow::lower(threes_);
  }

  const LazyParserOptions options_;
  const std::uint8_t* at_ = nullptr;
  const std::uint8_t* end_ = nullptr;
  const std::uint8_t* search_end_ = nullptr;
  std::vector<std::uint16_t> sevens_ = std::vector<std::uint16_t>(std::size_t{2} << SeenBytes::kSevenBits);
  std::vector<std::uint16_t> fours_ = std::vector<std::uint16_t>(std::size_t{1} << SeenBytes::kFourBits);
  std::vector<std::uint16_t> threes_ = std::vector<std::uint16_t>(std::size_t{1} << SeenBytes::kThreeBits);
  SeenBytes seen_{sevens_, fours_, threes_};
};

}  // namespace

std::unique_ptr<DeflateParser> make_lazy_parser(const LazyParserOptions& options) {
  return std::make_unique<LazyParser>(options);
}

}  // namespace ociassemble
