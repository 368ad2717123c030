// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>

#include "registry/uploader.hpp"
#include "registry_support.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

// 10500 bytes in chunks of 1000.
class ChunkedUpload {
 public:
  void run() {
    const auto session =
        std::make_shared<RegistrySession>(registry.host(), make_registry_context(fast_options()), std::stop_token());
    Uploader(session, "app", std::make_shared<KnownBlobs>(), nullptr, {.whole = 1000, .chunk = 1000})
        .upload(descriptor, store, {});
  }
  bool arrived() const { return registry.has_blob("app", descriptor.digest.to_string()); }
  std::size_t sent() const {
    std::size_t sum = 0;
    for (const auto& entry : registry.log()) sum += entry.received;
    return sum;
  }

  FakeRegistry registry{Personality{}};  // its chunks are smaller than any of the world's registries takes
  std::shared_ptr<BlobStore> store = make_memory_store();
  Descriptor descriptor = store->put(text_of(10500), media_type::kOciLayer);
};

}  // namespace

TEST_CASE("a large blob goes in chunks, each telling its place") {
  ChunkedUpload upload;
  upload.run();
  CHECK(upload.arrived());
  std::vector<std::string> ranges;
  for (const auto& entry : upload.registry.log()) {
    if (entry.method == "PATCH") ranges.push_back(entry.range);
  }
  REQUIRE(ranges.size() == 11);
  CHECK(ranges.front() == "0-999");
  CHECK(ranges.back() == "10000-10499");
  CHECK(upload.registry.count("PUT") == 1);
  CHECK(upload.sent() == 10500);
}

TEST_CASE("a registry's least chunk is respected") {
  ChunkedUpload upload;
  upload.registry.add_fault({.method = "POST", .headers = {{"OCI-Chunk-Min-Length", "5000"}}});
  upload.run();
  CHECK(upload.arrived());
  CHECK(upload.registry.count("PATCH") == 3);
}

TEST_CASE("chunks that are cut are resumed, and less than a chunk is sent again for each cut") {
  ChunkedUpload upload;
  for (const int skip : {2, 2, 3}) upload.registry.add_fault({.method = "PATCH", .skip = skip, .cut_after = 300});
  upload.run();
  CHECK(upload.arrived());
  CHECK(upload.registry.count("POST") == 1);
  CHECK(upload.sent() < 10500 + 3 * 1000);
}

TEST_CASE("a registry that takes no chunks gets the whole") {
  ChunkedUpload upload;
  upload.registry.add_fault({.method = "PATCH", .times = -1, .status = 405});
  upload.run();
  CHECK(upload.arrived());
  CHECK(upload.registry.count("PATCH") == 1);
  CHECK(upload.registry.log().back().received == 10500);
}

TEST_CASE("chunks that the registry has only in part go on from there") {
  ChunkedUpload upload;
  upload.registry.add_fault({.method = "PATCH", .skip = 1, .status = 202, .headers = {{"Range", "0-999"}}});
  // It took nothing of the second chunk, and says so as if that were a success; the third is 416.
  upload.run();
  CHECK(upload.arrived());
  CHECK(upload.registry.count("POST") == 1);
}

TEST_CASE("a registry that puts chunks together to something else gets the whole") {
  ChunkedUpload upload;
  upload.registry.add_fault(
      {.method = "PUT", .status = 400, .body = R"({"errors":[{"code":"DIGEST_INVALID","message":"mismatch"}]})"});
  upload.run();
  CHECK(upload.arrived());
  CHECK(upload.registry.count("PATCH") == 11);
  CHECK(upload.registry.log().back().received == 10500);
}

TEST_CASE("a registry that forgets its sessions is not tried forever") {
  ChunkedUpload upload;
  // From the third chunk on, the session is gone each time.
  for (int i = 0; i < 100; ++i) upload.registry.add_fault({.method = "PATCH", .skip = 2, .lose_session = true});
  const auto failure = failure_of([&] { upload.run(); });
  CHECK(failure.code == ErrorCode::not_found);
  CHECK(upload.registry.count("POST") <= 6);
}

TEST_CASE("a registry that keeps a byte or two of each try makes no progress, and is given up") {
  for (const std::size_t kept : {1U, 2U, 50U}) {
    CAPTURE(kept);
    ChunkedUpload upload;
    for (const char* method : {"PATCH", "PUT"})
      upload.registry.add_fault({.method = method, .times = -1, .cut_after = kept});
    const auto failure = failure_of([&] { upload.run(); });
    CHECK(failure.code == ErrorCode::network);
    // As many as the options allow, 5, each with its question of how much there is.
    CHECK(upload.registry.count("PATCH") == 5);
    CHECK_FALSE(upload.arrived());
  }
}
