// SPDX-License-Identifier: Apache-2.0
#include "personality.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

namespace ociassemble::test {
namespace {

// What no source says is left as the plain registry has it. Pages of tags are shorter than in the world, so that a few
// tags fill several.

constexpr std::size_t kMiB = std::size_t{1} << 20U;
constexpr auto kBasic = FakeAuth::Kind::basic;
constexpr auto kBearer = FakeAuth::Kind::bearer;

// Basic authentication; 307 to S3, which refuses a request with credentials
// (github.com/open-policy-agent/opa/issues/6580). Mounts only what a manifest of the source names, else 202
// (github.com/aws/containers-roadmap/issues/2860). Chunks are answered 201
// (github.com/dotnet/sdk-container-builds/pull/279), of 5 MiB at least (".../issues/424"), and Range stays at the first
// although all are stored (github.com/aws/containers-roadmap/issues/2831). A repository is created by hand
// (github.com/plexsystems/sinker/issues/55). Immutable tags: github.com/osscontainertools/kaniko/pull/204. Referrers:
// aws.amazon.com/about-aws/whats-new/2024/06/amazon-ecr-oci-image-distribution-version-1-1-specification.
Personality amazon() {
  return {.name = "ecr",
          .auth = {.kind = kBasic},
          .mounts = Personality::Mounts::of_referenced_blobs,
          .store = Personality::Store::for_get,
          .chunk_status = 201,
          .chunk_range = Personality::ChunkRange::stuck_at_the_first,
          .least_chunk = 5 * kMiB,
          .small_chunk = {400, "BLOB_UPLOAD_INVALID", "All layer parts except the last part should be at least 5MB"},
          .referrers = Personality::Referrers::listed,
          .immutable_tag = {400, "TAG_INVALID",
                            "The image tag 'v1' already exists in the 'app' repository and cannot be overwritten "
                            "because the tag is immutable."},
          .missing_repository = {404, "NAME_UNKNOWN",
                                 "The repository with name 'app' does not exist in the registry with id '123'"}};
}

// No chunked uploads (cloud.google.com/artifact-registry/docs/reference/docker-api; with which status they are refused
// is not said), sessions under a path of their own (github.com/podman-container-tools/skopeo/issues/1101). POST for a
// token is 404 (containerd, core/remotes/docker/authorizer.go). 403 where the repository may not exist
// (github.com/GoogleCloudPlatform/cymbal-superstore/pull/4). No referrers API
// (github.com/actions/attest-build-provenance/issues/80). Blobs by 302.
Personality google() {
  return {.name = "gar",
          .auth = {.kind = kBearer, .no_oauth = 404},
          .store = Personality::Store::for_get,
          .store_redirect = 302,
          .session_root = "/artifacts-uploads/namespaces/project/repositories/",
          .session_infix = "/uploads/",
          .most_chunks = 1,
          .further_chunk = {400, "UNSUPPORTED", "chunked uploads are not supported"},
          .missing_repository = {403, "DENIED",
                                 "Permission \"artifactregistry.repositories.uploadArtifacts\" denied on resource "
                                 "\"projects/p/locations/l/repositories/app\" (or it may not exist)"}};
}

// Sessions under ".../blobs/upload/", relative. A request for the referrers is sent to a web page, 303
// (github.com/artifacthub/hub/issues/4785). A chunk over 4 MiB is 416
// (github.com/oras-project/rust-oci-client/issues/35). HEAD is refused by the object store, so that only GET leads
// there (github.com/containerd/stargz-snapshotter/pull/167).
Personality github() {
  return {.name = "ghcr",
          .auth = {.kind = kBearer},
          .store = Personality::Store::for_get,
          .session_infix = "/blobs/upload/",
          .locations = Personality::Links::relative,
          .largest_chunk = 4 * kMiB,
          .large_chunk = {416, "REQUESTED_RANGE_NOT_SATISFIABLE",
                          "the request body is too large and exceeds the maximum permissible limit of 4.00MiB"},
          .referrers = Personality::Referrers::see_a_web_page};
}

// 50 tags a page, with a token (github.com/google/go-containerregistry/issues/794). Referrers since 3.12
// (github.com/quay/quay/pull/2597). Quota: github.com/quay/quay/pull/1048. Media types that it does not allow are 415
// (github.com/oras-project/oras/issues/738). /v2/ says "true" without a media type, for which Flask says HTML
// (github.com/quay/quay, endpoints/v2/__init__.py).
Personality quay() {
  return {.name = "quay",
          .auth = {.kind = kBearer, .no_oauth = 405},
          .store = Personality::Store::for_get,
          .store_redirect = 302,
          .referrers = Personality::Referrers::listed,
          .links = Personality::Links::absolute,
          .tags_on_a_page = 2,
          .page_parameter = "next_page",
          .root = "true",
          .usual_type = "text/html; charset=utf-8",
          .quota = {403, "DENIED", "Quota has been exceeded on namespace"},
          .media_type = {415, "MANIFEST_INVALID", "manifest invalid"}};
}

// A mount from a project that is not there is 401 (github.com/goharbor/harbor/issues/17097); POST for a token 403
// (github.com/containerd/containerd/pull/4983); until 2.7 a request for the referrers 401 without a challenge
// (github.com/goharbor/harbor/issues/18305). Quota: github.com/goharbor/harbor/issues/17390. Immutable tags: 412
// (harbor, src/server/middleware/immutable). Projects are created by hand.
Personality harbor() {
  return {.name = "harbor",
          .auth = {.kind = kBearer, .no_oauth = 403},
          .says_insufficient_scope = true,
          .unknown_mount_source = 401,
          .store = Personality::Store::for_get_and_head,
          .referrers = Personality::Referrers::unauthorised,
          .immutable_tag = {412, "PRECONDITION", "Failed to process request due to 'app:v1' configured as immutable."},
          .quota = {403, "DENIED",
                    "adding 29.0 MiB of storage resource, which when updated to current usage of 152.4 MiB will exceed "
                    "the configured upper limit of 10.0 MiB."},
          .missing_repository = {404, "NOT_FOUND", "project app not found"}};
}

// A mount needs a token for both repositories (github.com/oras-project/rust-oci-client/issues/235). Immutable tags are
// 403 (github.com/docker/hub-feedback/issues/2466). Referrers since 2025
// (github.com/awslabs/soci-snapshotter/issues/1828). Deletion: docs.docker.com/reference/api/registry/latest.
Personality docker_hub() {
  return {.name = "docker-hub",
          .auth = {.kind = kBearer},
          .says_insufficient_scope = true,
          .store = Personality::Store::for_get_and_head,
          .referrers = Personality::Referrers::listed,
          .tags_on_a_page = 4,
          .immutable_tag = {403, "DENIED", "the tag v1 is immutable"}};
}

// Only access_token (github.com/Azure/acr/pull/47). A PUT over 20 MB is 413 (github.com/goharbor/harbor/pull/23016). A
// locked tag: github.com/Azure/acr/issues/84. Referrers: learn.microsoft.com, "Manage OCI artifacts and supply chain
// artifacts". Relative Locations and Links.
Personality azure() {
  return {.name = "acr",
          .auth = {.kind = kBearer, .identity_token = "acr-refresh-token", .token_member = "access_token"},
          .store = Personality::Store::for_get,
          .locations = Personality::Links::relative,
          .largest_put = 20 * kMiB,
          .large_put = {413, "", ""},
          .referrers = Personality::Referrers::listed,
          .tags_on_a_page = 3,
          .immutable_tag = {405, "UNSUPPORTED", "The operation is disallowed: the tag is locked."}};
}

// A mount without the right to the source is 401 (github.com/estesp/manifest-tool/issues/53). "sha256-HEX" is taken for
// the digest (github.com/oras-project/oras-go/issues/1396). Protected tags are 403
// (docs.gitlab.com/user/packages/container_registry/immutable_container_tags).
Personality gitlab() {
  return {.name = "gitlab",
          .auth = {.kind = kBearer, .refuse_cross_repository = true},
          .says_insufficient_scope = true,
          .store = Personality::Store::for_get_and_head,
          .referrers = Personality::Referrers::no_such_page_and_digest_tags,
          .tags_on_a_page = 3,
          .immutable_tag = {403, "DENIED", "tag is protected: it is immutable and cannot be overwritten"}};
}

// Absolute Locations, all tags at once unless n is given, no deletion unless it is configured
// (distribution.github.io/distribution/about/configuration).
Personality distribution_2() { return {.name = "distribution-2", .auth = {.kind = kBasic}, .manifest_deletion = 405}; }

// Pages of 1000 tags at the most (distribution 3, "catalog.maxentries", "tags"); a token that allows too little is told
// so (registry/auth/token). No referrers API (github.com/distribution/distribution/issues/3859).
Personality distribution_3() {
  return {.name = "distribution-3",
          .auth = {.kind = kBearer, .no_oauth = 404},
          .says_insufficient_scope = true,
          .tags_on_a_page = 4,
          .manifest_deletion = 405};
}

// Relative Locations (pkg/api/routes.go); Docker's media types are refused unless configured
// (github.com/project-zot/zot/issues/724); referrers (zotregistry.dev, "Conformance").
Personality zot() {
  return {.name = "zot",
          .auth = {.kind = kBasic},
          .locations = Personality::Links::relative,
          .referrers = Personality::Referrers::listed,
          .tags_on_a_page = 2,
          .media_type = {400, "MANIFEST_INVALID", "manifest invalid: media type is not supported"}};
}

}  // namespace

const std::vector<Personality>& personalities() {
  static const std::vector<Personality> all = {amazon(),         google(),         github(), quay(),
                                               harbor(),         docker_hub(),     azure(),  gitlab(),
                                               distribution_2(), distribution_3(), zot()};
  return all;
}

const Personality& personality(std::string_view name) {
  const auto found = std::ranges::find(personalities(), name, &Personality::name);
  if (found == personalities().end()) throw std::out_of_range("no personality " + std::string(name));
  return *found;
}

const Personality& personality_of_this_run() {
  static const Personality plain;
  const char* name = std::getenv("FAKE_REGISTRY");
  return name == nullptr || *name == '\0' ? plain : personality(name);
}

}  // namespace ociassemble::test
