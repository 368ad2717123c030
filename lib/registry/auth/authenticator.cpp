// SPDX-License-Identifier: Apache-2.0
#include "registry/auth/authenticator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <sstream>
#include <utility>

#include "base/base64.hpp"
#include "base/stop.hpp"
#include "base/text.hpp"
#include "registry/failure.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMaxDemanded = 16;  // scopes that a registry may add to ours

std::string basic(const std::string& username, const std::string& password) {
  return "Basic " + encode_base64(username + ":" + password);
}

// application/x-www-form-urlencoded, of everything but the characters that never need it.
std::string form_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (is_letter_or_digit(c) || c == '-' || c == '_' || c == '.') {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
  }
  return encoded;
}

std::vector<std::string> words(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> all;
  for (std::string word; stream >> word;) all.push_back(word);
  return all;
}

bool has_password(const Credentials& credentials) {
  return !credentials.username.empty() && !credentials.password.empty();
}

// A registry names its token server; it shall not make us ask, with credentials, what only our network can reach.
void check_realm(const Url& registry, const Url& realm, const PlainHttpPolicy& policy) {
  const bool same_place = realm.host() == registry.host() || (realm.is_loopback() && registry.is_loopback());
  if (!same_place && (realm.is_loopback() || is_private_address(realm.host()))) {
    throw Error(
        ErrorCode::unsupported,
        fmt::format("cannot log in to {}: its token server {} is at a private address, where the registry is not",
                    registry.authority(), realm.authority()));
  }
  if (realm.is_https() || (!registry.is_https() && policy.allows(realm))) return;
  throw Error(ErrorCode::unsupported,
              fmt::format("cannot log in to {}: its token server {} would be asked over plain HTTP",
                          registry.authority(), realm.authority()));
}

}  // namespace

// One thread's asking for a token, without the lock: it is taken again at the end.
class Authenticator::Asking {
 public:
  Asking(Authenticator& authenticator, std::string key, Lock& lock)
      : authenticator_(authenticator), key_(std::move(key)), lock_(lock) {
    authenticator_.asking_.insert(key_);
    lock_.unlock();
  }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;
  ~Asking() {
    lock_.lock();
    authenticator_.asking_.erase(key_);
    authenticator_.asked_.notify_all();
  }

 private:
  Authenticator& authenticator_;
  const std::string key_;
  Lock& lock_;
};

std::optional<std::string> Authenticator::authorization(const Url& registry, const Scope& scope,
                                                        const std::stop_token& stop) {
  Lock lock(mutex_);
  recall(registry);
  if (mode_ == Mode::unknown) return {};
  if (mode_ == Mode::bearer) {
    if (const auto token = tokens_.find(scope, std::chrono::steady_clock::now())) return "Bearer " + *token;
    if (!recalled_) return "Bearer " + fetch_token(scope, stop, lock);
    try {
      return "Bearer " + fetch_token(scope, stop, lock);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::interrupted) throw;
      if (recalled_) mode_ = Mode::unknown;  // the registry says where to ask now
      return {};
    }
  }
  const auto& credentials = credentials_for(scope.repository, stop);
  if (!credentials) return {};
  return basic(credentials->username, credentials->password);
}

// What another run learned.
void Authenticator::recall(const Url& registry) {
  if (!memory_ || std::exchange(was_recalled_, true) || mode_ != Mode::unknown) return;
  const auto way = memory_->find(registry, std::time(nullptr));
  if (!way) return;
  try {
    if (way->kind == LoginWay::Kind::bearer) {
      auto realm = Url::parse(way->realm);
      check_realm(registry, realm, sender_->policy());
      service_ = {std::move(realm), way->service};
    }
    mode_ = way->kind == LoginWay::Kind::bearer ? Mode::bearer : Mode::basic;
    recalled_ = true;
  } catch (const Error&) {
    return;  // it would be refused if the registry said it
  }
}

void Authenticator::remember(const Url& registry) {
  recalled_ = false;
  if (!memory_) return;
  if (mode_ == Mode::bearer) {
    memory_->put(registry, {LoginWay::Kind::bearer, service_->realm.to_string(), service_->name}, std::time(nullptr));
  } else {
    memory_->put(registry, {LoginWay::Kind::basic}, std::time(nullptr));
  }
}

