// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>

#include "fault_table.hpp"
#include "registry_support.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

const Fault kCut{.method = "PUT", .path = "/blobs/uploads/", .cut_after = 60000};

const Step kHeadTag{"HEAD tag", "HEAD", "/manifests/v1"};
const Step kHeadManifest{"HEAD manifest", "HEAD", "/manifests/sha256:"};
const Step kHeadLayer{"HEAD layer", "HEAD", "/blobs/LAYER"};
const Step kHeadConfig{"HEAD config", "HEAD", "/blobs/CONFIG"};
const Step kMount{"mount", "POST", "mount="};
const Step kPost{"POST", "POST", "/blobs/uploads/"};
const Step kPut{"PUT layer", "PUT", "/blobs/uploads/"};
const Step kPatch{"PATCH", "PATCH", "/blobs/uploads/", {kCut}};
const Step kGetUpload{"GET upload", "GET", "/blobs/uploads/", {kCut}};
const Step kPutManifest{"PUT manifest", "PUT", "/manifests/sha256:"};
const Step kPutTag{"PUT tag", "PUT", "/manifests/v1"};
const Step kPushToken{"token", "GET", "/token"};

std::vector<FaultRow> push_status_rows() {
  auto rows = passing_status_rows({kHeadTag, kHeadManifest, kHeadLayer, kHeadConfig, kMount, kPost, kPut, kPatch,
                                   kGetUpload, kPutManifest, kPutTag, kPushToken});
  auto lasting = lasting_status_rows({
      //              400 401 403 404 405 409 413 416 501
      {kHeadTag, "      N   U   .   .   .   N   N   N   ."},
      {kHeadManifest, " N   U   .   .   .   N   N   N   ."},
      {kHeadLayer, "    .   U   .   .   .   .   .   .   ."},
      {kHeadConfig, "   .   U   .   .   .   .   .   .   ."},
      {kMount, "        .   .   .   .   .   .   .   .   ."},
      {kPost, "         N   U   U   F   N   N   N   N   N"},
      {kPut, "          N   U   U   F   N   N   N   N   N"},
      {kPatch, "        .   U   U   F   .   N   N   .   ."},
      {kGetUpload, "    .   .   .   .   .   .   .   .   ."},
      {kPutManifest, "  N   U   U   F   N   N   N   N   N"},
      {kPutTag, "       N   U   U   F   N   N   N   N   N"},
      {kPushToken, "        N   U   U   F   N   N   N   N   N"},
  });
  std::ranges::move(lasting, std::back_inserter(rows));
  return rows;
}

std::vector<FaultRow> push_broken_rows() {
  return cut_rows({
      //              no  in headers  after  always
      {kHeadTag, "      .   .           .      N"},
      {kHeadManifest, " .   .           .      N"},
      {kHeadLayer, "    .   .           .      N"},
      {kHeadConfig, "   .   .           .      N"},
      {kMount, "        .   .           .      N"},
      {kPost, "         .   .           .      N"},
      {kPut, "          .   .           .      N"},
      {kPatch, "        .   .           .      N"},
      {kGetUpload, "    .   .           .      N"},
      {kPutManifest, "  .   .           .      N"},
      {kPutTag, "       .   .           .      N"},
      {kPushToken, "        .   .           .      N"},
  });
}

