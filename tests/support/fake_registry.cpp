// SPDX-License-Identifier: Apache-2.0
#include "fake_registry.hpp"

#include <fmt/format.h>
#include <httplib.h>

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "fake_http.hpp"
#include "ociassemble/digest.hpp"

namespace ociassemble::test {
namespace {

using Json = nlohmann::json;
using httplib::ContentReader;
using httplib::Request;
using httplib::Response;

constexpr std::size_t kWorkers = 48;  // an idle connection that is kept alive occupies one

}  // namespace

struct FakeRegistry::Impl {
  struct Repository {
    std::map<std::string, std::string> blobs;
    std::map<std::string, std::pair<std::string, std::string>> manifests;  // identifier: type and bytes
    std::vector<std::string> tags;
  };
  struct Session {
    std::string repository;
    std::string bytes;
  };

  explicit Impl(FakeAuth wanted) : auth(std::move(wanted)) {}

  static constexpr std::size_t kMaxLoggedBody = std::size_t{64} << 10U;

  // ---- the way in

  void listen() {
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

  std::optional<Fault> match_fault(const Request& request) {
    for (std::size_t i = 0; i < faults.size(); ++i) {
      auto& fault = faults[i];
      if (!fault.method.empty() && fault.method != request.method) continue;
      if (request.target.find(fault.path) == std::string::npos) continue;
      if (fault.times == 0 || is_too_small(request, fault)) continue;
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

  // An upload that ends before the cut passes unharmed, and leaves the fault to another one.
  static bool is_too_small(const Request& request, const Fault& fault) {
    const bool sends = request.method == "PUT" || request.method == "PATCH";
    return sends && fault.cut_after && number(request.get_header_value("Content-Length")) < fault.cut_after;
  }

  void handle(const Request& request, Response& response, const ContentReader* reader) {
    std::optional<Fault> fault;
    std::size_t entry = 0;
    {
      const std::lock_guard lock(mutex);
      fault = match_fault(request);
      entry = log.size();
      auto range = request.get_header_value("Range");
      if (range.empty()) range = request.get_header_value("Content-Range");
      log.push_back(
          {request.method, request.target, request.get_header_value("Authorization"), range, 0, {}, fields(request)});
    }
    const Fault effect = fault.value_or(Fault{.times = 0});
    if (effect.delay.count() != 0) std::this_thread::sleep_for(effect.delay);
    if (effect.drop) return drop_connection(request);
    std::string body;
    if (reader != nullptr && !read_body(request, *reader, effect, body, entry)) return drop_connection(request);
    {
      const std::lock_guard lock(mutex);
      if (effect.lose_session) sessions.clear();
      if (effect.expire_tokens) tokens.clear();
      if (effect.status != 0) {
        response.status = effect.status;
        if (!effect.body.empty()) response.set_content(effect.body, "application/json");
      } else if (request.path == "/token") {
        answer_token(request, body, response);
      } else if (authorised(request, response)) {
        route(request, body, effect, response);
      }
    }
    if (effect.drop_answer) return drop_connection(request);
    if (!effect.raw.empty()) return answer_raw(request, effect.raw);
    for (const auto& name : effect.without) response.headers.erase(name);
    for (const auto& field : effect.headers) response.headers.erase(field.first);
    for (const auto& [name, value] : effect.headers) response.headers.emplace(name, value);
  }

  static std::string fields(const Request& request) {
    std::string text;
    for (const auto& [name, value] : request.headers) text += fmt::format("{}: {}\n", name, value);
    return text;
  }

  // False when the fault cuts the upload; a PATCH or PUT keeps what came until then.
  bool read_body(const Request& request, const ContentReader& reader, const Fault& effect, std::string& body,
                 std::size_t entry) {
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

  // ---- authorisation

  bool authorised(const Request& request, Response& response) {
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
    response.set_header("WWW-Authenticate", fmt::format("Bearer realm=\"{}\",service=\"fake\",scope=\"{}\"",
                                                        auth.realm.empty() ? origin() + "/token" : auth.realm, scopes));
    refuse(response, 401, "UNAUTHORIZED", "authentication required");
    return false;
  }

  // "repository:NAME:pull", one for each action.
  std::set<std::string> scopes_needed(const Request& request) const {
    const auto place = parse_path(request.path);
    if (!place) return {};
    const auto name = "repository:" + place->repository;
    std::set<std::string> needed{name + ":pull"};
    if (request.method != "GET" && request.method != "HEAD") needed.insert(name + ":push");
    if (request.has_param("from")) needed.insert("repository:" + request.get_param_value("from") + ":pull");
    return needed;
  }

  static std::set<std::string> single_scopes(const std::vector<std::string>& asked) {
    std::set<std::string> single;
    for (const auto& scope : asked) {
      const auto colon = scope.rfind(':');
      if (colon == std::string::npos) continue;
      for (const auto& action : split(scope.substr(colon + 1), ',')) single.insert(scope.substr(0, colon + 1) + action);
    }
    return single;
  }

  void answer_token(const Request& request, const std::string& body, Response& response) {
    std::vector<std::string> asked;
    bool known = false;
    if (request.method == "POST") {
      if (auth.no_oauth) return refuse(response, 404, "NOT_FOUND", "no such page");
      httplib::Params form;
      for (const auto& pair : split(body, '&')) {
        const auto equals = pair.find('=');
        form.emplace(pair.substr(0, equals), httplib::detail::decode_url(pair.substr(equals + 1), true));
      }
      const auto field = [&](const char* name) {
        return form.contains(name) ? form.find(name)->second : std::string();
      };
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

  void grant(const std::set<std::string>& asked, bool known, Response& response) {
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

  // ---- the registry itself

  void route(const Request& request, const std::string& body, const Fault& effect, Response& response) {
    if (request.path == "/v2/") return response.set_content("{}", "application/json");
    const auto place = parse_path(request.path);
    if (!place) return refuse(response, 404, "NOT_FOUND", "no such page");
    const auto& [repository, what, name] = *place;
    if (what == "manifests" && request.method == "PUT") return take_manifest(repository, name, request, body, response);
    if (what == "manifests") return give_manifest(repository, name, effect, response);
    if (what == "tags") return give_tags(repository, request, response);
    if (what == "blobs") return give_blob(repository, name, request, effect, response);
    if (request.method == "POST") return open_session(repository, request, response);
    const auto session = sessions.find(name);
    if (session == sessions.end() || session->second.repository != repository)
      return refuse(response, 404, "BLOB_UPLOAD_UNKNOWN", "no such upload");
    if (request.method == "PATCH") return take_chunk(session->second, name, request, body, response);
    if (request.method == "PUT") return close_session(name, request, body, response);
    if (request.method == "DELETE") {
      sessions.erase(session);
      response.status = 204;
      return;
    }
    response.status = 204;
    tell_offset(session->second, name, response);
  }

  void give_manifest(const std::string& repository, const std::string& name, const Fault& effect, Response& response) {
    if (!repositories.contains(repository)) return refuse(response, 404, "NAME_UNKNOWN", "repository name not known");
    const auto& manifests = repositories.at(repository).manifests;
    const auto found = manifests.find(name);
    if (found == manifests.end()) return refuse(response, 404, "MANIFEST_UNKNOWN", "manifest unknown");
    auto [type, bytes] = found->second;
    response.set_header("Docker-Content-Digest", Digest::of(bytes).to_string());
    if (effect.wrong_bytes) bytes.back() = static_cast<char>(bytes.back() ^ 1);
    if (!effect.cut_after) return response.set_content(bytes, type);
    give(bytes, type, effect, response);
  }

  void give_blob(const std::string& repository, const std::string& digest, const Request& request, const Fault& effect,
                 Response& response) {
    if (!blob_redirect.empty()) {
      response.set_redirect(blob_redirect + request.path + "?signature=very-secret", 307);
      return;
    }
    const auto& blobs = repositories[repository].blobs;
    const auto found = blobs.find(digest);
    if (found == blobs.end()) return refuse(response, 404, "BLOB_UNKNOWN", "blob unknown to registry");
    if (effect.ignore_range) const_cast<Request&>(request).ranges.clear();  // else httplib cuts the range out itself
    auto bytes = found->second;
    if (effect.wrong_bytes) bytes.back() = static_cast<char>(bytes.back() ^ 1);
    response.set_header("Docker-Content-Digest", digest);
    if (bytes.empty()) return response.set_content("", "application/octet-stream");
    give(bytes, "application/octet-stream", effect, response);
  }

  static void give(const std::string& bytes, const std::string& type, const Fault& effect, Response& response) {
    const auto content = std::make_shared<const std::string>(bytes);
    const auto left = std::make_shared<std::size_t>(effect.cut_after.value_or(SIZE_MAX));
    const std::size_t piece = effect.piece_delay.count() == 0 ? 65536 : 4096;
    response.set_content_provider(
        bytes.size(), type,
        [=, piece_delay = effect.piece_delay](std::size_t offset, std::size_t length, httplib::DataSink& sink) {
          if (piece_delay.count() != 0) std::this_thread::sleep_for(piece_delay);
          const auto count = std::min({length, *left, piece});
          if (count != 0) sink.write(content->data() + offset, count);
          *left -= count;
          return *left != 0;
        });
  }

  void give_tags(const std::string& repository, const Request& request, Response& response) {
    if (!repositories.contains(repository)) return refuse(response, 404, "NAME_UNKNOWN", "repository name not known");
    const auto& tags = repositories.at(repository).tags;
    std::size_t begin = 0;
    if (request.has_param("last")) {
      const auto last = std::ranges::find(tags, request.get_param_value("last"));
      begin = static_cast<std::size_t>(last - tags.begin()) + (last == tags.end() ? 0 : 1);
    }
    const auto end = std::min(tags.size(), begin + page_size);
    Json names = Json::array();
    for (auto i = begin; i < end; ++i) names.push_back(tags[i]);
    if (end < tags.size()) {
      response.set_header(
          "Link", fmt::format("</v2/{}/tags/list?n={}&last={}>; rel=\"next\"", repository, page_size, tags[end - 1]));
    }
    response.set_content(Json{{"name", repository}, {"tags", names}}.dump(), "application/json");
  }

  void take_manifest(const std::string& repository, const std::string& name, const Request& request,
                     const std::string& body, Response& response) {
    const auto document = Json::parse(body, nullptr, false);
    if (!document.is_object()) return refuse(response, 400, "MANIFEST_INVALID", "not JSON");
    const auto digest = Digest::of(body).to_string();
    if (name.find(':') != std::string::npos && name != digest)
      return refuse(response, 400, "DIGEST_INVALID", "not the digest of the manifest");
    if (const auto missing = missing_content(repository, document); !missing.empty())
      return refuse(response, 400, "MANIFEST_BLOB_UNKNOWN", missing);
    store_manifest(repository, name, request.get_header_value("Content-Type"), body);
    response.set_header("Docker-Content-Digest", digest);
    response.set_header("Location", fmt::format("/v2/{}/manifests/{}", repository, digest));
    response.status = 201;
  }

  std::string missing_content(const std::string& repository, const Json& document) {
    const auto& known = repositories[repository];
    for (const auto& entry : document.value("manifests", Json::array())) {
      if (!known.manifests.contains(entry.value("digest", ""))) return entry.value("digest", "");
    }
    auto blobs = document.value("layers", Json::array());
    if (document.contains("config")) blobs.push_back(document["config"]);
    for (const auto& entry : blobs) {
      const auto type = entry.value("mediaType", "");
      if (type.find("foreign") != std::string::npos || type.find("nondistributable") != std::string::npos) continue;
      if (!known.blobs.contains(entry.value("digest", ""))) return entry.value("digest", "");
    }
    return {};
  }

  void store_manifest(const std::string& repository, const std::string& name, const std::string& type,
                      const std::string& body) {
    auto& known = repositories[repository];
    known.manifests[Digest::of(body).to_string()] = {type, body};
    known.manifests[name] = {type, body};
    const bool tag = name.find(':') == std::string::npos;
    if (tag && std::ranges::find(known.tags, name) == known.tags.end()) known.tags.push_back(name);
  }

  void open_session(const std::string& repository, const Request& request, Response& response) {
    if (request.has_param("mount") && !request.has_param("from"))
      return refuse(response, 400, "UNSUPPORTED", "a mount needs a source");
    if (request.has_param("mount") && mounts) {
      const auto digest = request.get_param_value("mount");
      const auto& source = repositories[request.get_param_value("from")].blobs;
      if (const auto found = source.find(digest); found != source.end()) {
        repositories[repository].blobs[digest] = found->second;
        response.set_header("Location", fmt::format("/v2/{}/blobs/{}", repository, digest));
        response.status = 201;
        return;
      }
    }
    const auto name = fmt::format("session-{}", ++session_number);
    sessions[name] = {repository, {}};
    response.status = 202;
    response.set_header("Location", location(repository, name));
  }

  std::string location(const std::string& repository, const std::string& name) const {
    const auto path = fmt::format("/v2/{}/blobs/uploads/{}?_state=secret%2Fstate", repository, name);
    if (!upload_redirect.empty()) return upload_redirect + path;
    return (relative ? std::string() : origin()) + path;
  }

  void tell_offset(const Session& session, const std::string& name, Response& response) const {
    response.set_header("Range", fmt::format("0-{}", session.bytes.empty() ? 0 : session.bytes.size() - 1));
    response.set_header("Location", location(session.repository, name));
  }

  void take_chunk(Session& session, const std::string& name, const Request& request, const std::string& body,
                  Response& response) {
    const auto range = request.get_header_value("Content-Range");
    if (!range.empty() && number(range.substr(0, range.find('-'))) != session.bytes.size()) {
      tell_offset(session, name, response);
      return refuse(response, 416, "BLOB_UPLOAD_INVALID", "the chunk is not the next one");
    }
    session.bytes += body;
    response.status = 202;
    tell_offset(session, name, response);
  }

  void close_session(const std::string& name, const Request& request, const std::string& body, Response& response) {
    if (request.get_param_value("_state") != "secret/state")
      return refuse(response, 400, "BLOB_UPLOAD_INVALID", "the query of the Location is missing");
    const auto session = sessions.extract(name).mapped();
    const auto bytes = session.bytes + body;
    const auto digest = Digest::of(bytes).to_string();
    if (digest != request.get_param_value("digest"))
      return refuse(response, 400, "DIGEST_INVALID", "provided digest did not match uploaded content");
    repositories[session.repository].blobs[digest] = bytes;
    response.set_header("Docker-Content-Digest", digest);
    response.set_header("Location", fmt::format("/v2/{}/blobs/{}", session.repository, digest));
    response.status = 201;
  }

  std::string origin() const { return fmt::format("http://127.0.0.1:{}", port); }

  const FakeAuth auth;
  httplib::Server server;
  std::thread thread;
  int port = 0;

  mutable std::mutex mutex;  // of all below
  std::vector<Fault> faults;
  std::vector<bool> fault_met;  // beside faults
  std::vector<LoggedRequest> log;
  std::map<std::string, Repository> repositories;
  std::map<std::string, Session> sessions;
  std::map<std::string, std::set<std::string>> tokens;
  int token_number = 0;
  int session_number = 0;
  std::size_t page_size = 100;
  bool relative = false;
  bool mounts = true;
  std::string blob_redirect;
  std::string upload_redirect;
};

FakeRegistry::FakeRegistry(FakeAuth auth) : impl_(std::make_unique<Impl>(std::move(auth))) { impl_->listen(); }

FakeRegistry::~FakeRegistry() {
  impl_->server.stop();
  impl_->thread.join();
}

std::string FakeRegistry::host() const { return fmt::format("127.0.0.1:{}", impl_->port); }
int FakeRegistry::port() const { return impl_->port; }

void FakeRegistry::add_fault(Fault fault) {
  const std::lock_guard lock(impl_->mutex);
  impl_->faults.push_back(std::move(fault));
  impl_->fault_met.push_back(false);
}

std::size_t FakeRegistry::unmet_faults() const {
  const std::lock_guard lock(impl_->mutex);
  return static_cast<std::size_t>(std::ranges::count(impl_->fault_met, false));
}

void FakeRegistry::set_page_size(std::size_t tags) {
  const std::lock_guard lock(impl_->mutex);
  impl_->page_size = tags;
}

void FakeRegistry::set_relative_locations() {
  const std::lock_guard lock(impl_->mutex);
  impl_->relative = true;
}

void FakeRegistry::forbid_mounts() {
  const std::lock_guard lock(impl_->mutex);
  impl_->mounts = false;
}

void FakeRegistry::redirect_blobs_to(std::string origin) {
  const std::lock_guard lock(impl_->mutex);
  impl_->blob_redirect = std::move(origin);
}

void FakeRegistry::redirect_uploads_to(std::string origin) {
  const std::lock_guard lock(impl_->mutex);
  impl_->upload_redirect = std::move(origin);
}

void FakeRegistry::revoke_tokens() {
  const std::lock_guard lock(impl_->mutex);
  impl_->tokens.clear();
}

std::string FakeRegistry::put_blob(const std::string& repository, const std::string& bytes) {
  const std::lock_guard lock(impl_->mutex);
  auto digest = Digest::of(bytes).to_string();
  impl_->repositories[repository].blobs[digest] = bytes;
  return digest;
}

std::string FakeRegistry::put_manifest(const std::string& repository, const std::string& tag, const std::string& type,
                                       const std::string& json) {
  const std::lock_guard lock(impl_->mutex);
  impl_->store_manifest(repository, tag, type, json);
  return Digest::of(json).to_string();
}

void FakeRegistry::put_manifest_under(const std::string& repository, const std::string& identifier,
                                      const std::string& type, const std::string& json) {
  const std::lock_guard lock(impl_->mutex);
  impl_->repositories[repository].manifests[identifier] = {type, json};
}

bool FakeRegistry::has_blob(const std::string& repository, const std::string& digest) const {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->repositories.find(repository);
  return found != impl_->repositories.end() && found->second.blobs.contains(digest);
}

std::optional<std::string> FakeRegistry::manifest(const std::string& repository, const std::string& identifier) const {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->repositories.find(repository);
  if (found == impl_->repositories.end() || !found->second.manifests.contains(identifier)) return {};
  return found->second.manifests.at(identifier).second;
}

std::size_t FakeRegistry::open_sessions() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->sessions.size();
}

std::vector<LoggedRequest> FakeRegistry::log() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->log;
}

std::vector<std::string> FakeRegistry::requests() const {
  std::vector<std::string> lines;
  for (const auto& entry : log()) {
    if (!entry.target.starts_with("/token")) lines.push_back(entry.method + " " + entry.target);
  }
  return lines;
}

std::size_t FakeRegistry::count(const std::string& method, const std::string& target_part) const {
  const auto all = log();
  return static_cast<std::size_t>(std::ranges::count_if(all, [&](const LoggedRequest& entry) {
    return entry.method == method && entry.target.find(target_part) != std::string::npos;
  }));
}

std::size_t FakeRegistry::token_requests() const { return count("GET", "/token") + count("POST", "/token"); }

void FakeRegistry::clear_log() {
  const std::lock_guard lock(impl_->mutex);
  impl_->log.clear();
}

}  // namespace ociassemble::test
