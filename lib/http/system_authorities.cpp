// SPDX-License-Identifier: Apache-2.0
#include "http/system_authorities.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/system_error.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::array<std::string_view, 5> kFiles{
    "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Alpine, Arch, NixOS, distroless
    "/etc/pki/tls/certs/ca-bundle.crt",                   // Fedora, RHEL 6 and later
    "/etc/ssl/ca-bundle.pem",                             // openSUSE
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // RHEL 7 and later
    "/etc/ssl/cert.pem",                                  // Alpine, Void, the BSDs
};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

constexpr std::array kFolders{
    "/etc/ssl/certs",                                  // Debian, Alpine, SUSE
    "/etc/pki/ca-trust/extracted/pem/directory-hash",  // Fedora
};

// "a94d09e5.0".
bool is_hashed_name(std::string_view name) noexcept {
  constexpr std::size_t kHash = 8;
  return name.size() > kHash + 1 && name.find_first_not_of("0123456789abcdef") == kHash && name[kHash] == '.' &&
         name.find_first_not_of("0123456789", kHash + 1) == std::string_view::npos;
}

bool is_hashed(const char* folder) {
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (is_hashed_name(at->path().filename().native())) return true;
  }
  return false;
}

bool can_be_read(const char* path) { return ::access(path, R_OK) == 0; }

}  // namespace

SystemAuthorities find_system_authorities(const char* curls_file, const char* curls_folder) {
  SystemAuthorities found{.file = variable("SSL_CERT_FILE"), .folder = variable("SSL_CERT_DIR")};
  if (!found.file.empty() && !can_be_read(found.file.c_str())) {
    const int error = errno;
    throw Error(error == ENOENT || error == ENOTDIR ? ErrorCode::not_found : ErrorCode::io,
                fmt::format("cannot read {}, which SSL_CERT_FILE names: {}", found.file, errno_text(error)),
                "unset SSL_CERT_FILE, or let it name a PEM file of CA certificates");
  }
  if (!found.file.empty() || !found.folder.empty()) return found;
  if (curls_folder != nullptr && is_hashed(curls_folder)) found.folder = curls_folder;
  if (curls_file != nullptr && can_be_read(curls_file)) found.file = curls_file;
  for (const auto file : kFiles) {
    if (found.file.empty() && can_be_read(file.data())) found.file = file;
  }
  // Beside a file that is no system's, a system's folder would add to whom is trusted.
  if (std::ranges::find(kFiles, found.file) == kFiles.end()) return found;
  for (const char* folder : kFolders) {
    if (found.folder.empty() && is_hashed(folder)) found.folder = folder;
  }
  return found;
}

}  // namespace ociassemble
