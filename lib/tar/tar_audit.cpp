// SPDX-License-Identifier: Apache-2.0
#include "tar/tar_audit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>

#include "tar/tar_header.hpp"
#include "tar/tar_path.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMostFindings = 20;
constexpr std::size_t kLargestMeta = std::size_t{1} << 20U;  // Go's archive/tar reads no more
constexpr std::string_view kPaxKeysOfText[] = {"path", "linkpath", "uname", "gname"};

// POSIX.1-2017, pax, "ustar Interchange Format"; GNU's numbers have the first bit set and are base-256.
std::uint64_t number_of(std::string_view field) {
  std::uint64_t value = 0;
  if ((static_cast<unsigned char>(field.front()) & 0x80U) != 0) {
    for (std::size_t i = 1; i < field.size(); ++i) value = (value << 8U) | static_cast<unsigned char>(field[i]);
    return value;
  }
  for (const char digit : field) {
    if (digit >= '0' && digit <= '7') value = value * 8 + static_cast<std::uint64_t>(digit - '0');
  }
  return value;
}

std::string text_of(std::string_view field) { return std::string(field.substr(0, field.find('\0'))); }

std::string name_in(std::string_view block) {
  auto name = text_of(block.substr(0, 100));
  const auto prefix = text_of(block.substr(345, 155));
  // GNU's magic ends in a blank and has other fields where the prefix would be.
  const bool has_prefix = block.substr(257, 6) == std::string_view("ustar\0", 6);
  return has_prefix && !prefix.empty() ? prefix + "/" + name : name;
}

bool has_no_data(char type) { return type >= '1' && type <= '6'; }

std::uint64_t padded(std::uint64_t size) { return size + tar_padding(size); }

}  // namespace

void TarAudit::write(std::span<const std::byte> bytes) {
  auto text = as_text(bytes);
  while (!text.empty() && !ended_) {
    if (skip_ != 0) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, text.size()));
      skip_ -= count;
      text.remove_prefix(count);
      continue;
    }
    if (block_.empty() && text.size() >= kTarBlockSize) {
      take_block(text.substr(0, kTarBlockSize));
      text.remove_prefix(kTarBlockSize);
      continue;
    }
    const auto count = std::min(kTarBlockSize - block_.size(), text.size());
    block_ += text.substr(0, count);
    text.remove_prefix(count);
    if (block_.size() < kTarBlockSize) continue;
    const auto whole = std::move(block_);
    block_.clear();
    take_block(whole);
  }
}

void TarAudit::take_block(std::string_view block) {
  if (meta_type_ != 0) {
    meta_ += block;
    if (meta_.size() >= meta_size_) take_meta();
    return;
  }
  if (in_sparse_map_) {
    in_sparse_map_ = block[504] != '\0';
    if (!in_sparse_map_) skip_ = padded(sparse_size_);
    return;
  }
  take_header(block);
}

void TarAudit::take_header(std::string_view block) {
  // Zero blocks end the archive; without a checksum nobody reads on.
  const auto type = tar_typeflag(block);
  if (!type) return stop();
  const auto size = number_of(block.substr(124, 12));
  if (*type == 'x' || *type == 'g' || *type == 'L' || *type == 'K') {
    if (size > kLargestMeta) {
      add(name_in(block), "has an extended header of more than a mebibyte");
      skip_ = padded(size);
      return;
    }
    meta_type_ = *type;
    meta_size_ = static_cast<std::size_t>(size);
    meta_.clear();
    if (size == 0) take_meta();
    return;
  }
  take_entry(block, *type);
}

void TarAudit::take_meta() {
  meta_.resize(meta_size_);
  if (meta_type_ == 'x') take_records(meta_);
  if (meta_type_ == 'L') next_.path = text_of(meta_);
  meta_type_ = 0;
}

void TarAudit::take_entry(std::string_view block, char type) {
  const auto path = next_.path.value_or(name_in(block));
  const auto size = next_.size.value_or(number_of(block.substr(124, 12)));
  if (!next_.problem.empty()) add(path, next_.problem);
  if (type == 'S') add(path, "is a sparse file of GNU's old format (type S)");
  if (type == '7') add(path, "is a contiguous file (type 7)");
  if (type == 'D') add(path, "is a GNU dump of a folder (type D)");
  next_ = {};
  const auto canonical = normalise_tar_path(path);
  if (canonical && !seen_.insert(std::hash<std::string>()(*canonical)).second && duplicates_.size() < kMostFindings) {
    duplicates_.push_back(*canonical);
  }
  if (type == 'S' && block[482] != '\0') {
    in_sparse_map_ = true;
    sparse_size_ = size;
  } else if (!has_no_data(type)) {
    skip_ = padded(size);
  }
}

// "LENGTH KEY=VALUE\n", where LENGTH counts itself.
void TarAudit::take_records(std::string_view records) {
  while (!records.empty()) {
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(records.data(), records.data() + records.size(), length);
    const auto digits = static_cast<std::size_t>(end - records.data());
    if (error != std::errc() || length <= digits + 1 || length > records.size() || records[digits] != ' ') return;
    const auto record = records.substr(digits + 1, length - digits - 2);
    records.remove_prefix(length);
    const auto equals = record.find('=');
    if (equals == std::string_view::npos) return;
    take_record(std::string(record.substr(0, equals)), record.substr(equals + 1));
  }
}

void TarAudit::take_record(const std::string& key, std::string_view value) {
  const bool is_text = std::find(std::begin(kPaxKeysOfText), std::end(kPaxKeysOfText), key) != std::end(kPaxKeysOfText);
  if (key.find('\0') != std::string::npos || (is_text && value.find('\0') != std::string_view::npos)) {
    next_.problem = fmt::format("has a NUL in its pax record \"{}\"", tar_name_for_message(key));
  }
  if (key == "path" || key == "GNU.sparse.name") next_.path = std::string(value);
  std::uint64_t size = 0;
  if (key == "size" && std::from_chars(value.data(), value.data() + value.size(), size).ec == std::errc()) {
    next_.size = size;
  }
}

void TarAudit::add(const std::string& path, std::string what) {
  if (not_unpackable_.size() < kMostFindings) not_unpackable_.push_back({path, std::move(what)});
}

}  // namespace ociassemble
