// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "registry_support.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

enum class Outcome { recovered, failed };

struct Row {
  const char* name;
  std::vector<Fault> faults;
  Outcome outcome = Outcome::recovered;
  ErrorCode code = ErrorCode::network;  // of a failure
};

constexpr int kAlways = -1;

std::vector<Row> pull_rows() {
  std::vector<Row> rows;
  for (const int status : {408, 425, 429, 500, 502, 503, 504, 522}) {
    for (const char* path : {"/manifests/", "/blobs/"})
      rows.push_back({"passing status", {{.method = "GET", .path = path, .times = 2, .status = status}}});
  }
  for (const char* path : {"/manifests/", "/blobs/"}) {
    rows.push_back({"always 503", {{.path = path, .times = kAlways, .status = 503}}, Outcome::failed});
    rows.push_back({"400", {{.path = path, .times = 1, .status = 400}}, Outcome::failed});
    rows.push_back({"403", {{.path = path, .times = 1, .status = 403}}, Outcome::failed, ErrorCode::unauthorized});
    rows.push_back({"404", {{.path = path, .times = 1, .status = 404}}, Outcome::failed, ErrorCode::not_found});
    rows.push_back(
        {"401 without a challenge", {{.path = path, .status = 401}}, Outcome::failed, ErrorCode::unauthorized});
    rows.push_back({"closed without an answer", {{.path = path, .times = 3, .drop = true}}});
    rows.push_back({"always closed", {{.path = path, .times = kAlways, .drop = true}}, Outcome::failed});
    rows.push_back({"cut", {{.path = path, .times = 2, .cut_after = 100}}});
    rows.push_back({"cut at once", {{.path = path, .times = 1, .cut_after = 0}}});
    rows.push_back({"wrong bytes", {{.path = path, .wrong_bytes = true}}, Outcome::failed, ErrorCode::corrupt});
    rows.push_back({"Retry-After in seconds", {{.path = path, .status = 429, .headers = {{"Retry-After", "0"}}}}});
    rows.push_back({"Retry-After as a past date",
                    {{.path = path, .status = 503, .headers = {{"Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT"}}}}});
    rows.push_back({"Retry-After of an hour",
                    {{.path = path, .status = 429, .headers = {{"Retry-After", "3600"}}}},
                    Outcome::failed});
    rows.push_back({"slow", {{.path = path, .delay = std::chrono::milliseconds(30)}}});
    rows.push_back({"another digest in the header",
                    {{.path = path, .headers = {{"Docker-Content-Digest", Digest::of("other").to_string()}}}},
                    // For a blob the digest that was asked for is the one that counts.
                    std::string_view(path) == "/blobs/" ? Outcome::recovered : Outcome::failed,
                    ErrorCode::corrupt});
  }
  rows.push_back(
      {"a range that was not asked for",
       {{.path = "/blobs/", .cut_after = 100}, {.path = "/blobs/", .headers = {{"Content-Range", "bytes 5-9/10"}}}},
       Outcome::failed,
       ErrorCode::corrupt});
  return rows;
}