std::vector<FaultRow> location_rows() {
  const auto at = [](const char* location) { return Fault{.times = kAlways, .headers = {{"Location", location}}}; };
  return {
      {kPost,
       "no Location",
       {.times = kAlways, .without = {"Location"}},
       fails(ErrorCode::corrupt, "without a Location")},
      {kPost, "a Location that is none", at("http://:x/"), fails(ErrorCode::corrupt, "cannot follow 127.0.0.1:")},
      {kPost, "a Location of another kind", at("ftp://127.0.0.1/"),
       fails(ErrorCode::corrupt, "neither http nor https")},
      {kPost, "a Location with a password", at("http://a:hunter2@127.0.0.1/"), fails(ErrorCode::corrupt, "password")},
      {kPost, "a Location without TLS", at("http://registry.example.com/x"), fails(ErrorCode::network, "plain HTTP")},
      {kPost, "a Location where nobody is", at("http://127.0.0.1:1/x"),
       fails(ErrorCode::network, "cannot reach 127.0.0.1:1")},
      {kPost, "a Location without a session", at("/v2/app/blobs/uploads/none"),
       fails(ErrorCode::not_found, "not known")},
      {kMount, "202 without a Location", {.status = 202}, recovered()},
      {kMount, "201 of a blob that is not there", {.status = 201}, recovered()},
      {kMount, "201 of blobs that are never there", {.times = kAlways, .status = 201}, recovered()},
      {kPatch, "no Location", {.without = {"Location"}}, recovered()},
      {kGetUpload, "no Location", {.without = {"Location"}}, recovered()},
      {kPutManifest, "no Location", {.without = {"Location"}}, recovered()},
      {kPut,
       "redirected in a circle",
       {.times = kAlways, .status = 307, .headers = {{"Location", "?again"}}},
       fails(ErrorCode::network, "more than 10 redirects")},
      {kPutTag,
       "redirected to plain HTTP",
       {.status = 307, .headers = {{"Location", "http://registry.example.com/"}}},
       fails(ErrorCode::network, "plain HTTP")},
  };
}

std::vector<FaultRow> upload_rows() {
  std::vector<FaultRow> rows = {
      {kPut, "cut", {.cut_after = 60000}, recovered()},
      {kPut, "cut twice", {.times = 2, .cut_after = 60000}, recovered()},
      {kPut, "cut at once", {.cut_after = 0}, recovered()},
      {kPatch, "cut", {.cut_after = 20000}, recovered()},
      {kPatch, "cut at once", {.cut_after = 0}, recovered()},
      {kPut, "the session is lost before", {.lose_session = true}, recovered()},
      {kPut,
       "the session is always lost",
       {.times = kAlways, .lose_session = true},
       fails(ErrorCode::not_found, "not known")},
      {kPatch, "the session is lost", {.lose_session = true}, recovered()},
      {kGetUpload, "the session is lost", {.lose_session = true}, recovered()},
      {kPut, "413 once", {.status = 413}, recovered()},
      {kPut,
       "503 after it was served",
       {.raw = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"},
       recovered()},
      {kPut, "an answer that is cut", {.raw = "HTTP/1.1 201 Created\r\nContent-Length: 50\r\n\r\n{}"}, recovered()},
      {kPutManifest,
       "an answer that is cut",
       {.raw = "HTTP/1.1 201 Created\r\nContent-Length: 50\r\n\r\n{}"},
       recovered()},
      {kPutTag, "an answer that is cut", {.raw = "HTTP/1.1 201 Created\r\nContent-Length: 50\r\n\r\n{}"}, recovered()},
      {kPut,
       "100 and 103 before the answer",
       {.raw = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: "
               "0\r\n\r\n"},
       recovered()},
      {kHeadLayer, "slow", {.delay = std::chrono::milliseconds(50)}, recovered()},
      {kPut, "the token has expired", {.expire_tokens = true}, recovered()},
      {kPatch, "the token has expired", {.expire_tokens = true}, recovered()},
      {kPutTag, "the token has expired", {.expire_tokens = true}, recovered()},
  };
  for (const char* range : {"bytes=0-59999", "0-99999999", "0-0", "nonsense", "", "5-9", "0-18446744073709551615"})
    rows.push_back({kGetUpload, std::string("Range: ") + range, {.headers = {{"Range", range}}}, recovered()});
  rows.push_back({kGetUpload, "no Range", {.without = {"Range"}}, recovered()});
  for (const char* range : {"nonsense", "", "5-9", "bytes=0-99999", "0-0", "0-100"})
    rows.push_back({kPatch, std::string("Range: ") + range, {.headers = {{"Range", range}}}, recovered()});
  rows.push_back({kPatch,
                  "Range: 0-99999999",
                  {.headers = {{"Range", "0-99999999"}}},
                  fails(ErrorCode::corrupt, "the registry says it has")});
  return rows;
}

std::vector<FaultRow> header_rows() {
  const auto other = Digest::of("other").to_string();
  auto taken = fails(ErrorCode::corrupt, "the registry's copy of the manifest");
  auto taken_under_the_tag = taken;
  taken_under_the_tag.moved = true;
  const auto refused = fails(ErrorCode::network, "429");
  std::vector<FaultRow> rows = {
      {kHeadTag, "no digest", {.without = {"Docker-Content-Digest"}}, recovered()},
      {kHeadTag, "a digest that is none", {.headers = {{"Docker-Content-Digest", "sha256:nonsense"}}}, recovered()},
      {kHeadTag, "no media type", {.without = {"Content-Type"}}, recovered()},
      {kPutManifest, "no digest", {.without = {"Docker-Content-Digest"}}, recovered()},
      {kPutManifest, "a digest that is none", {.headers = {{"Docker-Content-Digest", "sha256:nonsense"}}}, recovered()},
      {kPutManifest, "the digest of another", {.headers = {{"Docker-Content-Digest", other}}}, taken},
      {kPutTag, "the digest of another", {.headers = {{"Docker-Content-Digest", other}}}, taken_under_the_tag},
      {kPost, "a least chunk that is nonsense", {.headers = {{"OCI-Chunk-Min-Length", "-1"}}}, recovered()},
      {kPost,
       "a least chunk that is huge",
       {.headers = {{"OCI-Chunk-Min-Length", "18446744073709551615"}}},
       recovered()},
  };
  for (const auto& step : {kHeadTag, kPost, kPut, kPutManifest, kPutTag}) {
    rows.push_back({step, "429, Retry-After: 0", {.status = 429, .headers = {{"Retry-After", "0"}}}, recovered()});
    rows.push_back(
        {step, "429, Retry-After: soon", {.status = 429, .headers = {{"Retry-After", "soon"}}}, recovered()});
    // Always: the first POST is sent ahead, and one that fails is sent again.
    rows.push_back({step,
                    "429, Retry-After: 3600",
                    {.times = kAlways, .status = 429, .headers = {{"Retry-After", "3600"}}},
                    refused});
  }
  return rows;
}

std::vector<FaultRow> push_all_rows() {
  std::vector<FaultRow> rows;
  for (auto part : {push_status_rows(), push_broken_rows(), location_rows(), upload_rows(), header_rows()})
    std::ranges::move(part, std::back_inserter(rows));
  return rows;
}

void check_is_whole(const FakeRegistry& registry, const Image& image) {
  CHECK(registry.manifest("app", image.digest().to_string()) == image.manifest_json());
  for (const auto& layer : image.layers()) CHECK(registry.has_blob("app", layer.descriptor.digest.to_string()));
  CHECK(registry.has_blob("app", image.manifest().config.digest.to_string()));
}

}  // namespace

