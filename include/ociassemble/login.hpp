// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

#include "ociassemble/export.hpp"
#include "ociassemble/registry.hpp"

namespace ociassemble {

// How a login ended. `unasked`: the registry wants no credentials, so nothing says that they are right.
enum class LoginCheck { verified, unasked };

// Asks the registry ("docker.io", "host:port") GET /v2/ with these credentials; the user "<token>" means an identity
// token. Throws HttpError{unauthorized} when it refuses them. options.username and password are not looked at.
OCIASSEMBLE_EXPORT LoginCheck check_login(const std::string& registry, const std::string& username,
                                          const std::string& password, RegistryOptions options,
                                          const std::stop_token& stop);

// Keeps credentials as docker does: in `file` (docker's config.json), or by the helper that its credHelpers or
// credsStore name (docker-credential-NAME store). The file is replaced whole, with mode 0600; every other member of it
// is kept; a symlink stays one. Throws Error{corrupt} for a file that is no JSON object, Error{io}, and
// Error{not_found} for a helper that is not there. Safe between processes that use this function.
OCIASSEMBLE_EXPORT void store_login(const std::filesystem::path& file, const std::string& registry,
                                    const std::string& username, const std::string& password,
                                    const std::stop_token& stop);

// Forgets what the file or its helper has for the registry, in every spelling; false when that was nothing.
OCIASSEMBLE_EXPORT bool erase_login(const std::filesystem::path& file, const std::string& registry,
                                    const std::stop_token& stop);

}  // namespace ociassemble
