// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gates/library_facts.hpp"

namespace ociassemble {

// The small files that loaders read.
inline constexpr std::array<std::string_view, 3> kLoaderTexts{"etc/ld.so.cache", "etc/ld-musl-x86_64.path",
                                                              "etc/ld-musl-aarch64.path"};

// The files of users and groups.
inline constexpr std::array<std::string_view, 2> kAccountTexts{"etc/passwd", "etc/group"};

// Where programs look for CA certificates, in the order in which Go's crypto/x509 does.
inline constexpr std::array<std::string_view, 6> kCertificateFiles{"etc/ssl/certs/ca-certificates.crt",
                                                                   "etc/pki/tls/certs/ca-bundle.crt",
                                                                   "etc/ssl/ca-bundle.pem",
                                                                   "etc/pki/tls/cacert.pem",
                                                                   "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
                                                                   "etc/ssl/cert.pem"};

// A regular file of a root file system, as a program finds it.
struct RootFile {
  std::string path;  // "usr/lib/x86_64-linux-gnu/libc.so.6": without symlinks and without a leading '/'
  std::uint32_t mode = 0;
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
  std::shared_ptr<const LibraryFacts> library;  // null where nobody looked; mode and owner are then not known either
  std::optional<std::uint64_t> certificates;    // how many there are in one of kCertificateFiles, where it is known
};

struct RootFolder {
  std::uint32_t mode = 0;
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
  bool has_entries = false;
};

// The root file system that an image will have. One thread.
class RootFiles {
 public:
  RootFiles() = default;
  RootFiles(const RootFiles&) = delete;
  RootFiles& operator=(const RootFiles&) = delete;
  virtual ~RootFiles() = default;

  // The regular file at a path, through all symlinks, inside the root; nothing where there is none.
  virtual std::optional<RootFile> find(std::string_view path) const = 0;
  // The folder at a path, found in the same way.
  virtual std::optional<RootFolder> folder(std::string_view path) const = 0;
  // The contents of one of the small files in kLoaderTexts and kAccountTexts, found in the same way.
  virtual std::optional<std::string> text(std::string_view path) const = 0;
  // Where files of this name are, links not followed, for a message: "opt/libz.so.1".
  virtual std::vector<std::string> paths_named(std::string_view name) const = 0;
  // Whether the user may search every folder on the way to a file that find() gave.
  virtual bool may_reach(std::string_view path, std::uint64_t uid, std::uint64_t gid) const = 0;
};

}  // namespace ociassemble