std::vector<Row> push_rows() {
  std::vector<Row> rows;
  struct Step {
    const char* method;
    const char* path;
  };
  const Step steps[] = {{"HEAD", "/manifests/"},
                        {"HEAD", "/blobs/"},
                        {"POST", "/blobs/uploads/"},
                        {"PUT", "/blobs/uploads/"},
                        {"PUT", "/manifests/"}};
  for (const auto& step : steps) {
    for (const int status : {429, 500, 503})
      rows.push_back({"passing status", {{.method = step.method, .path = step.path, .times = 2, .status = status}}});
    rows.push_back(
        {"closed without an answer", {{.method = step.method, .path = step.path, .times = 2, .drop = true}}});
    // Whether a blob is there can also be left to the upload to find out.
    const bool optional = step.method == std::string_view("HEAD") && step.path == std::string_view("/blobs/");
    rows.push_back({"always 503",
                    {{.method = step.method, .path = step.path, .times = kAlways, .status = 503}},
                    optional ? Outcome::recovered : Outcome::failed});
    rows.push_back({"401 without a challenge",
                    {{.method = step.method, .path = step.path, .times = kAlways, .status = 401}},
                    Outcome::failed,
                    ErrorCode::unauthorized});
  }
  rows.push_back({"HEAD of the tag is forbidden", {{.method = "HEAD", .path = "/manifests/", .status = 403}}});
  rows.push_back({"HEAD is not supported", {{.method = "HEAD", .times = kAlways, .status = 405}}});
  rows.push_back({"HEAD of the tag has no digest",
                  {{.method = "HEAD", .path = "/manifests/", .without = {"Docker-Content-Digest"}}}});
  rows.push_back(
      {"HEAD of a blob is forbidden", {{.method = "HEAD", .path = "/blobs/", .times = kAlways, .status = 403}}});
  rows.push_back({"POST is forbidden",
                  {{.method = "POST", .times = kAlways, .status = 403}},
                  Outcome::failed,
                  ErrorCode::unauthorized});
  rows.push_back({"POST without a Location",
                  {{.method = "POST", .times = kAlways, .without = {"Location"}}},
                  Outcome::failed,
                  ErrorCode::corrupt});
  rows.push_back({"PUT is cut", {{.method = "PUT", .path = "/blobs/", .cut_after = 60000}}});
  rows.push_back({"PUT is cut twice", {{.method = "PUT", .path = "/blobs/", .times = 2, .cut_after = 60000}}});
  rows.push_back({"PUT is cut at once", {{.method = "PUT", .path = "/blobs/", .cut_after = 0}}});
  rows.push_back({"PUT is cut, the session lost",
                  {{.method = "PUT", .path = "/blobs/", .cut_after = 60000},
                   {.method = "GET", .path = "/uploads/", .lose_session = true}}});
  rows.push_back({"PUT and then PATCH are cut",
                  {{.method = "PUT", .path = "/blobs/", .cut_after = 60000}, {.method = "PATCH", .cut_after = 20000}}});
  rows.push_back({"the session is lost before the PUT", {{.method = "PUT", .path = "/blobs/", .lose_session = true}}});
  rows.push_back({"the session is always lost",
                  {{.method = "PUT", .path = "/blobs/", .times = kAlways, .lose_session = true}},
                  Outcome::failed,
                  ErrorCode::not_found});
  rows.push_back({"PUT is too large", {{.method = "PUT", .path = "/blobs/", .status = 413}}});
  rows.push_back({"PUT and PATCH are too large",
                  {{.method = "PUT", .path = "/blobs/", .times = kAlways, .status = 413},
                   {.method = "PATCH", .times = kAlways, .status = 413}},
                  Outcome::failed});
  rows.push_back(
      {"PUT says 400", {{.method = "PUT", .path = "/blobs/", .times = kAlways, .status = 400}}, Outcome::failed});
  rows.push_back({"the status of an upload is 500",
                  {{.method = "PUT", .path = "/blobs/", .cut_after = 60000},
                   {.method = "GET", .path = "/uploads/", .times = 2, .status = 500}}});
  rows.push_back({"the status of an upload is nonsense",
                  {{.method = "PUT", .path = "/blobs/", .cut_after = 60000},
                   {.method = "GET", .path = "/uploads/", .headers = {{"Range", "0-99999999"}}}}});
  rows.push_back({"PATCH answers with more than was sent",
                  {{.method = "PUT", .path = "/blobs/", .cut_after = 60000},
                   {.method = "PATCH", .headers = {{"Range", "0-99999999"}}}},
                  Outcome::failed,
                  ErrorCode::corrupt});
  rows.push_back({"the manifest is taken for another",
                  {{.method = "PUT",
                    .path = "/manifests/",
                    .headers = {{"Docker-Content-Digest", Digest::of("other").to_string()}}}},
                  Outcome::failed,
                  ErrorCode::corrupt});
  rows.push_back({"the manifest is refused",
                  {{.method = "PUT", .path = "/manifests/", .times = kAlways, .status = 400}},
                  Outcome::failed});
  return rows;
}

