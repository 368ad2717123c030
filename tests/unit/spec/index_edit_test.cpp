// SPDX-License-Identifier: Apache-2.0
#include "spec/index_edit.hpp"

#include <doctest/doctest.h>

#include "failure.hpp"
#include "ociassemble/manifest.hpp"

using namespace ociassemble;
using test::failure_of;

namespace {

const std::string kHex(64, 'a');

Descriptor entry_to_put() {
  return {std::string(media_type::kOciManifest), Digest::parse("sha256:" + kHex), 2, {}, {}, {}, {}};
}

std::string put(std::string_view json, const std::string& replaced = {}) {
  return put_index_entry(
      json, [&](const IndexEntryNames& entry) { return entry.digest == replaced; }, entry_to_put());
}

const std::string kPut = R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:)" +
                         std::string(64, 'a') + R"(","size":2})";

}  // namespace

TEST_CASE("an entry that is put leaves all that others wrote, also what the specification does not know") {
  const std::string others =
      R"({"mediaType":"m","digest":"sha256:)" + std::string(64, 'b') +
      R"(","size":2,"annotations":{"a":"b"},"platform":{"architecture":"arm64","os":"linux","features":["x"],"z":1},)"
      R"("artifactType":"t","data":"e30=","x-vendor":7})";
  const std::string head = R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)";
  const std::string tail = R"(],"annotations":{"k":"v"},"com.example.tool":{"keep":[1,2.5,null]}})";
  CHECK(put(head + others + tail) == head + others + "," + kPut + tail);
  CHECK(put(head + others + tail, "sha256:" + std::string(64, 'b')) == head + kPut + tail);
}

TEST_CASE("entries of unknown digests are known by them, kept or replaced as others are") {
  const std::string blake = R"({"mediaType":"m","digest":"blake3:6c6c","size":2})";
  const auto json =
      R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)" + blake + "]}";
  CHECK(put(json).find(blake + "," + kPut) != std::string::npos);
  CHECK(put(json, "blake3:6c6c").find("[" + kPut + "]") != std::string::npos);
}

TEST_CASE("an index that says little is written in full") {
  const auto full =
      R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)" + kPut + "]}";
  CHECK(put(R"({"schemaVersion":2,"manifests":null})") == full);
  CHECK(put(R"({"manifests":[],"schemaVersion":2})") == full);
}

TEST_CASE("what is no index is not edited") {
  CHECK(failure_of([] { return put("{}"); })->code == ErrorCode::corrupt);
  CHECK(failure_of([] { return put(R"({"schemaVersion":2,"manifests":{}})"); })->code == ErrorCode::corrupt);
}

TEST_CASE("an index names entries of unknown digest algorithms apart") {
  const auto index = Index::parse(R"({"schemaVersion":2,"manifests":[
    {"mediaType":"m","digest":"blake3:6c6c","size":2,"annotations":{"org.opencontainers.image.ref.name":"x"}},
    {"mediaType":"m","digest":"sha256:)" +
                                  kHex + R"(","size":2}]})");
  REQUIRE(index.unreadable.size() == 1);
  CHECK(index.unreadable[0].digest == "blake3:6c6c");
  CHECK(index.manifests.size() == 1);
  // Not the grammar of the specification, or not the length of the algorithm: no digests at all.
  for (const char* digest : {"sha256:6c", "sha512:6c", "BLAKE:6c", "blake3:", ":6c", "blake3", "b..c:6c", "b3:6/c"}) {
    const auto json =
        std::string(R"({"schemaVersion":2,"manifests":[{"mediaType":"m","size":1,"digest":")") + digest + "\"}]}";
    CHECK(failure_of([&] { return Index::parse(json); })->code == ErrorCode::corrupt);
  }
}
