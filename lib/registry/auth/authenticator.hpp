// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "registry/auth/challenge.hpp"
#include "registry/auth/credentials.hpp"
#include "registry/auth/host_memory.hpp"
#include "registry/auth/token.hpp"
#include "registry/failure.hpp"
#include "registry/retry.hpp"
#include "registry/sender.hpp"

namespace ociassemble {

// Knows what to put into the Authorization field for one registry: learns the way from the registry's first 401, keeps
// tokens by scope, and renews them. Safe for concurrent use; of each scope one thread at a time asks for a token, and
// the others wait and find it.
class Authenticator {
 public:
  Authenticator(std::string registry, std::shared_ptr<const CredentialStore> credentials,
                std::shared_ptr<const Sender> sender, const RetryPolicy& policy, std::shared_ptr<HostMemory> memory)
      : registry_(std::move(registry)),
        credentials_(std::move(credentials)),
        sender_(std::move(sender)),
        policy_(policy),
        memory_(std::move(memory)) {}

  // The field's value for `registry`; nothing while nobody asked for one, now or in a run of the last day. May ask the
  // token server.
  std::optional<std::string> authorization(const Url& registry, const Scope& scope, const std::stop_token& stop);

  // Takes in a 401 from `registry` with its challenges, after `refused` was sent. Returns whether there is something
  // new to try. Throws HttpError{unauthorized} when the token server refuses, Error{network}, Error{unsupported} for a
  // token server of weaker transport, or at a private address where the registry is not.
  bool renew(const Url& registry, const std::vector<Challenge>& challenges, const Scope& scope,
             const std::optional<std::string>& refused, const std::stop_token& stop);
  // The credentials that requests for the repository have; nothing before the registry asked for any.
  std::optional<UsedLogin> login_of(const std::string& repository) const;
  // Whether the registry has issued a challenge.
  bool was_asked() const {
    const std::lock_guard lock(mutex_);
    return mode_ != Mode::unknown;
  }

 private:
  enum class Mode { unknown, basic, bearer };
  using Lock = std::unique_lock<std::mutex>;

  // Who gives tokens.
  struct TokenService {
    Url realm;
    std::string name;
  };
  class Asking;

  void recall(const Url& registry);
  void remember(const Url& registry);
  const std::optional<Credentials>& credentials_for(const std::string& repository, const std::stop_token& stop);
  bool use_bearer(const Url& registry, const Challenge& challenge, const Scope& scope,
                  const std::optional<std::string>& refused, const std::stop_token& stop, Lock& lock);
  bool use_basic(const Url& registry, const Scope& scope, const std::optional<std::string>& refused,
                 const std::stop_token& stop);
  HttpError refused(int status, std::string_view body, const std::optional<Credentials>& credentials) const;
  UsedLogin used(const Credentials& credentials, bool is_accepted) const;
  void remember_refresh_token(const std::string& old, const std::string& answer);
  // Gives up the lock while it waits.
  std::string fetch_token(const Scope& scope, const std::stop_token& stop, Lock& lock);
  // Without the lock.
  std::string ask_token_server(const TokenService& service, const Scope& wanted,
                               const std::optional<Credentials>& credentials, const std::stop_token& stop);
  std::optional<std::string> ask_with_identity(const TokenService& service, const Scope& wanted,
                                               const Credentials& credentials, const std::stop_token& stop);
  std::string ask_with_get(const TokenService& service, const Scope& wanted,
                           const std::optional<Credentials>& credentials, const std::stop_token& stop);
  std::pair<int, std::string> ask(const HttpRequest& request, const Url& url,
                                  const std::optional<std::string>& authorization, const std::stop_token& stop);

  const std::string registry_;
  const std::shared_ptr<const CredentialStore> credentials_;
  const std::shared_ptr<const Sender> sender_;
  const RetryPolicy policy_;
  const std::shared_ptr<HostMemory> memory_;  // may be null

  mutable std::mutex mutex_;  // of all below
  std::condition_variable_any asked_;
  std::set<std::string> asking_;  // scopes' keys; an empty one is for all that have a refresh token
  Mode mode_ = Mode::unknown;
  bool recalled_ = false;  // the mode was another run's, and the registry has not confirmed it
  bool was_recalled_ = false;
  std::optional<TokenService> service_;
  std::map<std::string, std::vector<std::string>> demanded_;  // scopes that a challenge named, by our scope's key
  TokenCache tokens_;
  std::map<std::string, std::optional<Credentials>> known_;  // by repository
};

}  // namespace ociassemble
