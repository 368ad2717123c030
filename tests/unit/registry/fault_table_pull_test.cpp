// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "fault_table.hpp"
#include "ociassemble/document.hpp"
#include "registry_support.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

const Step kIndex{"index", "GET", "/manifests/v1"};
const Step kManifest{"manifest", "GET", "/manifests/sha256:"};
const Step kConfig{"config", "GET", "/blobs/CONFIG"};
const Step kLayer{"layer", "GET", "/blobs/LAYER"};
const Step kToken{"token", "GET", "/token"};
const std::vector<Step> kSteps{kIndex, kManifest, kConfig, kLayer, kToken};

std::vector<FaultRow> status_rows() {
  auto rows = passing_status_rows(kSteps);
  auto lasting = lasting_status_rows({
      //         400 401 403 404 405 409 413 416 501
      {kIndex, "   N   U   U   F   N   N   N   N   N"},
      {kManifest, "N   U   U   F   N   N   N   N   N"},
      {kConfig, "  N   U   U   F   N   N   N   N   N"},
      {kLayer, "   N   U   U   F   N   N   N   N   N"},
      {kToken, "   N   U   U   F   N   N   N   N   N"},
  });
  std::ranges::move(lasting, std::back_inserter(rows));
  return rows;
}

std::vector<FaultRow> broken_rows() {
  return cut_rows({
      //          no  in headers  after  always
      {kIndex, "   .   .           .      N"},
      {kManifest, ".   .           .      N"},
      {kConfig, "  .   .           .      N"},
      {kLayer, "   .   .           .      N"},
      {kToken, "   .   .           .      N"},
  });
}

