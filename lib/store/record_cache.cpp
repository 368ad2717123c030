// SPDX-License-Identifier: Apache-2.0
#include "store/record_cache.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <system_error>
#include <utility>

#include "base/atomic_file.hpp"
#include "base/private_folder.hpp"
#include "ociassemble/io.hpp"
#include "store/used_files.hpp"

namespace ociassemble {
namespace {

namespace fs = std::filesystem;

// A record's file: this line, the digest of the record and a newline, the record.
constexpr std::string_view kMagic = "ociassemble-record 1\n";

UsedFiles all_records(const fs::path& folder) {
  UsedFiles records;
  std::error_code ignored;
  for (fs::recursive_directory_iterator at(folder, ignored), end; !ignored && at != end; at.increment(ignored)) {
    if (at.depth() == 1) at.disable_recursion_pending();  // what lies deeper is no record
    if (at.depth() == 1) records.add(*at);
  }
  return records;
}

// The record out of its file's bytes; nothing when it and the digest line do not belong together.
std::optional<SharedBytes> checked(SharedBytes file) {
  auto left = file.bytes;
  if (left.substr(0, kMagic.size()) != kMagic) return {};
  left.remove_prefix(kMagic.size());
  const auto newline = left.find('\n');
  if (newline == std::string_view::npos) return {};
  const auto record = left.substr(newline + 1);
  if (Digest::of(record).to_string() != left.substr(0, newline)) return {};
  file.bytes = record;
  return file;
}

// Any run may be the one that tidies up.
bool is_one_in_sixteen() { return std::chrono::steady_clock::now().time_since_epoch().count() / 1000 % 16 == 0; }

}  // namespace

RecordCache::RecordCache(fs::path folder, std::uint64_t limit) : folder_(std::move(folder)), limit_(limit) {}

fs::path RecordCache::file(std::string_view kind, const Digest& key) const { return folder_ / kind / key.hex(); }

std::optional<SharedBytes> RecordCache::find(std::string_view kind, const Digest& key) const noexcept {
  try {
    const auto path = file(kind, key);
    auto bytes = load_file_if_exists(path, static_cast<std::size_t>(std::min<std::uint64_t>(limit_, SIZE_MAX)));
    if (!bytes) return {};
    auto record = checked(std::move(*bytes));
    // The time of the last use is what trim() goes by.
    if (record) ::utimensat(AT_FDCWD, path.c_str(), nullptr, 0);
    return record;
  } catch (...) {
    return {};
  }
}

void RecordCache::put(std::string_view kind, const Digest& key, std::string_view record) noexcept {
  try {
    if (record.size() > limit_ / 4) return;
    const auto path = file(kind, key);
    make_private_folders(path.parent_path());
    auto output = AtomicFile::in_folder(path.parent_path(), Durability::unsynced);
    output.write(as_bytes(kMagic));
    output.write(as_bytes(Digest::of(record).to_string() + "\n"));
    output.write(as_bytes(record));
    output.commit_as(path);
    // Looking at all records takes longer than writing one.
    if (record.size() >= limit_ / 64 || is_one_in_sixteen()) trim();
  } catch (...) {
    return;  // A full disk or a foreign folder costs time, not the image.
  }
}

void RecordCache::trim() const {
  auto records = all_records(folder_);
  // Some way below the limit, so that not every put() trims again.
  if (records.size() > limit_) records.remove_oldest(limit_ / 4 * 3);
}

std::optional<RecordCache> open_record_cache(const fs::path& folder,
                                             const std::function<void(const std::string&)>& warn) {
  if (folder.empty()) return {};
  // A record decides which layer a push publishes unread.
  if (const auto why = why_not_private(folder)) {
    if (warn) warn(fmt::format("the cache {} is not used: {}", folder.string(), *why));
    return {};
  }
  return RecordCache(folder);
}

}  // namespace ociassemble
