// SPDX-License-Identifier: Apache-2.0
#include "registry/auth/credentials.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "registry/auth/credential_helper.hpp"

namespace ociassemble {
namespace {

// An empty variable is as good as none.
std::optional<std::filesystem::path> path_variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return {};
  return value;
}

}  // namespace

std::vector<std::filesystem::path> auth_files() {
  std::vector<std::filesystem::path> files;
  const auto home = path_variable("HOME");
  const auto add = [&](std::optional<std::filesystem::path> folder, const char* name) {
    if (folder) files.push_back(*folder / name);
  };
  const auto in_home = [&](const char* name) { return home ? std::optional(*home / name) : std::nullopt; };
  const auto docker = path_variable("DOCKER_CONFIG");
  add(docker ? docker : in_home(".docker"), "config.json");
  if (auto file = path_variable("REGISTRY_AUTH_FILE")) files.push_back(std::move(*file));
  const auto runtime = path_variable("XDG_RUNTIME_DIR");
  add(runtime ? *runtime / "containers" : std::filesystem::path(fmt::format("/run/containers/{}", ::getuid())),
      "auth.json");
  const auto config = path_variable("XDG_CONFIG_HOME");
  add(config ? config : in_home(".config"), "containers/auth.json");
  return files;
}

std::optional<Credentials> CredentialStore::find(const std::string& registry, const std::string& repository,
                                                 const std::stop_token& stop) const {
  if (is_given_for(registry)) return given_;
  for (const auto& file : files_) {
    if (auto found = find_in(file, registry, repository, stop)) return found;
  }
  return {};
}

std::optional<Credentials> CredentialStore::find_in(const std::filesystem::path& file, const std::string& registry,
                                                    const std::string& repository, const std::stop_token& stop) const {
  try {
    const auto json = read_file_if_exists(file, kMaxAuthFile);
    if (!json) return {};
    const auto entry = find_auth(*json, file.string(), registry, repository);
    if (!entry || entry->helper.empty()) return entry ? entry->credentials : std::nullopt;
    return ask_credential_helper(entry->helper, entry->server, stop);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::interrupted) throw;
    if (warn_) warn_(error.what());
    return {};
  }
}

}  // namespace ociassemble
