// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "compress/codec.hpp"
#include "compress/final_block.hpp"
#include "fuzz.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"

namespace {

using ociassemble::Error;
using ociassemble::ErrorCode;
using ociassemble::Source;
using ociassemble::StringSource;
using ociassemble::fuzz::require;

// Small reads, so that every place where a buffer can end is reached.
class PiecewiseSource : public Source {
 public:
  explicit PiecewiseSource(std::string bytes) : bytes_(std::move(bytes)) {}
  std::size_t read(std::span<std::byte> buffer) override {
    return bytes_.read(buffer.first(std::min<std::size_t>(buffer.size(), 7)));
  }

 private:
  StringSource bytes_;
};

struct Outcome {
  std::string bytes;
  bool whole = false;
  bool operator==(const Outcome&) const = default;
};

Outcome decompress(std::unique_ptr<Source> compressed, std::size_t piece) {
  constexpr std::size_t kLimit = std::size_t{1} << 20;  // a bomb is stopped by its reader
  Outcome outcome;
  std::string buffer(piece, '\0');
  try {
    const auto source = make_decompressor(std::move(compressed), "it");
    while (outcome.bytes.size() < kLimit) {
      const auto count = source->read(std::as_writable_bytes(std::span(buffer)));
      if (count == 0) {
        outcome.whole = true;
        break;
      }
      require(count <= piece, "a read returns no more than was asked for");
      outcome.bytes.append(buffer, 0, count);
    }
  } catch (const Error& error) {
    require(error.code() == ErrorCode::corrupt || error.code() == ErrorCode::unsupported, "bad data is corrupt");
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = ociassemble::fuzz::as_text(data, size);
  const auto at_once = decompress(std::make_unique<StringSource>(input), 65'536);
  const auto in_pieces = decompress(std::make_unique<PiecewiseSource>(input), 1'000);
  require(at_once.whole == in_pieces.whole, "the verdict does not depend on the sizes of reads");
  if (at_once.whole) require(at_once == in_pieces, "the bytes do not depend on the sizes of reads");

  const auto bytes = ociassemble::as_bytes(input);
  const auto guess = ociassemble::guess_final_block(bytes);
  if (guess) {
    require(guess->begin_bit < guess->end_bit && guess->end_bit <= size * 8, "a final block lies within the stream");
  }
  std::array<std::byte, 4096> scratch{};
  ociassemble::walk_final_block(bytes, scratch);
  return 0;
}
