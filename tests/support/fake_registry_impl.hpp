// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <httplib.h>

#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "fake_registry.hpp"

// What is behind a FakeRegistry: fake_registry_front.cpp takes requests, faults and credentials,
// fake_registry_content.cpp knows the rules of a registry.
namespace ociassemble::test {

struct FakeRegistry::Impl {
  using Json = nlohmann::json;
  using ContentReader = httplib::ContentReader;
  using Request = httplib::Request;
  using Response = httplib::Response;

  struct Repository {
    std::map<std::string, std::string> blobs;
    std::map<std::string, std::pair<std::string, std::string>> manifests;  // identifier: type and bytes
    std::vector<std::string> tags;
  };
  struct Session {
    std::string repository;
    std::string bytes;
    std::size_t chunks = 0;
    std::size_t first_chunk = 0;  // its size
    bool short_chunk = false;     // there was one under the least size
    int answers = 0;              // how many Locations were given
  };

  Impl(FakeAuth wanted, Personality wanted_personality)
      : auth(std::move(wanted)), personality(std::move(wanted_personality)) {}

  // ---- the way in
  void listen();
  std::optional<Fault> match_fault(const Request& request);
  // An upload that ends before the cut passes unharmed, and leaves the fault to another one.
  static bool is_too_small(const Request& request, const Fault& fault);
  void handle(const Request& request, Response& response, const ContentReader* reader);
  static std::string fields(const Request& request);
  // False when the fault cuts the upload; a PATCH or PUT keeps what came until then.
  bool read_body(const Request& request, const ContentReader& reader, const Fault& effect, std::string& body,
                 std::size_t entry);
  bool authorised(const Request& request, Response& response);
  // "repository:NAME:pull", one for each action.
  std::set<std::string> scopes_needed(const Request& request) const;
  static std::set<std::string> single_scopes(const std::vector<std::string>& asked);
  void answer_token(const Request& request, const std::string& body, Response& response);
  void grant(const std::set<std::string>& asked, bool known, Response& response);

  // Whether the blob that is asked for is sent by the object store, which is this server by another name.
  bool leads_to_store(const Request& request) const;
  void answer_as_store(const Request& request, const Fault& effect, Response& response);
  static bool is_for_store(const Request& request) { return request.path.starts_with("/store/"); }

  // ---- the registry itself
  void route(const Request& request, const std::string& body, const Fault& effect, Response& response);
  void give_manifest(const std::string& repository, const std::string& name, const Fault& effect, Response& response);
  void give_blob(const std::string& repository, const std::string& digest, const Request& request, const Fault& effect,
                 Response& response);
  static void give(const std::string& bytes, const std::string& type, const Fault& effect, Response& response);
  void give_tags(const std::string& repository, const Request& request, Response& response);
  void give_referrers(const std::string& repository, const std::string& subject, const Request& request,
                      Response& response) const;
  // Their descriptors, sorted by digest.
  std::vector<Json> referrers_of(const std::string& repository, const std::string& subject) const;
  void take_manifest(const std::string& repository, const std::string& name, const Request& request,
                     const std::string& body, Response& response);
  std::string missing_content(const std::string& repository, const Json& document);
  void store_manifest(const std::string& repository, const std::string& name, const std::string& type,
                      const std::string& body);
  void open_session(const std::string& repository, const Request& request, Response& response);
  std::string location(const std::string& repository, const std::string& name);
  // "secret/state", or that of the latest answer.
  std::string state_of(const Session& session) const;
  // The session that a path names; nothing for another kind of path.
  std::optional<std::pair<std::string, std::string>> session_of(const std::string& path) const;
  bool is_mounted(const std::string& repository, const Request& request, Response& response);
  bool is_refused(const std::string& repository, Response& response) const;
  void route_session(const std::string& repository, const std::string& name, const Request& request,
                     const std::string& body, Response& response);
  void delete_manifest(const std::string& repository, const std::string& name, Response& response);
  void tell_offset(const Session& session, const std::string& name, Response& response);
  void take_chunk(Session& session, const std::string& name, const Request& request, const std::string& body,
                  Response& response);
  void close_session(const std::string& name, const Request& request, const std::string& body, Response& response);
  std::string origin() const;

  static constexpr std::size_t kMaxLoggedBody = std::size_t{64} << 10U;

  const FakeAuth auth;
  const Personality personality;
  httplib::Server server;
  std::thread thread;
  int port = 0;

  mutable std::mutex mutex;  // of all below
  std::vector<Fault> faults;
  std::vector<bool> fault_met;  // beside faults
  std::vector<LoggedRequest> log;
  std::vector<LoggedRequest> store_log;
  std::map<std::string, Repository> repositories;
  std::map<std::string, Session> sessions;
  std::map<std::string, std::set<std::string>> tokens;
  int token_number = 0;
  int session_number = 0;
  std::optional<std::size_t> page_size;
  std::optional<FakeReferrers> referrers;
  bool relative = false;
  bool fresh_locations = false;
  bool lengths_required = false;
  bool mounts = true;
  bool immutable_tags = false;
  bool quota_used_up = false;
  bool repositories_first = false;
  std::string refused_type;
  std::string blob_redirect;
  std::string upload_redirect;
};

}  // namespace ociassemble::test
