// SPDX-License-Identifier: Apache-2.0
#include "registry/registry_session.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <utility>

namespace ociassemble {
namespace {

std::vector<std::filesystem::path> certificate_folders() { return {"/etc/containers/certs.d", "/etc/docker/certs.d"}; }

std::optional<Credentials> given_credentials(const RegistryOptions& options) {
  if (!options.username || !options.password) return {};
  if (*options.username == "<token>") return Credentials{.identity_token = *options.password};
  return Credentials{.username = *options.username, .password = *options.password};
}

struct Probe {
  int status = 0;
  std::optional<TransportError> failure;
};

Probe probe(HttpTransport& transport, const Url& url, const std::stop_token& stop) {
  HttpRequest request;
  request.url = url.to_string();
  request.stop = stop;
  try {
    const auto answer = transport.open(request);
    collect_beginning(*answer, kMaxErrorBody);
    return {answer->status(), {}};
  } catch (const TransportError& error) {
    return {0, error};
  }
}

std::vector<Challenge> challenges_of(const HttpHeaders& headers) {
  std::vector<Challenge> challenges;
  for (const auto& field : headers.all("WWW-Authenticate")) {
    for (auto& challenge : parse_challenges(field)) challenges.push_back(std::move(challenge));
  }
  return challenges;
}

bool wants_wider_scope(const std::vector<Challenge>& challenges) {
  const auto bearer = find_challenge(challenges, "bearer");
  return bearer && bearer->parameter("error") == "insufficient_scope";
}

// 401; RFC 6750 (section 3.1) has 403 for a token that allows too little.
bool asks_for_token(const SentAnswer& answer) {
  const int status = answer.stream->status();
  return status == 401 || (status == 403 && wants_wider_scope(challenges_of(answer.stream->headers())));
}

// How those that speak TLS answer plain HTTP, if at all: that it was a bad request, or the way to https.
bool is_answer_of_tls_server(int status) { return status == 400 || status / 100 == 3; }

// What registries say about an answer; no web server has a reason to.
bool has_field_of_registry(const HttpHeaders& headers) {
  constexpr const char* fields[] = {"Docker-Content-Digest", "Docker-Distribution-API-Version", "Docker-Upload-UUID",
                                    "Location"};
  return std::ranges::any_of(fields, [&](const char* name) { return headers.find(name).has_value(); });
}

}  // namespace

bool RegistryAnswer::is_web_page() const {
  if (!is_html(media_type_of(headers))) return false;
  // Quay says so of all that has no type, an answer without a body among it.
  const auto text = body.find_first_not_of(" \t\r\n");
  return text == std::string::npos ? !has_field_of_registry(headers) : body[text] == '<';
}

std::shared_ptr<const RegistryContext> make_registry_context(RegistryOptions options) {
  return make_registry_context(std::move(options), {}, {});
}

std::shared_ptr<const RegistryContext> make_registry_context(RegistryOptions options, const std::string& registry,
                                                             HostTrust trust) {
  using Scheme = HostTrust::Scheme;
  if (trust.scheme == Scheme::http || trust.scheme == Scheme::https_else_http)
    options.plain_http.push_back(to_lower(registry));
  auto context = std::make_shared<RegistryContext>();
  context->policy = {.tries = std::max(options.tries, 1), .first_delay = options.first_delay};
  context->listener = std::make_shared<Listener>(options);
  context->transport =
      make_curl_transport({.ca_file = options.ca_file,
                           .verify_tls = options.verify_tls,
                           .special_server = registry == "docker.io" ? "registry-1.docker.io" : to_lower(registry),
                           .verify_special_server = !trust.any_certificate,
                           .special_ca_files = trust.ca_files,
                           .certificate_folders = certificate_folders()});
  context->sender =
      std::make_shared<const Sender>(context->transport, PlainHttpPolicy(options.plain_http), context->listener);
  context->credentials = std::make_shared<const CredentialStore>(
      given_credentials(options), options.credentials_registry, auth_files(),
      [listener = context->listener](const std::string& text) { listener->warn(text); });
  if (auto records = open_record_cache(options.cache_folder, {}))
    context->memory = std::make_shared<HostMemory>(std::move(*records));
  context->options = std::move(options);
  context->trust = std::move(trust);
  return context;
}

RegistrySession::RegistrySession(std::string registry, std::shared_ptr<const RegistryContext> context,
                                 std::stop_token stop)
    : registry_(std::move(registry)),
      context_(std::move(context)),
      stop_(std::move(stop)),
      authenticator_(registry_, context_->credentials, context_->sender, context_->policy, context_->memory),
      pace_(context_->policy) {}

const Endpoint& RegistrySession::endpoint() {
  const std::lock_guard lock(endpoint_mutex_);
  if (!endpoint_) endpoint_.emplace(registry_, speaks_tls(), context_->trust.mirrored_registry);
  return *endpoint_;
}

bool RegistrySession::speaks_tls() {
  using Scheme = HostTrust::Scheme;
  const auto scheme = context_->trust.scheme;
  if (scheme == Scheme::https || scheme == Scheme::http) return scheme == Scheme::https;
  if (scheme != Scheme::https_else_http && context_->sender->policy().names(registry_)) return false;
  const Endpoint secure(registry_, true);
  if (scheme != Scheme::https_else_http && !secure.root().is_loopback()) return true;
  // On this machine both are usual, and asking costs nothing; as is asking a host that may have either.
  for (Retrier retrier(context_->policy, stop_);;) {
    const auto answer = probe(*context_->transport, secure.root(), stop_);
    if (!answer.failure || answer.failure->kind() == TransportError::Kind::permanent)
      return true;  // not trusted, but TLS
    if (answer.failure->kind() == TransportError::Kind::not_tls) return false;
    // It is in trouble, or hangs up on what it does not understand; then it understands plain HTTP.
    const auto plain = probe(*context_->transport, Endpoint(registry_, false).root(), stop_);
    if (!plain.failure && !is_answer_of_tls_server(plain.status)) return false;
    if (!retrier.wait()) throw Error(ErrorCode::network, answer.failure->what(), answer.failure->hint());
  }
}

SentAnswer RegistrySession::exchange(const RegistryCall& call) {
  try {
    return exchange_in_turn(call);
  } catch (const HttpError&) {
    throw;  // scrubbed where it was made, and its callers look at the status
  } catch (const TransportError& error) {
    const auto clean = listener().scrub(error);
    throw TransportError(error.kind(), clean.what(), clean.hint());
  } catch (const Error& error) {
    // What a server says in a header field can hold a secret, too.
    throw listener().scrub(error);
  }
}

SentAnswer RegistrySession::exchange_in_turn(const RegistryCall& call) {
  const auto home = endpoint().root();
  if (!call.url.same_origin(home)) return exchange_at_once(call, home);
  sleep_until(pace_.take_turn(std::chrono::steady_clock::now()), call.stop);
  auto answer = exchange_at_once(call, home);
  if (is_rate_limit(answer.stream->status())) {
    pace_.slow_down(std::chrono::steady_clock::now(), retry_after(answer.stream->headers()));
  } else {
    pace_.speed_up();
  }
  return answer;
}

SentAnswer RegistrySession::exchange_at_once(const RegistryCall& call, const Url& home) {
  HttpRequest request;
  request.method = call.method;
  request.headers = call.headers;
  request.body = call.body;
  request.stop = call.stop;
  request.large = call.large;
  auto authorization =
      call.url.same_origin(home) ? authenticator_.authorization(home, call.scope, call.stop) : std::nullopt;
  for (bool widened = false, renewed = false;;) {
    auto answer = context_->sender->send(request, call.url, authorization, home, call.redirects);
    if (!asks_for_token(answer) || !answer.url.same_origin(home)) return answer;
    const auto challenges = challenges_of(answer.stream->headers());
    // A token that allows too little is asked for once more, with what the registry says is missing (RFC 6750, 3.1).
    const bool widens = renewed && !widened && wants_wider_scope(challenges);
    if (renewed && !widens) return answer;
    widened = widens;
    renewed = true;
    // The body is not read: a refusal that comes to nothing is returned with it. Its connection is given up only when
    // there is something else to try.
    if (!authenticator_.renew(home, challenges, call.scope, authorization, call.stop)) return answer;
    collect_beginning(*answer.stream, kMaxErrorBody);
    answer.stream.reset();
    authorization = authenticator_.authorization(home, call.scope, call.stop);
  }
}

bool RegistrySession::takes_streams() const {
  if (refuses_streams_) return false;
  return !context_->memory || !context_->memory->refuses_streams(registry_, std::time(nullptr));
}

void RegistrySession::note_refusal_of_streams() {
  if (refuses_streams_.exchange(true)) return;
  if (context_->memory) context_->memory->put_refusal_of_streams(registry_, std::time(nullptr));
}

RegistryAnswer RegistrySession::request_once(const RegistryCall& call, std::size_t limit) {
  auto [stream, url] = exchange(call);
  RegistryAnswer answer{stream->status(), stream->headers(), {}, url, login_of(call.scope, stream->status(), url)};
  // What was done is done, also where the words about it break off.
  const bool wanted = answer.status >= 200 && answer.status < 300 && call.method == "GET";
  answer.body = wanted ? collect_body(*stream, limit, "the answer of " + url.authority())
                       : collect_beginning(*stream, kMaxErrorBody);
  return answer;
}

RegistryAnswer RegistrySession::request(const RegistryCall& call, std::size_t limit) {
  Retrier retrier(context_->policy, call.stop);
  for (;;) {
    try {
      auto answer = request_once(call, limit);
      if (!is_worth_retrying(answer.status) || !retrier.wait(retry_after(answer.headers))) return answer;
    } catch (const TransportError& error) {
      if (error.kind() != TransportError::Kind::transient || !retrier.wait()) throw error.final();
    }
  }
}

std::optional<UsedLogin> RegistrySession::login_of(const Scope& scope, int status, const Url& answered) {
  // Another server, such as a blob store behind a redirect, did not get them.
  if ((status != 401 && status != 403) || !answered.same_origin(endpoint().root())) return {};
  return authenticator_.login_of(scope.repository);
}

HttpError RegistrySession::failure(const std::string& action, const RegistryAnswer& answer,
                                   std::string_view missing) const {
  const auto type = media_type_of(answer.headers);
  return refusal({.action = action,
                  .status = answer.status,
                  .media_type = type,
                  .body = answer.body,
                  .missing = missing,
                  .registry = registry_,
                  .withheld_credentials = context_->credentials->withholds_from(registry_),
                  .login = answer.login,
                  .proxy = answer.url.is_https() ? std::nullopt : proxy_for(answer.url)},
                 listener().scrubber());
}

std::string media_type_of(const HttpHeaders& headers) {
  const auto value = headers.find("Content-Type").value_or(std::string());
  const auto end = value.find_first_of("; \t,");
  return to_lower(value.substr(0, end));
}

}  // namespace ociassemble
