// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace ociassemble {

// The lengths of the codes of a Huffman code of at most `limit` bits (RFC 1951, section 3.2.2) for these frequencies,
// 0 where a symbol does not occur. At least two symbols get a code, because some readers refuse a code of one or none:
// where fewer occur, the first symbols that do not. The code is complete. At most 288 symbols, whose number is at most
// 2^limit; frequencies add up to less than 2^32. `lengths` is as long as `frequencies`.
void make_code_lengths(std::span<const std::uint32_t> frequencies, unsigned limit, std::span<std::uint8_t> lengths);

// The codes of these lengths, the first bit of a code lowest, as a deflate stream takes them.
void make_codes(std::span<const std::uint8_t> lengths, std::span<std::uint16_t> codes);

// A code of up to 15 bits read from its end.
std::uint16_t reversed_code(std::uint32_t code, unsigned length);

}  // namespace ociassemble
