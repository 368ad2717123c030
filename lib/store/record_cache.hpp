// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "io/shared_bytes.hpp"
#include "ociassemble/digest.hpp"

namespace ociassemble {

// Small records on disk that can be computed again, by kind and key. What is not there, cannot be read or is damaged is
// a miss; what cannot be written is not kept: the cache never fails a build. Bounded in bytes, least recently used out
// first. Safe for concurrent use by threads and processes.
class RecordCache {
 public:
  static constexpr std::uint64_t kDefaultLimit = std::uint64_t{256} << 20U;

  // Records live at FOLDER/KIND/HEX; the folders are made (0700) with the first record. What lies deeper is somebody
  // else's, and neither counted nor removed.
  explicit RecordCache(std::filesystem::path folder, std::uint64_t limit = kDefaultLimit);

  std::optional<SharedBytes> find(std::string_view kind, const Digest& key) const noexcept;
  void put(std::string_view kind, const Digest& key, std::string_view record) noexcept;

 private:
  std::filesystem::path file(std::string_view kind, const Digest& key) const;
  void trim() const;

  std::filesystem::path folder_;
  std::uint64_t limit_;
};

// The cache in a folder; nothing for an empty path, and for a folder that others can write to, which `warn`, where it
// is not empty, is told.
std::optional<RecordCache> open_record_cache(const std::filesystem::path& folder,
                                             const std::function<void(const std::string&)>& warn);

}  // namespace ociassemble