std::string describe(const Row& row) {
  std::string text = row.name;
  for (const auto& fault : row.faults)
    text += fmt::format(" [{} {} {} {}]", fault.method, fault.path, fault.status, fault.times);
  return text;
}

}  // namespace

TEST_CASE("every fault of a pull is recovered from, or is a clear error") {
  const auto bytes = text_of(100000);
  const auto image = image_of({bytes});
  for (const auto& row : pull_rows()) {
    const auto name = describe(row);
    CAPTURE(name);
    FakeRegistry registry;
    seed(registry, "app", "v1", image);
    for (const auto& fault : row.faults) registry.add_fault(fault);
    RegistryClient client(fast_options());
    std::string got;
    const auto failure = failure_of([&] {
      const auto document = client.fetch(at(registry, "app:v1"));
      REQUIRE(document.json == image.manifest_json());
      got = BlobStore::read(*document.blobs, image.layers()[0].descriptor, std::size_t{1} << 20U);
    });
    CAPTURE(failure.message);
    if (row.outcome == Outcome::recovered) {
      CHECK(got == bytes);
    } else {
      CHECK(failure.code == row.code);
      CHECK(failure.message.starts_with("cannot "));
      CHECK(got.empty());
    }
  }
}

TEST_CASE("every fault of a push is recovered from, or is a clear error with the tag where it was") {
  const auto before = image_of({"before"});
  const auto image = image_of({text_of(100000)});
  for (const auto& row : push_rows()) {
    const auto name = describe(row);
    CAPTURE(name);
    FakeRegistry registry;
    seed(registry, "app", "v1", before);
    for (const auto& fault : row.faults) registry.add_fault(fault);
    RegistryClient client(fast_options());
    const auto failure = failure_of([&] { client.push(image, at(registry, "app:v1")); });
    CAPTURE(failure.message);
    const auto tag = registry.manifest("app", "v1");
    if (row.outcome == Outcome::recovered) {
      CHECK(failure.message == "nothing was thrown");
      CHECK(tag == image.manifest_json());
      CHECK(registry.has_blob("app", image.layers()[0].descriptor.digest.to_string()));
    } else {
      CHECK(failure.code == row.code);
      CHECK(failure.message.starts_with("cannot "));
      // Only the registry's own word for another manifest comes after the tag moved.
      if (row.code != ErrorCode::corrupt) CHECK(tag == before.manifest_json());
    }
  }
}

TEST_CASE("a request is tried as often as the options say, and no more") {
  FakeRegistry registry;
  registry.add_fault({.times = kAlways, .status = 503});
  auto options = fast_options();
  options.tries = 3;
  RegistryClient client(options);
  const auto failure = failure_of([&] { client.fetch(at(registry, "app:v1")); });
  CHECK(failure.status == 503);
  CHECK(registry.log().size() == 3);
}

TEST_CASE("an upload that was cut is resumed from where it was") {
  FakeRegistry registry;
  const auto bytes = text_of(4000000);
  registry.add_fault({.method = "PUT", .path = "/blobs/", .times = 1, .cut_after = 1000000});
  RegistryClient client(fast_options());
  auto options = fast_options();
  options.parallel = 1;
  RegistryClient(options).push(image_of({bytes}), at(registry, "app:v1"));
  CHECK(registry.has_blob("app", Digest::of(bytes).to_string()));
  const auto log = registry.log();
  const auto patch = std::ranges::find(log, "PATCH", &LoggedRequest::method);
  REQUIRE(patch != log.end());
  CHECK(patch->range == "1000000-3999999");
  CHECK(patch->received == 3000000);
}
