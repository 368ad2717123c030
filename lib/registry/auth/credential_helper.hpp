// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>

#include "registry/auth/auth_file.hpp"

namespace ociassemble {

// Asks `docker-credential-NAME get` for the credentials of `server`; nothing when it has none. The program gets the
// server's name on its standard input, and its errors are not shown. Throws Error{not_found} when there is no such
// program, Error{io} when it cannot be run or does not end in time, Error{interrupted}.
std::optional<Credentials> ask_credential_helper(const std::string& name, const std::string& server,
                                                 const std::stop_token& stop,
                                                 std::chrono::seconds patience = std::chrono::seconds(60));

// Runs `docker-credential-NAME VERB` with `input` on its standard input. Throws as ask_credential_helper(), and
// Error{io} when the program fails; its words are not shown, they may repeat the secret.
enum class HelperVerb { store, erase };
void run_credential_helper(const std::string& name, HelperVerb verb, const std::string& input,
                           const std::stop_token& stop, std::chrono::seconds patience = std::chrono::seconds(60));

}  // namespace ociassemble
