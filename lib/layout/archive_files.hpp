// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>

#include "base/unique_fd.hpp"
#include "ociassemble/blob_store.hpp"

namespace ociassemble {

// The regular files in a tar archive, by path; links in it are followed. The bytes are read in place where the archive
// is plain ustar, else from a temporary store. Immutable; safe for concurrent use. The archive is read through the
// descriptor that was opened: replacing the file does no harm.
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

 private:
  struct InPlace {
    std::uint64_t offset;
    std::uint64_t size;
  };
  struct Link {
    std::string target;  // a path in the archive
  };
  using Member = std::variant<InPlace, Descriptor, Link>;

  bool scan_plain_tar(const std::stop_token& stop);
  void unpack(const std::function<bool(std::string_view path)>& wanted, const std::stop_token& stop);
  void add(std::string path, Member member);
  const Member* find(const std::string& path) const;
  const Member& get(const std::string& path) const;

  std::string name_;
  std::shared_ptr<const UniqueFd> fd_;
  std::shared_ptr<BlobStore> unpacked_;  // null where all is read in place
  std::map<std::string, Member> members_;
};

}  // namespace ociassemble