TEST_CASE("the table of a push's faults: each is recovered from, or is a clear error with the tag where it was") {
  const auto before = image_of({"before"});
  const auto base = image_of({"base"});
  const auto image = image_of({text_of(100000), "base"});
  const auto index = index_of({image});
  const auto layer = image.layers()[0].descriptor.digest.to_string();
  const auto config = image.manifest().config.digest.to_string();
  for (const auto& row : push_all_rows()) {
    const auto name = name_of(row);
    CAPTURE(name);
    FakeRegistry registry(FakeAuth{.kind = FakeAuth::Kind::bearer});
    seed(registry, "app", "v1", before);
    auto options = options_for("alice", "correct horse");
    options.parallel = 1;
    RegistryClient client(options);
    // So that the token is there, and something to mount.
    if (row.step.name != std::string_view("token")) client.push(before, at(registry, "app:v1"));
    if (row.step.name == std::string_view("mount")) client.push(base, at(registry, "base:v1"));
    for (auto& fault : faults_of(row, layer, config)) registry.add_fault(std::move(fault));
    const auto failure = failure_of([&] { client.push(index, at(registry, "app:v1")); });
    CAPTURE(failure.message);
    CHECK(registry.unmet_faults() == 0);
    const auto tag = registry.manifest("app", "v1");
    if (row.expected.recovered) {
      CHECK(failure.message == "nothing was thrown");
      CHECK(tag == index.json);
      check_is_whole(registry, image);
    } else {
      CHECK(failure.code == row.expected.code);
      CHECK(failure.message.starts_with("cannot "));
      CHECK(failure.message.find(row.expected.words) != std::string::npos);
      CHECK(failure.message.find("hunter2") == std::string::npos);
      if (!row.expected.moved) CHECK(tag == before.manifest_json());
    }
    if (registry.manifest("app", image.digest().to_string())) check_is_whole(registry, image);
  }
}
