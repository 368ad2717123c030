// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/unique_fd.hpp"
#include "ociassemble/blob_store.hpp"

namespace ociassemble {

// The regular files in a tar archive, by path; links in it are followed. The bytes are read in place where the archive
// is plain ustar. Of another only small files are unpacked at first, as documents are, and large ones into a temporary
// store when one of them is read; of a pipe all, which can be read only once. Safe for concurrent use; copies share
// what was unpacked. The archive is read through the descriptor that was opened: replacing the file does no harm.
class ArchiveFiles {
 public:
  // Files whose path `wanted` refuses are left out, so that they need not be unpacked. Throws Error{corrupt} naming the
  // file for what is no archive, Error{not_found}, Error{io}.
  ArchiveFiles(const std::filesystem::path& file, const std::function<bool(std::string_view path)>& wanted,
               const std::stop_token& stop);

  const std::string& name() const noexcept { return name_; }
  bool contains(const std::string& path) const { return find(path) != nullptr; }
  // Throw Error{corrupt} when there is no such file. The source may outlive this object.
  std::uint64_t size(const std::string& path) const;
  std::unique_ptr<Source> open(const std::string& path) const;
  std::string read(const std::string& path, std::size_t limit) const;
  // Whether reading a large file takes unpacking it.
  bool is_packed() const noexcept { return unpacked_ != nullptr; }
  // What is going to be read, so that it is unpacked in one go.
  void expect(const std::set<std::string>& paths) const;

 private:
  struct InPlace {
    std::uint64_t offset;
    std::uint64_t size;
  };
  struct Link {
    std::string target;  // a path in the archive
  };
  struct Packed {
    std::uint64_t size;
  };
  using Member = std::variant<InPlace, Packed, Link>;
  // What was unpacked so far.
  struct Unpacked {
    std::mutex mutex;
    std::shared_ptr<BlobStore> store;
    std::map<std::string, Descriptor> files;
    std::set<std::string> expected;
  };

  bool scan_plain_tar(const std::stop_token& stop);
  void list_packed(const std::function<bool(std::string_view path)>& wanted, const std::stop_token& stop);
  std::unique_ptr<Source> open_packed(const std::string& path) const;
  void unpack_expected() const;
  void add(std::string path, Member member);
  // With its path; links are followed.
  const std::pair<const std::string, Member>* find(const std::string& path) const;
  const std::pair<const std::string, Member>& get(const std::string& path) const;

  std::string name_;
  std::shared_ptr<const UniqueFd> fd_;
  std::uint64_t file_size_ = 0;         // of a regular file
  std::shared_ptr<Unpacked> unpacked_;  // null where all is read in place
  std::map<std::string, Member> members_;
};

}  // namespace ociassemble