bool Authenticator::renew(const Url& registry, const std::vector<Challenge>& challenges, const Scope& scope,
                          const std::optional<std::string>& refused, const std::stop_token& stop) {
  Lock lock(mutex_);
  if (const auto bearer = find_challenge(challenges, "bearer"); bearer && !bearer->parameter("realm").empty())
    return use_bearer(registry, *bearer, scope, refused, stop, lock);
  if (find_challenge(challenges, "basic")) return use_basic(registry, scope, refused, stop);
  return false;
}

bool Authenticator::use_bearer(const Url& registry, const Challenge& challenge, const Scope& scope,
                               const std::optional<std::string>& refused, const std::stop_token& stop, Lock& lock) {
  const auto cached = tokens_.find(scope, std::chrono::steady_clock::now());
  if (mode_ == Mode::bearer && cached && "Bearer " + *cached != refused) return true;  // another thread was faster
  const auto realm = registry.resolve(challenge.parameter("realm"));
  check_realm(registry, realm, sender_->policy());
  mode_ = Mode::bearer;
  const TokenService service{realm, challenge.parameter("service")};
  const bool is_news =
      recalled_ || !service_ || service_->realm.to_string() != realm.to_string() || service_->name != service.name;
  service_ = service;
  if (is_news) remember(registry);
  auto& demanded = demanded_[scope.key()];
  for (auto& word : words(challenge.parameter("scope"))) {
    if (std::ranges::find(demanded, word) == demanded.end() && demanded.size() < kMaxDemanded)
      demanded.push_back(std::move(word));
  }
  return "Bearer " + fetch_token(scope, stop, lock) != refused;
}

bool Authenticator::use_basic(const Url& registry, const Scope& scope, const std::optional<std::string>& refused,
                              const std::stop_token& stop) {
  const auto& credentials = credentials_for(scope.repository, stop);
  if (!credentials || credentials->username.empty()) return false;
  if (basic(credentials->username, credentials->password) == refused) return false;
  mode_ = Mode::basic;
  remember(registry);
  return true;
}

const std::optional<Credentials>& Authenticator::credentials_for(const std::string& repository,
                                                                 const std::stop_token& stop) {
  if (const auto known = known_.find(repository); known != known_.end()) return known->second;
  auto found = credentials_->find(registry_, repository, stop);
  if (found) {
    auto& listener = sender_->listener();
    for (const auto* secret : {&found->password, &found->identity_token, &found->registry_token})
      listener.keep_secret(*secret);
    listener.keep_secret(encode_base64(found->username + ":" + found->password));
  }
  return known_.insert_or_assign(repository, std::move(found)).first->second;
}

std::string Authenticator::fetch_token(const Scope& scope, const std::stop_token& stop, Lock& lock) {
  const auto credentials = credentials_for(scope.repository, stop);
  if (credentials && !credentials->registry_token.empty()) return credentials->registry_token;
  // A server may take a refresh token once only, and give another.
  const auto key = credentials && !credentials->identity_token.empty() ? std::string() : scope.key();
  if (asking_.contains(key)) {
    asked_.wait(lock, stop, [&] { return !asking_.contains(key); });
    throw_if_stopped(stop);
    if (const auto token = tokens_.find(scope, std::chrono::steady_clock::now())) return *token;
    return fetch_token(scope, stop, lock);
  }
  Scope wanted = scope;
  for (const auto& demanded : demanded_[scope.key()]) {
    if (std::ranges::find(wanted.scopes, demanded) == wanted.scopes.end()) wanted.scopes.push_back(demanded);
  }
  const auto service = service_.value();
  const auto now = std::chrono::steady_clock::now();
  std::string answer;
  {
    const Asking asking(*this, key, lock);
    answer = ask_token_server(service, wanted, credentials, stop);
  }
  const auto token = parse_token(answer);
  if (!token) {
    throw Error(ErrorCode::corrupt,
                fmt::format("cannot log in to {}: {} answered without a token", registry_, service.realm.authority()));
  }
  sender_->listener().keep_secret(token->text);
  tokens_.store(scope, *token, now);
  return token->text;
}

std::string Authenticator::ask_token_server(const TokenService& service, const Scope& wanted,
                                            const std::optional<Credentials>& credentials,
                                            const std::stop_token& stop) {
  if (credentials && !credentials->identity_token.empty()) {
    if (auto answer = ask_with_identity(service, wanted, *credentials, stop)) return std::move(*answer);
  }
  return ask_with_get(service, wanted, credentials, stop);
}

