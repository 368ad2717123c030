// SPDX-License-Identifier: Apache-2.0
#include "image/layer_cache.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <concepts>
#include <iterator>

#include "compress/codec.hpp"
#include "digest/hasher.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/layer_format.hpp"

namespace ociassemble {
namespace {

constexpr const char* kKind = "layers";

// Values of any bytes, each with its length before it, so that no two lists run into the same text.
class KeyBuilder {
 public:
  void add(std::string_view value) {
    append_number(value.size());
    text_ += ':';
    text_ += value;
    if (text_.size() >= kEnough) flush();
  }
  template <std::integral Number>
  void add(Number value) {
    char digits[24];
    const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
    add(std::string_view(digits, static_cast<std::size_t>(end - digits)));
  }
  Digest finish() {
    flush();
    return hasher_.finish();
  }

 private:
  static constexpr std::size_t kEnough = std::size_t{16} << 10U;

  void append_number(std::size_t value) {
    char digits[24];
    text_.append(digits, std::to_chars(std::begin(digits), std::end(digits), value).ptr);
  }
  void flush() {
    hasher_.update(as_bytes(text_));
    text_.clear();
  }

  Hasher hasher_;
  std::string text_;
};

void add_options(KeyBuilder& key, const LayerOptions& options) {
  key.add(static_cast<std::uint64_t>(kLayerFormat));
  key.add(layer_type(options.format, options.compression.kind));
  key.add(options.compression.to_string());
  for (const auto& codec : codec_versions()) {
    key.add(codec.name);
    key.add(codec.version);
  }
}

void add_metadata(KeyBuilder& key, const TarEntry& entry) {
  key.add(entry.path);
  key.add(static_cast<std::uint64_t>(entry.type));
  key.add(entry.mode);
  key.add(entry.uid);
  key.add(entry.gid);
  key.add(entry.mtime);
  key.add(entry.size);
  key.add(entry.link_target);
  key.add(entry.xattrs.size());
  for (const auto& [name, value] : entry.xattrs) {
    key.add(name);
    key.add(value);
  }
}

bool rests(const FileIdentity& file) { return file.tells_changes() && file.at_rest(); }

// MEDIA-TYPE DIGEST SIZE DIFF-ID
std::string to_record(const LayerResult& result) {
  return fmt::format("{} {} {} {}", result.descriptor.media_type, result.descriptor.digest.to_string(),
                     result.descriptor.size, result.diff_id.to_string());
}

LayerResult from_record(std::string_view record) {
  const auto next = [&] {
    const auto word = record.substr(0, record.find(' '));
    record.remove_prefix(std::min(word.size() + 1, record.size()));
    return word;
  };
  const auto type = next();
  auto digest = Digest::parse(next());
  const auto digits = next();
  std::uint64_t size = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), size);
  return {{std::string(type), std::move(digest), size, {}, {}, {}, {}}, Digest::parse(next())};
}

}  // namespace

std::optional<Digest> LayerCache::key(const std::vector<LayerEntry>& entries, const LayerOptions& options) {
  KeyBuilder key;
  add_options(key, options);
  for (const auto& made : entries) {
    add_metadata(key, made.entry);
    if (made.entry.type != EntryType::regular) continue;
    if (!made.bytes) return {};
    if (const auto file = made.bytes->file()) {
      if (!file->tells_changes()) return {};
      key.add(file->to_string());
    } else if (const auto* digest = made.bytes->digest()) {
      key.add(digest->to_string());
    } else {
      return {};
    }
  }
  return key.finish();
}

std::optional<Digest> LayerCache::key(const FileIdentity& file, const LayerOptions& options) {
  if (!file.tells_changes()) return {};
  KeyBuilder key;
  add_options(key, options);
  key.add("file");
  key.add(file.to_string());
  return key.finish();
}

std::optional<LayerResult> LayerCache::find(const Digest& key) const {
  const auto record = records_->find(kKind, key);
  if (!record) return {};
  try {
    return from_record(record->bytes);
  } catch (const Error&) {
    return {};
  }
}

void LayerCache::put(const Digest& key, const std::deque<std::shared_ptr<const EntryBytes>>& read,
                     const LayerResult& result) {
  const auto is_settled = [](const auto& bytes) {
    if (bytes->may_be_written()) return false;
    const auto file = bytes->file();
    return !file || rests(*file);
  };
  if (std::ranges::all_of(read, is_settled)) records_->put(kKind, key, to_record(result));
}

void LayerCache::put(const Digest& key, const FileIdentity& read, const LayerResult& result) {
  if (rests(read)) records_->put(kKind, key, to_record(result));
}

}  // namespace ociassemble
