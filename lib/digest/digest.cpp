// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/digest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "digest/hasher.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

bool is_lower_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

// Whoever sent the text must not draw on the terminal that shows the error.
std::string shown(std::string_view text) {
  constexpr std::size_t kLongest = 160;
  std::string result(text.substr(0, kLongest));
  std::replace_if(
      result.begin(), result.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text.size() > kLongest ? result + "..." : result;
}

[[noreturn]] void reject(std::string_view text, std::string_view why) {
  throw Error(ErrorCode::invalid_argument, fmt::format("cannot parse digest \"{}\": {}", shown(text), why),
              "a digest looks like sha256: followed by 64 lower-case hexadecimal digits");
}

}  // namespace

Digest::Digest(Algorithm algorithm, std::string text) : algorithm_(algorithm), text_(std::move(text)) {}

Digest Digest::parse(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) reject(text, "no ':' between algorithm and digits");
  const auto name = text.substr(0, colon);
  const auto digits = text.substr(colon + 1);
  if (name != "sha256" && name != "sha512") reject(text, "the algorithm is neither sha256 nor sha512");
  const auto algorithm = name == "sha256" ? Algorithm::sha256 : Algorithm::sha512;
  const std::size_t length = algorithm == Algorithm::sha256 ? 64 : 128;
  if (digits.size() != length) reject(text, fmt::format("{} digits instead of {}", digits.size(), length));
  if (!std::all_of(digits.begin(), digits.end(), is_lower_hex)) reject(text, "not lower-case hexadecimal");
  return {algorithm, std::string(text)};
}

Digest Digest::of(std::span<const std::byte> bytes, Algorithm algorithm) {
  Hasher hasher(algorithm);
  hasher.update(bytes);
  return hasher.finish();
}

Digest Digest::of(std::string_view bytes, Algorithm algorithm) { return of(as_bytes(bytes), algorithm); }

std::string_view Digest::algorithm_name() const noexcept { return std::string_view(text_).substr(0, 6); }

std::string_view Digest::hex() const noexcept { return std::string_view(text_).substr(7); }

}  // namespace ociassemble
