// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ociassemble {

// What a request needs to be allowed to do.
struct Scope {
  std::string repository;           // whose credentials count
  std::vector<std::string> scopes;  // "repository:library/alpine:pull"

  static Scope pull(const std::string& repository) { return {repository, {"repository:" + repository + ":pull"}}; }
  static Scope push(const std::string& repository) { return {repository, {"repository:" + repository + ":pull,push"}}; }
  // Also to look the manifest up.
  static Scope remove(const std::string& repository) {
    return {repository, {"repository:" + repository + ":pull,delete"}};
  }
  // Also to read from another repository, for a mount.
  Scope and_pull(const std::string& other) const;
  std::string key() const;  // the scopes, joined by spaces
};

struct Token {
  std::string text;
  std::chrono::seconds lifetime{60};
};

// The answer of a token server: "token" or "access_token", "expires_in" (60 s when absent or less, as docker has it).
// Nothing when it holds no token that fits into a header field.
std::optional<Token> parse_token(std::string_view json);

// The "refresh_token" that an OAuth2 answer may hold.
std::optional<std::string> parse_refresh_token(std::string_view json);

// Tokens by scope, each until shortly before it expires. One thread at a time.
class TokenCache {
 public:
  using Time = std::chrono::steady_clock::time_point;

  void store(const Scope& scope, const Token& token, Time now);
  // A token for exactly these scopes, or for pushing to the repository where only pulling is asked for.
  std::optional<std::string> find(const Scope& scope, Time now) const;

 private:
  struct Entry {
    std::string text;
    Time until;
  };
  std::optional<std::string> find_key(const std::string& key, Time now) const;

  std::map<std::string, Entry> entries_;
};

}  // namespace ociassemble