// OAuth2 (distribution specification, "token/oauth"); nothing when the server has no such thing, which Google says with
// 404, Artifactory with 401 or 405, Harbor with 403. Where those may mean the token, a password is the other way.
std::optional<std::string> Authenticator::ask_with_identity(const TokenService& service, const Scope& wanted,
                                                            const Credentials& credentials,
                                                            const std::stop_token& stop) {
  HttpRequest request;
  request.method = "POST";
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  request.body = HttpBody::of(
      fmt::format("grant_type=refresh_token&service={}&scope={}&client_id=ociassemble&refresh_token={}",
                  form_encoded(service.name), form_encoded(wanted.key()), form_encoded(credentials.identity_token)));
  auto [status, body] = ask(request, service.realm, {}, stop);
  if (status == 404 || status == 405) return {};
  if ((status == 400 || status == 401 || status == 403) && has_password(credentials)) return {};
  if (status < 200 || status >= 300) throw refused(status, body, credentials);
  remember_refresh_token(credentials.identity_token, body);
  return std::move(body);
}

// A server may replace the refresh token; the old one is then worth nothing (RFC 6749, section 6).
void Authenticator::remember_refresh_token(const std::string& old, const std::string& answer) {
  const auto token = parse_refresh_token(answer);
  if (!token || *token == old) return;
  sender_->listener().keep_secret(*token);
  const std::lock_guard lock(mutex_);
  for (auto& [repository, credentials] : known_) {
    if (credentials && credentials->identity_token == old) credentials->identity_token = *token;
  }
}

UsedLogin Authenticator::used(const Credentials& credentials, bool is_accepted) const {
  return {.user = credentials.username, .is_given = credentials_->is_given_for(registry_), .is_accepted = is_accepted};
}

std::optional<UsedLogin> Authenticator::login_of(const std::string& repository) const {
  const std::lock_guard lock(mutex_);
  const auto known = known_.find(repository);
  if (mode_ == Mode::unknown || known == known_.end() || !known->second) return {};
  return used(*known->second, mode_ == Mode::bearer);
}

HttpError Authenticator::refused(int status, std::string_view body,
                                 const std::optional<Credentials>& credentials) const {
  return refusal({.action = "log in to " + registry_,
                  .status = status,
                  .media_type = {},
                  .body = body,
                  .registry = registry_,
                  .withheld_credentials = credentials_->withholds_from(registry_),
                  .login = credentials ? std::optional(used(*credentials, false)) : std::nullopt},
                 sender_->listener().scrubber());
}

std::string Authenticator::ask_with_get(const TokenService& service, const Scope& wanted,
                                        const std::optional<Credentials>& credentials, const std::stop_token& stop) {
  Url url = service.realm;
  if (!service.name.empty()) url = url.with_query("service", service.name);
  for (const auto& scope : wanted.scopes) url = url.with_query("scope", scope);
  std::optional<std::string> authorization;
  if (credentials &&
      (has_password(*credentials) || (!credentials->username.empty() && credentials->identity_token.empty()))) {
    url = url.with_query("account", credentials->username);
    authorization = basic(credentials->username, credentials->password);
  } else if (credentials && !credentials->identity_token.empty()) {
    authorization =
        basic(credentials->username.empty() ? "<token>" : credentials->username, credentials->identity_token);
    sender_->listener().keep_secret(authorization->substr(std::string_view("Basic ").size()));
  }
  auto [status, body] = ask({}, url, authorization, stop);
  if (status < 200 || status >= 300) throw refused(status, body, credentials);
  return std::move(body);
}

std::pair<int, std::string> Authenticator::ask(const HttpRequest& request, const Url& url,
                                               const std::optional<std::string>& authorization,
                                               const std::stop_token& stop) {
  HttpRequest stoppable = request;
  stoppable.stop = stop;
  Retrier retrier(policy_, stop);
  for (;;) {
    try {
      const auto answer = sender_->send(stoppable, url, authorization, url, Redirects::within_origin);
      const int status = answer.stream->status();
      if (status < 400) return {status, collect_body(*answer.stream, kMaxErrorBody, "the token of " + registry_)};
      const auto asked = retry_after(answer.stream->headers());
      auto body = collect_beginning(*answer.stream, kMaxErrorBody);
      if (!is_worth_retrying(status) || !retrier.wait(asked)) return {status, std::move(body)};
    } catch (const TransportError& error) {
      // A plain Error, so that the request that needed the token is not tried again on top.
      if (error.kind() != TransportError::Kind::transient || !retrier.wait()) throw error.final();
    }
  }
}

}  // namespace ociassemble
