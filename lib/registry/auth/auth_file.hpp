// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ociassemble {

// What is larger is no auth file.
inline constexpr std::size_t kMaxAuthFile = std::size_t{4} << 20U;

// How to prove who we are. Either of the tokens stands alone; else username and password.
struct Credentials {
  std::string username;
  std::string password;
  std::string identity_token;  // to be exchanged for access tokens (OAuth2)
  std::string registry_token;  // an access token already

  bool operator==(const Credentials&) const = default;
};

// What an auth file says about a repository: credentials, or the program to ask for them.
struct AuthEntry {
  std::optional<Credentials> credentials;
  std::string helper;  // NAME of docker-credential-NAME; empty when `credentials` are there
  std::string server;  // what to ask that program for

  bool operator==(const AuthEntry&) const = default;
};

// Looks up REGISTRY/REPOSITORY in the text of docker's config.json or containers' auth.json: "credHelpers" and "auths"
// by the longest match on host and path, keys with or without "https://", "/v1/", "/v2/"; then "credsStore". For
// docker.io, "index.docker.io" counts as well. Throws Error{corrupt} naming `file` for what is no JSON object; members
// of the wrong type are as good as absent.
std::optional<AuthEntry> find_auth(std::string_view json, std::string_view file, std::string_view registry,
                                   std::string_view repository);

// The answer of `docker-credential-NAME get`; the user "<token>" means an identity token. Nothing when it holds none.
std::optional<Credentials> parse_helper_answer(std::string_view json);

// Whether a key of an auth file ("https://index.docker.io/v1/", "host:port") stands for the whole registry.
bool names_registry(std::string_view key, std::string_view registry);

// The name under which docker stores a registry's credentials: Docker Hub's is "https://index.docker.io/v1/".
std::string credential_server(std::string_view registry);

}  // namespace ociassemble
