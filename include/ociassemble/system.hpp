// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ociassemble/export.hpp"
#include "ociassemble/image.hpp"
#include "ociassemble/workplace.hpp"

namespace ociassemble {

// A package that is installed in an image, as the database of its manager says it.
struct InstalledPackage {
  std::string manager;  // "apk" or "dpkg"
  std::string name;
  std::string version;
  std::string architecture;
  std::string source_name;     // what it was built from: dpkg's source package, apk's origin
  std::string source_version;  // differs from `version` for dpkg's rebuilds and for sources that build several things
  std::string license;         // apk only

  bool operator==(const InstalledPackage&) const = default;
};

// What an image's files say of the system in it. All texts are the image's own, without control characters.
struct ImageSystem {
  std::string name;                           // "Debian GNU/Linux 12 (bookworm)"; empty without os-release
  std::string id;                             // "debian"
  std::string version_id;                     // "12"
  std::string libc;                           // "glibc" or "musl"; empty where there is no loader of either
  std::string libc_version;                   // of glibc: "2.36"
  std::vector<std::string> loaders;           // "/lib/ld-musl-x86_64.so.1"
  std::uint64_t libraries = 0;                // shared ones
  unsigned x86_level = 0;                     // the highest that a library is marked with; 0: none is
  std::optional<std::uint64_t> certificates;  // in the CA bundle, where there is one
  bool has_time_zones = false;
  std::vector<std::string> shells;            // "/bin/sh"
  std::vector<std::string> users;             // names in /etc/passwd, in its order
  std::vector<std::string> package_managers;  // whose databases are there: "apk", "dpkg"
  std::vector<InstalledPackage> packages;     // in the order of the databases
  std::uint64_t broken_records = 0;           // of the databases, that name no package or version
};

// Reads an image's layers, or takes what the workplace's cache knows of them. Throws what reading layers throws:
// DigestMismatch, Error{corrupt}, Error{unsupported}, Error{io}; HttpError for an image in a registry.
OCIASSEMBLE_EXPORT ImageSystem read_system(const Image& image, const Workplace& workplace);

}  // namespace ociassemble
