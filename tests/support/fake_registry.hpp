// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "personality.hpp"

namespace ociassemble::test {

// How the referrers API behaves, where there is one.
struct FakeReferrers {
  enum class Filter { applied, ignored };
  Filter filter = Filter::applied;
  std::size_t page_size = 100;
};

// What goes wrong, for the requests that match, in the order of the script.
struct Fault {
  std::string method = {};  // empty: any
  std::string path = {};    // what the path with its query has to contain
  int skip = 0;             // matching requests that pass unharmed before
  int times = 1;            // matching requests that are hit; -1: all
  // The effects:
  int status = 0;                                        // answered instead of doing anything
  std::string body = {};                                 // with it
  std::multimap<std::string, std::string> headers = {};  // added to the answer, or put in place of its own
  std::set<std::string> without = {};                    // headers left out
  std::chrono::milliseconds delay{0};
  std::chrono::milliseconds piece_delay{0};   // before each 4 KiB of a blob
  std::string raw = {};                       // sent as they are in place of the answer, after doing what was asked
  bool early = false;                         // `raw` is sent before the body is read, and is the only answer
  bool drop = false;                          // the connection is closed without an answer
  bool drop_answer = false;                   // the same, after doing what was asked
  std::optional<std::size_t> cut_after = {};  // of a blob sent or an upload received, then closed
  bool wrong_bytes = false;                   // the blob's or manifest's last byte is another
  bool ignore_range = false;                  // the whole blob instead of the range
  bool lose_session = false;                  // the upload session is forgotten first
  bool expire_tokens = false;                 // all tokens given so far are
};

struct LoggedRequest {
  std::string method;
  std::string target;  // path and query as sent
  std::string authorization;
  std::string range;         // Range or Content-Range
  std::size_t received = 0;  // bytes of body
  std::string body;          // its first 64 KiB
  std::string fields;        // all, a line each
};

// A registry (OCI distribution specification 1.1) on a free port of 127.0.0.1, in memory, which can be told to
// misbehave. It checks what a good one checks: digests, offsets, that a manifest's blobs are there, tokens and their
// scopes. Safe for concurrent use.
class FakeRegistry {
 public:
  // With the personality that FAKE_REGISTRY names, so that a whole suite runs over one; else the plain one.
  explicit FakeRegistry(FakeAuth auth = {});
  explicit FakeRegistry(const Personality& personality);
  ~FakeRegistry();

  std::string host() const;  // "127.0.0.1:PORT"
  // Of all that there are. A client that is told need not try TLS, for the rest of which httplib 0.41 waits five
  // seconds.
  static std::vector<std::string> hosts();
  int port() const;

  void add_fault(Fault fault);
  // How many faults no request has met yet.
  std::size_t unmet_faults() const;
  void set_page_size(std::size_t tags);
  // Has a referrers API from now on, whatever its personality; the plain one has none, as registries of before OCI 1.1.
  void list_referrers(FakeReferrers wanted = {});
  void set_relative_locations();
  // Each answer about an upload has another Location, and one before the latest is good for GET alone.
  void change_locations();
  // As nginx without request buffering before a server of HTTP/1.0: 411 for a body without a length.
  void require_lengths();
  void forbid_mounts();
  // Each refuses as the personality does.
  void make_tags_immutable();
  void use_up_quota();
  void require_repositories();  // those that are seeded are there
  void refuse_media_type(std::string type);
  // Blobs are answered with a redirect to the same path at `origin` ("http://localhost:1234").
  void redirect_blobs_to(std::string origin);
  // Upload sessions lead to `origin`, which has to be another FakeRegistry that shares nothing.
  void redirect_uploads_to(std::string origin);
  void revoke_tokens();

  // Seeding and looking.
  std::string put_blob(const std::string& repository, const std::string& bytes);  // returns the digest
  std::string put_manifest(const std::string& repository, const std::string& tag, const std::string& type,
                           const std::string& json);
  void put_manifest_under(const std::string& repository, const std::string& identifier, const std::string& type,
                          const std::string& json);  // whatever it says
  bool has_blob(const std::string& repository, const std::string& digest) const;
  std::optional<std::string> manifest(const std::string& repository, const std::string& identifier) const;
  std::size_t open_sessions() const;

  const Personality& personality() const;
  // Without those to the object store.
  std::vector<LoggedRequest> log() const;
  std::vector<LoggedRequest> store_log() const;
  // "METHOD TARGET" of each request, the registry's own (not the token server's), in order.
  std::vector<std::string> requests() const;
  std::size_t count(const std::string& method, const std::string& target_part = {}) const;
  std::size_t token_requests() const;
  void clear_log();

 private:
  void listen();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ociassemble::test
