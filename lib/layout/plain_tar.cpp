// SPDX-License-Identifier: Apache-2.0
#include "layout/plain_tar.hpp"

#include <algorithm>
#include <string_view>

#include "ociassemble/io.hpp"

namespace ociassemble {
namespace {

std::string_view text_field(std::string_view field) { return field.substr(0, field.find('\0')); }

// Octal digits, then spaces or zero bytes to the end.
std::optional<std::uint64_t> octal_field(std::string_view field) {
  const auto end = std::min(field.find_first_of(std::string_view(" \0", 2)), field.size());
  if (end == 0 || end > 12) return {};
  if (field.find_first_not_of(std::string_view(" \0", 2), end) != std::string_view::npos) return {};
  std::uint64_t value = 0;
  for (const char c : field.substr(0, end)) {
    if (c < '0' || c > '7') return {};
    value = value * 8 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

bool checksum_is_right(std::string_view block) {
  constexpr std::size_t kBegin = 148;
  constexpr std::size_t kEnd = 156;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < block.size(); ++i) {
    sum += i >= kBegin && i < kEnd ? std::uint64_t{' '} : static_cast<unsigned char>(block[i]);
  }
  return octal_field(block.substr(kBegin, kEnd - kBegin)) == sum;
}

std::optional<PlainTarHeader::Type> type_of(char flag) {
  switch (flag) {
    case '\0':
    case '0':
      return PlainTarHeader::Type::regular;
    case '1':
      return PlainTarHeader::Type::hard_link;
    case '2':
      return PlainTarHeader::Type::symlink;
    case '5':
      return PlainTarHeader::Type::directory;
    default:
      return {};
  }
}

std::optional<std::string> canonical_path(std::string_view path) {
  if (path.substr(0, 2) == "./") path.remove_prefix(2);
  if (path == ".") path = {};
  if (!path.empty() && path.back() == '/') path.remove_suffix(1);
  std::string canonical(path);
  while (!path.empty()) {
    const auto slash = path.find('/');
    const auto component = path.substr(0, slash);
    if (component.empty() || component == "." || component == "..") return {};
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
    if (path.empty()) return {};
  }
  return canonical;
}

}  // namespace

std::optional<PlainTarHeader> parse_plain_tar_header(std::span<const std::byte, kTarBlockSize> bytes) {
  const auto block = as_text(bytes);
  const auto magic = block.substr(257, 8);
  const bool ustar = magic == std::string_view("ustar\00000", 8);
  const bool gnu = magic == std::string_view("ustar  \0", 8);
  if ((!ustar && !gnu) || !checksum_is_right(block)) return {};
  const auto type = type_of(block[156]);
  const auto size = octal_field(block.substr(124, 12));
  std::string full(text_field(block.substr(0, 100)));
  if (const auto prefix = text_field(block.substr(345, 155)); ustar && !prefix.empty()) {
    full = std::string(prefix) + "/" + full;
  }
  const bool slash_at_end = !full.empty() && full.back() == '/';
  auto path = canonical_path(full);
  if (!type || !size || !path) return {};
  const bool regular = *type == PlainTarHeader::Type::regular;
  if ((regular && (slash_at_end || path->empty())) || (!regular && *size != 0)) return {};
  return PlainTarHeader{.type = *type,
                        .path = std::move(*path),
                        .link_target = std::string(text_field(block.substr(157, 100))),
                        .size = *size};
}

}  // namespace ociassemble
