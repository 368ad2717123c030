// SPDX-License-Identifier: Apache-2.0
#include "policy/layer_record.hpp"

#include <utility>

#include "base/leb128.hpp"

namespace ociassemble {
namespace {

constexpr std::string_view kMagic = "layer of a policy 1\n";
constexpr std::size_t kLargest = std::size_t{64} << 20U;
constexpr std::uint64_t kRecordHasNeeds = 1;
constexpr std::uint64_t kRecordHasCode = 2;

void put_text(std::string& to, std::string_view text) {
  append_leb128(to, text.size());
  to += text;
}

}  // namespace

LayerRecordWriter::LayerRecordWriter(DetailWants has) : bytes_(kMagic) {
  append_leb128(bytes_, (has.needs ? kRecordHasNeeds : 0) | (has.code ? kRecordHasCode : 0));
}

void LayerRecordWriter::add(const TarEntry& entry, std::string_view detail) {
  if (is_too_large_) return;
  append_leb128(bytes_, static_cast<std::uint64_t>(entry.type));
  put_text(bytes_, entry.path);
  put_text(bytes_, entry.link_target);
  for (const std::uint64_t value : {std::uint64_t{entry.mode}, entry.uid, entry.gid, entry.size})
    append_leb128(bytes_, value);
  append_leb128(bytes_, entry.xattrs.size());
  for (const auto& [name, value] : entry.xattrs) {
    put_text(bytes_, name);
    put_text(bytes_, value);
  }
  put_text(bytes_, detail);
  if (bytes_.size() <= kLargest) return;
  is_too_large_ = true;
  bytes_ = {};
}

std::optional<std::string> LayerRecordWriter::take() {
  if (is_too_large_) return {};
  return std::move(bytes_);
}

LayerRecordReader::LayerRecordReader(std::string_view bytes) : rest_(bytes), is_good_(bytes.starts_with(kMagic)) {
  if (!is_good_) return;
  rest_.remove_prefix(kMagic.size());
  const auto flags = number();
  has_ = {(flags & kRecordHasNeeds) != 0, (flags & kRecordHasCode) != 0};
}

std::uint64_t LayerRecordReader::number() {
  const auto value = is_good_ ? take_leb128(rest_) : std::nullopt;
  is_good_ = value.has_value();
  return value.value_or(0);
}

std::string_view LayerRecordReader::text() {
  const auto size = number();
  is_good_ = is_good_ && size <= rest_.size();
  if (!is_good_) return {};
  const auto text = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return text;
}

std::optional<LayerRecordReader::Item> LayerRecordReader::next() {
  if (!is_good_ || rest_.empty()) return {};
  Item item;
  auto& entry = item.entry;
  const auto type = number();
  is_good_ = is_good_ && type <= static_cast<std::uint64_t>(EntryType::fifo);
  if (is_good_) entry.type = static_cast<EntryType>(type);
  entry.path = text();
  entry.link_target = text();
  entry.mode = static_cast<std::uint32_t>(number());
  entry.uid = number();
  entry.gid = number();
  entry.size = number();
  for (auto left = number(); left != 0 && is_good_; --left) {
    const auto name = text();
    entry.xattrs.insert_or_assign(std::string(name), std::string(text()));
  }
  item.detail = text();
  return is_good_ ? std::optional(std::move(item)) : std::nullopt;
}

}  // namespace ociassemble
