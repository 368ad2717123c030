// SPDX-License-Identifier: Apache-2.0
#include "tar/tar_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <string_view>

#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

using PaxRecords = std::map<std::string, std::string>;  // std::string compares bytes as unsigned: the order we promise

constexpr std::string_view kPaxName = "PaxHeaders/0";
constexpr std::uint64_t kLargestId = 07777777;         // 7 octal digits
constexpr std::uint64_t kLargestLong = 077777777777U;  // 11 octal digits: size, mtime

struct Field {
  std::size_t offset;
  std::size_t size;
};
// POSIX.1-2017, pax, "ustar Interchange Format".
constexpr Field kName{0, 100};
constexpr Field kMode{100, 8};
constexpr Field kUid{108, 8};
constexpr Field kGid{116, 8};
constexpr Field kSize{124, 12};
constexpr Field kMtime{136, 12};
constexpr Field kChecksum{148, 8};
constexpr Field kTypeflag{156, 1};
constexpr Field kLinkname{157, 100};
constexpr Field kMagicAndVersion{257, 8};
constexpr Field kDevmajor{329, 8};
constexpr Field kDevminor{337, 8};

class HeaderBlock {
 public:
  HeaderBlock() {
    put(kMagicAndVersion, std::string_view("ustar\00000", 8));
    put_number(kDevmajor, 0);
    put_number(kDevminor, 0);
  }

  // As much of the text as the field holds; no NUL follows a text that fills it.
  void put(Field field, std::string_view text) {
    text = text.substr(0, field.size);
    std::copy(text.begin(), text.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(field.offset));
  }
  // Octal digits that fill the field but for the NUL at its end.
  void put_number(Field field, std::uint64_t value) { put(field, fmt::format("{:0{}o}", value, field.size - 1)); }

  std::string_view finish() {
    put(kChecksum, "        ");
    unsigned sum = 0;
    for (const char byte : bytes_) sum += static_cast<unsigned char>(byte);
    put(kChecksum, fmt::format("{:06o}{}", sum, std::string_view("\0 ", 2)));
    return {bytes_.data(), bytes_.size()};
  }

 private:
  std::array<char, kTarBlockSize> bytes_{};
};

bool fits(Field field, std::string_view text) {
  return text.size() <= field.size &&
         std::all_of(text.begin(), text.end(), [](char byte) { return static_cast<unsigned char>(byte) < 0x80; });
}

bool mtime_fits(std::int64_t mtime) { return mtime >= 0 && static_cast<std::uint64_t>(mtime) <= kLargestLong; }

std::string name_of(const TarEntry& entry) {
  return entry.type == EntryType::directory ? entry.path + '/' : entry.path;
}

char typeflag_of(EntryType type) {
  switch (type) {
    case EntryType::regular:
      return '0';
    case EntryType::symlink:
      return '2';
    case EntryType::directory:
      return '5';
    case EntryType::hard_link:
    case EntryType::character_device:
    case EntryType::block_device:
    case EntryType::fifo:
      break;
  }
  throw Error(ErrorCode::invalid_argument, "cannot write a tar header: no type of layer format 1");
}

PaxRecords records_of(const TarEntry& entry) {
  PaxRecords records;
  for (const auto& [name, value] : entry.xattrs) records["SCHILY.xattr." + name] = value;
  if (const auto name = name_of(entry); !fits(kName, name)) records["path"] = name;
  if (entry.type == EntryType::symlink && !fits(kLinkname, entry.link_target)) records["linkpath"] = entry.link_target;
  if (entry.size > kLargestLong) records["size"] = std::to_string(entry.size);
  if (entry.uid > kLargestId) records["uid"] = std::to_string(entry.uid);
  if (entry.gid > kLargestId) records["gid"] = std::to_string(entry.gid);
  if (!mtime_fits(entry.mtime)) records["mtime"] = std::to_string(entry.mtime);
  return records;
}

// "LENGTH KEYWORD=VALUE\n", where LENGTH counts itself.
std::string record_text(const std::string& keyword, const std::string& value) {
  const auto rest = keyword.size() + value.size() + 3;  // ' ', '=' and '\n'
  auto length = rest + std::to_string(rest).size();
  if (rest + std::to_string(length).size() != length) ++length;
  return std::to_string(length) + ' ' + keyword + '=' + value + '\n';
}

std::string pax_blocks(const PaxRecords& records) {
  std::string body;
  for (const auto& [keyword, value] : records) body += record_text(keyword, value);
  HeaderBlock header;
  header.put(kName, kPaxName);
  header.put_number(kMode, 0644);
  header.put_number(kUid, 0);
  header.put_number(kGid, 0);
  header.put_number(kSize, body.size());
  header.put_number(kMtime, 0);
  header.put(kTypeflag, "x");
  body.append(tar_padding(body.size()), '\0');
  return std::string(header.finish()) + body;
}

// Octal digits after blanks.
int octal(std::string_view field) {
  field.remove_prefix(std::min(field.find_first_not_of(" \t"), field.size()));
  int value = 0;
  for (const char digit : field) {
    if (digit < '0' || digit > '7') break;
    value = value * 8 + (digit - '0');
  }
  return value;
}

std::uint64_t value_or_zero(std::uint64_t value, std::uint64_t largest) { return value <= largest ? value : 0; }

}  // namespace

std::string tar_header_blocks(const TarEntry& entry) {
  HeaderBlock header;
  header.put(kName, name_of(entry));
  header.put_number(kMode, entry.mode);
  header.put_number(kUid, value_or_zero(entry.uid, kLargestId));
  header.put_number(kGid, value_or_zero(entry.gid, kLargestId));
  header.put_number(kSize, value_or_zero(entry.size, kLargestLong));
  header.put_number(kMtime, mtime_fits(entry.mtime) ? static_cast<std::uint64_t>(entry.mtime) : 0);
  const char typeflag = typeflag_of(entry.type);
  header.put(kTypeflag, std::string_view(&typeflag, 1));
  if (entry.type == EntryType::symlink) header.put(kLinkname, entry.link_target);

  const auto records = records_of(entry);
  std::string blocks = records.empty() ? std::string() : pax_blocks(records);
  blocks += header.finish();
  return blocks;
}

std::optional<char> tar_typeflag(std::string_view block) {
  if (block.size() != kTarBlockSize) return {};
  int as_unsigned = 0;
  int as_signed = 0;
  for (std::size_t i = 0; i < block.size(); ++i) {
    const bool in_checksum = i >= kChecksum.offset && i < kChecksum.offset + kChecksum.size;
    as_unsigned += in_checksum ? ' ' : static_cast<unsigned char>(block[i]);
    as_signed += in_checksum ? ' ' : static_cast<signed char>(block[i]);
  }
  const int stored = octal(block.substr(kChecksum.offset, kChecksum.size));
  if (stored != as_unsigned && stored != as_signed) return {};
  return block[kTypeflag.offset];
}

}  // namespace ociassemble
