// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "ociassemble/registry.hpp"
#include "registry/auth/auth_file.hpp"

namespace ociassemble {

// The files to look in, in order, as this process's environment says: $DOCKER_CONFIG/config.json (else
// ~/.docker/config.json), $REGISTRY_AUTH_FILE, $XDG_RUNTIME_DIR/containers/auth.json (else
// /run/containers/UID/auth.json), $XDG_CONFIG_HOME/containers/auth.json (else ~/.config/containers/auth.json).
std::vector<std::filesystem::path> auth_files();

// Finds what to log in to a registry's repository with: the options' own, else the files' in order. Reads the files
// each time. Safe for concurrent use.
class CredentialStore {
 public:
  using Warn = std::function<void(const std::string&)>;

  // `given` is for the registry `given_for` alone, written as a key of an auth file may be; "*" means every one.
  CredentialStore(std::optional<Credentials> given, std::string given_for, std::vector<std::filesystem::path> files,
                  Warn warn)
      : given_(std::move(given)), given_for_(std::move(given_for)), files_(std::move(files)), warn_(std::move(warn)) {}

  // Nothing when nobody knows any. A helper that is missing or fails, and a file that is no JSON, is a warning.
  std::optional<Credentials> find(const std::string& registry, const std::string& repository,
                                  const std::stop_token& stop) const;

  // Whether credentials were given for this registry.
  bool is_given_for(const std::string& registry) const { return given_ && is_meant(registry); }
  // Whether credentials were given, but not for this registry.
  bool withholds_from(const std::string& registry) const { return given_ && !is_meant(registry); }

 private:
  bool is_meant(const std::string& registry) const {
    return given_for_ == "*" || (!given_for_.empty() && names_registry(given_for_, registry));
  }
  std::optional<Credentials> find_in(const std::filesystem::path& file, const std::string& registry,
                                     const std::string& repository, const std::stop_token& stop) const;

  const std::optional<Credentials> given_;
  const std::string given_for_;
  const std::vector<std::filesystem::path> files_;
  const Warn warn_;
};

}  // namespace ociassemble
