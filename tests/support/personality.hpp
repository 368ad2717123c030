// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "fake_auth.hpp"

namespace ociassemble::test {

// What one of the world's registries answers where the specification leaves it a choice, or where it goes its own way.
// A value: the default is the specification's plainest reading; personality.cpp has the table, with the source of each
// row. Sizes are the real ones.
struct Personality {
  // A refusal, as the registry words it.
  struct Refusal {
    int status = 0;
    std::string code = {};
    std::string message = {};
  };
  enum class Mounts { of_any_blob, of_referenced_blobs, never };
  // Where blobs lie: here, or in an object store to which the registry redirects.
  enum class Store { none, for_get, for_get_and_head };
  enum class ChunkRange { exact, stuck_at_the_first };
  enum class Referrers {
    listed,
    no_such_page,
    see_a_web_page,                // 303 to a page of another host
    unauthorised,                  // 401 without a challenge
    no_such_page_and_digest_tags,  // 404; and "sha256-HEX" is read as the digest "sha256:HEX"
  };
  enum class Links { relative, absolute };

  std::string name = "plain";
  FakeAuth auth = {};
  bool says_insufficient_scope = false;  // in the challenge to a token that allows too little

  Mounts mounts = Mounts::of_any_blob;
  int unknown_mount_source = 202;  // the answer where the source repository is not there
  Store store = Store::none;
  int store_redirect = 307;

  // A session's path is ROOT REPOSITORY INFIX NAME.
  std::string session_root = "/v2/";
  std::string session_infix = "/blobs/uploads/";
  Links locations = Links::absolute;
  int chunk_status = 202;
  ChunkRange chunk_range = ChunkRange::exact;
  std::size_t most_chunks = SIZE_MAX;  // of one upload
  Refusal further_chunk = {};
  std::size_t least_chunk = 0;  // all but the last
  Refusal small_chunk = {};
  std::size_t largest_chunk = SIZE_MAX;
  Refusal large_chunk = {};
  std::size_t largest_put = SIZE_MAX;  // the content of a PUT
  Refusal large_put = {};

  Referrers referrers = Referrers::no_such_page;
  Links links = Links::relative;
  std::size_t tags_on_a_page = 100;
  std::string page_parameter = "last";  // another one holds a token that only the registry understands
  int manifest_deletion = 202;
  std::string root = "{}";      // what /v2/ says
  std::string usual_type = {};  // of an answer for which nobody thought of one

  // What a test can turn on.
  Refusal immutable_tag = {400, "TAG_INVALID", "the tag is immutable"};
  Refusal quota = {403, "DENIED", "quota exceeded"};
  Refusal missing_repository = {};  // status 0: a push creates its repository
  Refusal media_type = {415, "MANIFEST_INVALID", "manifest invalid"};
};

// Amazon ECR, Google Artifact Registry, GitHub, Quay, Harbor, Docker Hub, Azure, GitLab, distribution 2 and 3, zot.
const std::vector<Personality>& personalities();
// Throws std::out_of_range.
const Personality& personality(std::string_view name);
// The one that FAKE_REGISTRY names; else the plain one.
const Personality& personality_of_this_run();

}  // namespace ociassemble::test
