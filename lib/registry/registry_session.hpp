// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "http/http.hpp"
#include "ociassemble/registry.hpp"
#include "registry/auth/authenticator.hpp"
#include "registry/auth/credentials.hpp"
#include "registry/auth/token.hpp"
#include "registry/endpoint.hpp"
#include "registry/failure.hpp"
#include "registry/host_trust.hpp"
#include "registry/pace.hpp"
#include "registry/retry.hpp"
#include "registry/sender.hpp"

namespace ociassemble {

// One request to a registry, before authorisation is added.
struct RegistryCall {
  std::string method = "GET";
  Url url;
  Scope scope;
  std::stop_token stop;
  HttpHeaders headers = {};
  std::optional<HttpBody> body = {};
  Redirects redirects = Redirects::anywhere;
  bool large = false;  // see HttpRequest
};

// An answer that was read to its end.
struct RegistryAnswer {
  int status = 0;
  HttpHeaders headers;
  std::string body;
  Url url;                              // who answered
  std::optional<UsedLogin> login = {};  // the request's, where the registry refused it (401, 403)

  // A web server's page, whatever its status, and not a registry's answer that is called one for want of a media type.
  bool is_web_page() const;
  bool succeeded() const { return status >= 200 && status < 300 && !is_web_page(); }
};

// What all sessions of a client have in common.
struct RegistryContext {
  RegistryOptions options;
  RetryPolicy policy;
  std::shared_ptr<Listener> listener;
  std::shared_ptr<HttpTransport> transport;
  std::shared_ptr<const Sender> sender;
  std::shared_ptr<const CredentialStore> credentials;
  std::shared_ptr<HostMemory> memory;  // may be null
  HostTrust trust;                     // of the one registry that the context is for, where it is for one
};

// With curl as the transport, and the credentials of the options and of this process's environment.
std::shared_ptr<const RegistryContext> make_registry_context(RegistryOptions options);
// The same for one registry, which is asked as a file of the system says. Throws Error{not_found} and Error{io} for
// certificates that cannot be read.
std::shared_ptr<const RegistryContext> make_registry_context(RegistryOptions options, const std::string& registry,
                                                             HostTrust trust);

// One registry: where it is, how to log in, how often to try. Safe for concurrent use.
class RegistrySession {
 public:
  RegistrySession(std::string registry, std::shared_ptr<const RegistryContext> context, std::stop_token stop);

  const std::string& registry() const noexcept { return registry_; }
  const RegistryContext& context() const noexcept { return *context_; }
  Listener& listener() const noexcept { return *context_->listener; }
  const std::stop_token& stop() const noexcept { return stop_; }
  // May ask the registry, once, whether it speaks TLS: loopback only. Throws Error{network} when it does not say.
  const Endpoint& endpoint();

  // One try: in its turn (see Pace), authorised, renewed once after a 401 (and once more where that
  // wants a wider scope), redirects followed. The answer may be any.
  // Throws TransportError.
  SentAnswer exchange(const RegistryCall& call);
  // As many tries as the policy has; the answer may be any. A body over `limit` is Error{corrupt}; that of a failure,
  // or of anything but a GET, is cut. Throws Error{network}, never TransportError.
  RegistryAnswer request(const RegistryCall& call, std::size_t limit = kMaxErrorBody);

  // Whether it is worth sending a body before its size is known: not where the registry refused one, in this run or in
  // one of the last day that used the same cache. No request.
  bool takes_streams() const;
  void note_refusal_of_streams();

  // Whether the registry has issued an authentication challenge.
  bool is_authorised() const { return authenticator_.was_asked(); }

  // The error for an answer: see refusal(). Without secrets.
  HttpError failure(const std::string& action, const RegistryAnswer& answer, std::string_view missing = {}) const;
  // The credentials that a request had which `answered` refused with this status; nothing for another status.
  std::optional<UsedLogin> login_of(const Scope& scope, int status, const Url& answered);

 private:
  RegistryAnswer request_once(const RegistryCall& call, std::size_t limit);
  SentAnswer exchange_in_turn(const RegistryCall& call);
  SentAnswer exchange_at_once(const RegistryCall& call, const Url& home);
  bool speaks_tls();

  const std::string registry_;
  const std::shared_ptr<const RegistryContext> context_;
  const std::stop_token stop_;
  Authenticator authenticator_;
  Pace pace_;
  std::atomic<bool> refuses_streams_{false};
  std::mutex endpoint_mutex_;
  std::optional<Endpoint> endpoint_;  // once there, it stays as it is
};

// The start of an answer's media type: "application/json; charset=utf-8" is "application/json".
std::string media_type_of(const HttpHeaders& headers);

}  // namespace ociassemble
