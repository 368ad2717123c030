// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "ociassemble/io.hpp"

namespace ociassemble {

// A file in a ZIP archive.
struct ZipEntry {
  std::string name;
  std::uint64_t offset = 0;  // of its local header
  std::uint64_t packed_size = 0;
  std::uint64_t size = 0;
  std::uint32_t crc = 0;
  std::uint16_t method = 0;  // 0 stored, 8 deflate
};

// Reads ZIP archives (APPNOTE 6.3.10, ZIP64 included), which anybody may have made: names with "..", entries that lie
// over each other, more than a million of them, encrypted ones and other methods are refused; what an entry unpacks to
// is checked against its size, and against its CRC-32 where it is deflated. Safe for concurrent use.
class ZipFile {
 public:
  // Reads the directory. Throws Error{not_found} or Error{io}, and Error{corrupt} naming the file for what is no
  // archive or a truncated one.
  explicit ZipFile(const std::filesystem::path& path);

  // In the archive's order; folders are left out.
  const std::vector<ZipEntry>& entries() const noexcept { return entries_; }
  // The bytes of an entry; reading throws Error{corrupt} where they are not what the directory says.
  std::unique_ptr<Source> open(const ZipEntry& entry) const;

 private:
  std::string read(std::uint64_t offset, std::uint64_t size) const;
  void read_directory();
  void refuse_overlaps() const;
  [[noreturn]] void refuse(const std::string& cause) const;

  std::shared_ptr<const UniqueFd> fd_;
  std::string subject_;
  std::uint64_t size_ = 0;
  std::uint64_t directory_ = 0;  // its offset
  std::vector<ZipEntry> entries_;
};

}  // namespace ociassemble
