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

// Hands over the parts of the next entry, extended attributes first.
template <class Take>
void LayerRecordReader::item(const Take& take) {
  const auto type = number();
  is_good_ = is_good_ && type <= static_cast<std::uint64_t>(EntryType::fifo);
  const auto path = text();
  const auto link_target = text();
  const auto mode = number();
  const auto uid = number();
  const auto gid = number();
  const auto size = number();
  for (auto left = number(); left != 0 && is_good_; --left) {
    const auto name = text();
    take.xattr(name, text());
  }
  const auto detail = text();
  if (!is_good_) return;
  take.entry(static_cast<EntryType>(type), path, link_target);
  take.numbers(mode, uid, gid, size);
  take.detail(detail);
}

std::optional<LayerRecordReader::Item> LayerRecordReader::next() {
  if (!is_good_ || rest_.empty()) return {};
  struct Fill {
    Item& item;
    void xattr(std::string_view name, std::string_view value) const {
      item.entry.xattrs.insert_or_assign(std::string(name), std::string(value));
    }
    void entry(EntryType type, std::string_view path, std::string_view link_target) const {
      item.entry.type = type;
      item.entry.path = path;
      item.entry.link_target = link_target;
    }
    void numbers(std::uint64_t mode, std::uint64_t uid, std::uint64_t gid, std::uint64_t size) const {
      item.entry.mode = static_cast<std::uint32_t>(mode);
      item.entry.uid = uid;
      item.entry.gid = gid;
      item.entry.size = size;
    }
    void detail(std::string_view bytes) const { item.detail = bytes; }
  };
  Item found;
  item(Fill{found});
  return is_good_ ? std::optional(std::move(found)) : std::nullopt;
}

bool LayerRecordReader::skip() {
  if (!is_good_ || rest_.empty()) return false;
  struct Pass {
    void xattr(std::string_view /*name*/, std::string_view /*value*/) const {}
    void entry(EntryType /*type*/, std::string_view /*path*/, std::string_view /*link_target*/) const {}
    void numbers(std::uint64_t /*mode*/, std::uint64_t /*uid*/, std::uint64_t /*gid*/, std::uint64_t /*size*/) const {}
    void detail(std::string_view /*bytes*/) const {}
  };
  item(Pass{});
  return is_good_;
}

}  // namespace ociassemble
