// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "fake_http.hpp"
#include "fake_registry_impl.hpp"

namespace ociassemble::test {
namespace {

constexpr std::size_t kWorkers = 48;  // an idle connection that is kept alive occupies one

}  // namespace

void FakeRegistry::Impl::listen() {
  server.new_task_queue = [] { return new httplib::ThreadPool(kWorkers); };
  server.set_keep_alive_max_count(1000000);
  server.set_tcp_nodelay(true);
  const auto plain = [this](const Request& request, Response& response) { handle(request, response, nullptr); };
  const auto reading = [this](const Request& request, Response& response, const ContentReader& reader) {
    handle(request, response, &reader);
  };
  server.Get(".*", plain);
  server.Delete(".*", plain);
  server.Post(".*", reading);
  server.Put(".*", reading);
  server.Patch(".*", reading);
  port = server.bind_to_any_port("127.0.0.1");
  thread = std::thread([this] { server.listen_after_bind(); });
  while (!server.is_running()) std::this_thread::yield();
}

std::optional<Fault> FakeRegistry::Impl::match_fault(const Request& request) {
  for (std::size_t i = 0; i < faults.size(); ++i) {
    auto& fault = faults[i];
    if (!fault.method.empty() && fault.method != request.method) continue;
    if (request.target.find(fault.path) == std::string::npos) continue;
    if (fault.times == 0 || is_too_small(request, fault)) continue;
    const bool about_bytes =
        fault.cut_after || fault.wrong_bytes || fault.ignore_range || fault.piece_delay.count() != 0;
    if (about_bytes ? leads_to_store(request) : is_for_store(request)) continue;
    if (fault.skip > 0) {
      --fault.skip;
      continue;
    }
    if (fault.times > 0) --fault.times;
    fault_met.at(i) = true;
    return fault;
  }
  return {};
}

bool FakeRegistry::Impl::is_too_small(const Request& request, const Fault& fault) {
  const bool sends = request.method == "PUT" || request.method == "PATCH";
  const bool is_sized = request.has_header("Content-Length");  // else it may be cut anywhere
  return sends && is_sized && fault.cut_after && number(request.get_header_value("Content-Length")) < fault.cut_after;
}

void FakeRegistry::Impl::handle(const Request& request, Response& response, const ContentReader* reader) {
  std::optional<Fault> fault;
  std::size_t entry = 0;
  {
    const std::lock_guard lock(mutex);
    fault = match_fault(request);
    auto& list = is_for_store(request) ? store_log : log;
    entry = list.size();
    auto range = request.get_header_value("Range");
    if (range.empty()) range = request.get_header_value("Content-Range");
    list.push_back(
        {request.method, request.target, request.get_header_value("Authorization"), range, 0, {}, fields(request)});
  }
  const Fault effect = fault.value_or(Fault{.times = 0});
  if (effect.delay.count() != 0) std::this_thread::sleep_for(effect.delay);
  if (effect.drop) return drop_connection(request);
  if (effect.early) send_raw(request, effect.raw);
  std::string body;
  if (reader != nullptr && !read_body(request, *reader, effect, body, entry)) return drop_connection(request);
  {
    const std::lock_guard lock(mutex);
    if (effect.lose_session) sessions.clear();
    if (effect.expire_tokens) tokens.clear();
    if (effect.status != 0) {
      response.status = effect.status;
      if (!effect.body.empty()) response.set_content(effect.body, "application/json");
    } else if (lengths_required && request.method == "PATCH" && !request.has_header("Content-Length")) {
      refuse(response, 411, "LENGTH_REQUIRED", "the length is missing");
    } else if (is_for_store(request)) {
      answer_as_store(request, effect, response);
    } else if (request.path == "/token") {
      answer_token(request, body, response);
    } else if (authorised(request, response)) {
      route(request, body, effect, response);
    }
  }
  if (!personality.usual_type.empty() && effect.status == 0 && !response.has_header("Content-Type"))
    response.set_header("Content-Type", personality.usual_type);
  if (effect.drop_answer || effect.early) return drop_connection(request);
  if (!effect.raw.empty()) return answer_raw(request, effect.raw);
  for (const auto& name : effect.without) response.headers.erase(name);
  for (const auto& field : effect.headers) response.headers.erase(field.first);
  for (const auto& [name, value] : effect.headers) response.headers.emplace(name, value);
}

std::string FakeRegistry::Impl::fields(const Request& request) {
  std::string text;
  for (const auto& [name, value] : request.headers) text += fmt::format("{}: {}\n", name, value);
  return text;
}

bool FakeRegistry::Impl::read_body(const Request& request, const ContentReader& reader, const Fault& effect,
                                   std::string& body, std::size_t entry) {
  const auto limit = effect.cut_after;
  const bool whole = reader([&](const char* data, std::size_t size) {
    body.append(data, size);
    return !limit || body.size() < *limit;
  });
  const std::lock_guard lock(mutex);
  log[entry].received = body.size();
  log[entry].body = body.substr(0, kMaxLoggedBody);
  if (whole && (!limit || body.size() < *limit)) return true;
  if (limit) body.resize(std::min(body.size(), *limit));
  const auto session = sessions.find(request.path.substr(request.path.rfind('/') + 1));
  if (session != sessions.end()) session->second.bytes += body;
  return false;
}

bool FakeRegistry::Impl::authorised(const Request& request, Response& response) {
  const auto given = request.get_header_value("Authorization");
  const auto basic = "Basic " + base64(auth.username + ":" + auth.password);
  if (auth.kind == FakeAuth::Kind::none) return true;
  if (auth.kind == FakeAuth::Kind::basic) {
    if (given == basic) return true;
    response.set_header("WWW-Authenticate", "Basic realm=\"fake\"");
    refuse(response, 401, "UNAUTHORIZED", "authentication required");
    return false;
  }
  const auto needed = scopes_needed(request);
  const auto token = given.starts_with("Bearer ") ? given.substr(7) : std::string();
  const auto known = tokens.find(token);
  if (known != tokens.end() && std::ranges::includes(known->second, needed)) return true;
  std::string scopes;
  for (const auto& scope : needed) scopes += (scopes.empty() ? "" : " ") + scope;
  const bool too_little = personality.says_insufficient_scope && known != tokens.end();
  response.set_header("WWW-Authenticate", fmt::format("Bearer realm=\"{}\",service=\"fake\",scope=\"{}\"{}",
                                                      auth.realm.empty() ? origin() + "/token" : auth.realm, scopes,
                                                      too_little ? ",error=\"insufficient_scope\"" : ""));
  refuse(response, 401, "UNAUTHORIZED", "authentication required");
  return false;
}

std::set<std::string> FakeRegistry::Impl::scopes_needed(const Request& request) const {
  const auto place = parse_path(request.path);
  const auto session = session_of(request.path);
  if (!place && !session) return {};
  const auto name = "repository:" + (session ? session->first : place->repository);
  std::set<std::string> needed{name + ":pull"};
  if (request.method != "GET" && request.method != "HEAD") needed.insert(name + ":push");
  if (request.has_param("from")) needed.insert("repository:" + request.get_param_value("from") + ":pull");
  return needed;
}

std::set<std::string> FakeRegistry::Impl::single_scopes(const std::vector<std::string>& asked) {
  std::set<std::string> single;
  for (const auto& scope : asked) {
    const auto colon = scope.rfind(':');
    if (colon == std::string::npos) continue;
    for (const auto& action : split(scope.substr(colon + 1), ',')) single.insert(scope.substr(0, colon + 1) + action);
  }
  return single;
}

void FakeRegistry::Impl::answer_token(const Request& request, const std::string& body, Response& response) {
  std::vector<std::string> asked;
  bool known = false;
  if (request.method == "POST") {
    if (auth.no_oauth != 0) return refuse(response, auth.no_oauth, "NOT_FOUND", "no such page");
    httplib::Params form;
    for (const auto& pair : split(body, '&')) {
      const auto equals = pair.find('=');
      form.emplace(pair.substr(0, equals), form_decoded(pair.substr(equals + 1)));
    }
    const auto field = [&](const char* name) { return form.contains(name) ? form.find(name)->second : std::string(); };
    asked = split(field("scope"), ' ');
    known = !auth.identity_token.empty() && field("grant_type") == "refresh_token" &&
            field("refresh_token") == auth.identity_token;
  } else {
    for (std::size_t i = 0; i < request.get_param_value_count("scope"); ++i)
      asked.push_back(request.get_param_value("scope", i));
    const auto given = request.get_header_value("Authorization");
    known = given == "Basic " + base64(auth.username + ":" + auth.password) ||
            (!auth.identity_token.empty() && given == "Basic " + base64("<token>:" + auth.identity_token));
    if (!given.empty() && !known) return refuse(response, 401, "UNAUTHORIZED", "wrong username or password");
  }
  grant(single_scopes(asked), known, response);
}

void FakeRegistry::Impl::grant(const std::set<std::string>& asked, bool known, Response& response) {
  std::set<std::string> names;
  std::set<std::string> granted;
  for (const auto& scope : asked) {
    names.insert(scope.substr(0, scope.rfind(':')));
    if (known || (auth.anonymous_pull && scope.ends_with(":pull"))) granted.insert(scope);
  }
  if (!known && !auth.anonymous_pull) return refuse(response, 401, "UNAUTHORIZED", "who are you?");
  if (auth.refuse_cross_repository && names.size() > 1)
    return refuse(response, 403, "DENIED", "one repository at a time");
  const auto token = fmt::format("fake-token-{}", ++token_number);
  tokens[token] = granted;
  response.set_content(Json{{auth.token_member, token}, {"expires_in", 300}}.dump(), "application/json");
}

}  // namespace ociassemble::test