std::vector<FaultRow> document_rows() {
  const auto other = Digest::of("other").to_string();
  std::vector<FaultRow> rows;
  for (const auto& step : {kIndex, kManifest}) {
    rows.push_back({step, "cut in the body, twice", {.times = 2, .cut_after = 100}, recovered()});
    rows.push_back({step, "cut before the body", {.cut_after = 0}, recovered()});
    rows.push_back({step, "no media type", {.without = {"Content-Type"}}, recovered()});
    rows.push_back({step, "a media type that is none", {.headers = {{"Content-Type", "text/plain"}}}, recovered()});
    rows.push_back({step,
                    "a media type of two fields",
                    {.headers = {{"Content-Type", "application/json"}, {"Content-Type", "text/html"}}},
                    recovered()});
    rows.push_back({step, "no digest", {.without = {"Docker-Content-Digest"}}, recovered()});
    rows.push_back({step, "wrong bytes", {.wrong_bytes = true}, fails(ErrorCode::corrupt, "sha256:")});
    rows.push_back({step,
                    "shorter than it says, always",
                    {.times = kAlways, .raw = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"},
                    fails(ErrorCode::network, "the connection was cut after 2 bytes")});
    rows.push_back({step,
                    "empty",
                    {.times = kAlways, .raw = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
                    fails(ErrorCode::corrupt, "cannot ")});
    rows.push_back({step,
                    "larger than any document",
                    {.times = kAlways, .raw = "HTTP/1.1 200 OK\r\n\r\n" + std::string((16U << 20U) + 1, ' ')},
                    fails(ErrorCode::corrupt, "16777216")});
    rows.push_back(
        {step, "slow drip", {.piece_delay = std::chrono::milliseconds(5), .cut_after = 1U << 20U}, recovered()});
  }
  const Fault no_digest{.headers = {{"Docker-Content-Digest", "sha256:nonsense"}}};
  rows.push_back({kIndex, "a digest that is none", no_digest, fails(ErrorCode::corrupt, "is none")});
  rows.push_back({kManifest, "a digest that is none", no_digest, recovered()});
  rows.push_back({kIndex,
                  "the digest of another",
                  {.headers = {{"Docker-Content-Digest", other}}},
                  fails(ErrorCode::corrupt, "the manifest of ")});
  rows.push_back({kManifest, "the digest of another", {.headers = {{"Docker-Content-Digest", other}}}, recovered()});
  return rows;
}

std::vector<FaultRow> blob_rows() {
  std::vector<FaultRow> rows;
  for (const auto& step : {kConfig, kLayer}) {
    rows.push_back({step, "cut in the body, twice", {.times = 2, .cut_after = 50}, recovered()});
    rows.push_back({step, "cut before the body", {.cut_after = 0}, recovered()});
    rows.push_back(
        {step, "no headers that matter", {.without = {"Content-Type", "Docker-Content-Digest"}}, recovered()});
    rows.push_back({step, "wrong bytes", {.wrong_bytes = true}, fails(ErrorCode::corrupt, "sha256:")});
    rows.push_back({step,
                    "shorter than it should be, always",
                    {.times = kAlways, .raw = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"},
                    fails(ErrorCode::network, "the answer ended after 2 of")});
    rows.push_back({step,
                    "a length that is none",
                    {.times = kAlways, .raw = "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}"},
                    fails(ErrorCode::network, "cannot ")});
    rows.push_back({step,
                    "longer than it should be",
                    {.raw = "HTTP/1.1 200 OK\r\n\r\n" + std::string(200000, ' ')},
                    fails(ErrorCode::corrupt, "cannot ")});
    rows.push_back({step, "slow drip", {.piece_delay = std::chrono::milliseconds(2)}, recovered()});
  }
  const Fault cut{.method = "GET", .path = "/blobs/LAYER", .cut_after = 60000};
  rows.push_back({kLayer, "cut, then no ranges", {.ignore_range = true}, recovered(), {cut}});
  rows.push_back({kLayer, "cut, then 416", {.status = 416}, recovered(), {cut}});
  rows.push_back({kLayer, "cut, then 503 twice", {.times = 2, .status = 503}, recovered(), {cut}});
  rows.push_back({kLayer, "cut, then 404", {.status = 404}, fails(ErrorCode::not_found, "no such blob"), {cut}});
  rows.push_back({kLayer,
                  "cut, then another range",
                  {.raw = "HTTP/1.1 206 Partial Content\r\nContent-Length: 2\r\nContent-Range: bytes 5-6/10\r\n\r\n{}"},
                  fails(ErrorCode::corrupt, "another range"),
                  {cut}});
  rows.push_back({kLayer,
                  "cut, then no Content-Range",
                  {.raw = "HTTP/1.1 206 Partial Content\r\nContent-Length: 2\r\n\r\n{}"},
                  fails(ErrorCode::corrupt, "another range"),
                  {cut}});
  rows.push_back({kLayer, "cut, then other bytes", {.wrong_bytes = true}, fails(ErrorCode::corrupt, "sha256:"), {cut}});
  return rows;
}

std::vector<FaultRow> retry_after_rows() {
  struct Value {
    const char* value;
    Expected expected;
  };
  const auto refused = fails(ErrorCode::network, "429");
  std::vector<FaultRow> rows;
  for (const auto& [value, expected] : std::initializer_list<Value>{
           {"0", recovered()},
           {"Sun, 06 Nov 1994 08:49:37 GMT", recovered()},
           {"soon", recovered()},
           {"-5", recovered()},
           {"", recovered()},
           {"99999999999999999999999", recovered()},
           {"3600", refused},
           {"9223372036854775807", refused},
           {"Fri, 31 Dec 9999 23:59:59 GMT", refused},
       }) {
    for (const auto& step : {kIndex, kLayer, kToken})
      rows.push_back({step,
                      fmt::format("429, Retry-After: {}", value),
                      {.status = 429, .headers = {{"Retry-After", value}}},
                      expected});
  }
  return rows;
}

std::vector<FaultRow> redirect_rows() {
  const auto to = [](const char* location) { return Fault{.status = 307, .headers = {{"Location", location}}}; };
  std::vector<FaultRow> rows;
  for (const auto& step : {kIndex, kConfig, kLayer}) {
    rows.push_back({step, "redirect without a Location", {.status = 307}, fails(ErrorCode::network, "307")});
    rows.push_back(
        {step, "redirect to what is no URL", to("http://:x/"), fails(ErrorCode::corrupt, "cannot follow 127.0.0.1:")});
    rows.push_back(
        {step, "redirect to a file", to("file:///etc/passwd"), fails(ErrorCode::corrupt, "cannot follow 127.0.0.1:")});
    rows.push_back({step, "redirect with a password", to("http://user:hunter2@127.0.0.1/"),
                    fails(ErrorCode::corrupt, "a user name or password")});
    rows.push_back({step, "redirect to plain HTTP elsewhere", to("http://registry.example.com/"),
                    fails(ErrorCode::network, "plain HTTP")});
    rows.push_back({step,
                    "redirect in a circle",
                    {.times = kAlways, .status = 302, .headers = {{"Location", "?again"}}},
                    fails(ErrorCode::network, "more than 10 redirects")});
  }
  return rows;
}

std::vector<FaultRow> token_rows() {
  const auto corrupt = [](const char* words) { return fails(ErrorCode::corrupt, words); };
  const auto answer = [](const char* body) { return Fault{.status = 200, .body = body}; };
  std::vector<FaultRow> rows = {
      {kToken, "no token", answer("{}"), corrupt("without a token")},
      {kToken, "no JSON", answer("token"), corrupt("without a token")},
      {kToken, "an empty token", answer(R"({"token":"","access_token":""})"), corrupt("without a token")},
      {kToken, "a token of two lines", answer(R"({"token":"a\r\nHost: evil"})"), corrupt("without a token")},
      {kToken, "a token that is refused", answer(R"({"token":"odd"})"), fails(ErrorCode::unauthorized, "401")},
      {kToken, "too much", {.status = 200, .body = std::string(70000, ' ')}, corrupt("65536")},
      {kIndex, "the token has expired", {.expire_tokens = true}, recovered()},
      {kManifest, "the token has expired", {.expire_tokens = true}, recovered()},
      {kLayer, "the token has expired", {.expire_tokens = true}, recovered()},
      {kLayer,
       "the token has expired after a cut",
       {.expire_tokens = true},
       recovered(),
       {{.method = "GET", .path = "/blobs/LAYER", .cut_after = 60000}}},
  };
  const auto realm = [](const char* url) {
    return Fault{
        .times = kAlways, .status = 401, .headers = {{"WWW-Authenticate", fmt::format("Bearer realm=\"{}\"", url)}}};
  };
  rows.push_back({kIndex, "a realm that is no URL", realm("http://:x/"), corrupt("cannot follow 127.0.0.1:")});
  rows.push_back({kIndex, "a realm by FTP", realm("ftp://127.0.0.1/"), corrupt("cannot follow 127.0.0.1:")});
  rows.push_back({kIndex, "a realm with a password", realm("http://a:hunter2@127.0.0.1/"), corrupt("password")});
  rows.push_back({kIndex, "a realm over plain HTTP", realm("http://registry.example.com/token"),
                  fails(ErrorCode::unsupported, "plain HTTP")});
  return rows;
}

bool is_about_logging_in(const FaultRow& row) {
  return row.step.name == std::string_view("token") || row.effect.headers.contains("WWW-Authenticate");
}

std::vector<FaultRow> all_rows() {
  std::vector<FaultRow> rows;
  for (auto part :
       {status_rows(), broken_rows(), document_rows(), blob_rows(), retry_after_rows(), redirect_rows(), token_rows()})
    std::ranges::move(part, std::back_inserter(rows));
  return rows;
}

}  // namespace

TEST_CASE("the table of a pull's faults: each is recovered from with the identical result, or is a clear error") {
  const auto image = image_of({text_of(100000)});
  const auto index = index_of({image});
  const auto& layer = image.layers()[0].descriptor;
  const auto config = image.manifest().config.digest.to_string();
  for (const auto& row : all_rows()) {
    const auto name = name_of(row);
    CAPTURE(name);
    FakeRegistry registry(FakeAuth{.kind = FakeAuth::Kind::bearer});
    seed(registry, "app", "amd64", image);
    registry.put_manifest("app", "v1", std::string(index.index.media_type()), index.json);
    const auto store = make_memory_store();
    std::optional<Image> pulled;
    const auto failure = failure_of([&] {
      RegistryClient client(options_for("alice", "correct horse"));
      if (!is_about_logging_in(row)) client.find(at(registry, "app:none"));  // so that the token is there
      for (auto& fault : faults_of(row, layer.digest.to_string(), config)) registry.add_fault(std::move(fault));
      pulled = open_image(client.open(at(registry, "app:v1")), Platform::parse("linux/amd64"));
      copy_blob(*pulled->layers()[0].blobs, layer, *store, {});
    });
    CAPTURE(failure.message);
    CHECK(registry.unmet_faults() == 0);
    if (row.expected.recovered) {
      CHECK(failure.message == "nothing was thrown");
      REQUIRE(pulled);
      CHECK(pulled->manifest_json() == image.manifest_json());
      CHECK(pulled->config_json() == image.config_json());
      CHECK(store->contains(layer));
    } else {
      CHECK(failure.code == row.expected.code);
      CHECK(failure.message.starts_with("cannot "));
      CHECK(failure.message.find(row.expected.words) != std::string::npos);
      CHECK(failure.message.find("hunter2") == std::string::npos);
      CHECK_FALSE(store->contains(layer));
    }
  }
}
