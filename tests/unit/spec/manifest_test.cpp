// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/manifest.hpp"

#include <doctest/doctest.h>

#include "failure.hpp"

using namespace ociassemble;
using test::failure_of;

namespace {

const std::string kA = "sha256:b5b2b2c507a0944348e0303114d8d93aaaa081732b86451d9bce1f432a537bc7";
const std::string kB = "sha256:9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0";
const std::string kConfig =
    R"({"mediaType":"application/vnd.oci.image.config.v1+json","digest":")" + kA + R"(","size":7023})";
const std::string kLayer =
    R"({"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":")" + kB + R"(","size":32654})";
const std::string kDockerConfig =
    R"({"mediaType":"application/vnd.docker.container.image.v1+json","digest":")" + kA + R"(","size":7023})";

std::string manifest_with(const std::string& members) { return R"({"schemaVersion":2,)" + members + "}"; }
std::string manifest_of(const std::string& config, const std::string& layers, const std::string& rest = {}) {
  return manifest_with("\"config\":" + config + ",\"layers\":" + layers + rest);
}
std::string index_of(const std::string& manifests) { return manifest_with("\"manifests\":" + manifests); }

const std::string kOciType = R"(,"mediaType":"application/vnd.oci.image.manifest.v1+json")";

}  // namespace

TEST_CASE("an OCI manifest is read") {
  const auto manifest = Manifest::parse(manifest_of(
      kConfig, "[" + kLayer + "]", kOciType + R"(,"annotations":{"com.example.key2":"value2","com.example.key1":""})"));
  CHECK(manifest.format == ImageFormat::oci);
  CHECK(manifest.config.media_type == "application/vnd.oci.image.config.v1+json");
  CHECK(manifest.config.digest.to_string() == kA);
  CHECK(manifest.config.size == 7023);
  REQUIRE(manifest.layers.size() == 1);
  CHECK(manifest.layers[0].digest.to_string() == kB);
  CHECK(manifest.annotations == Annotations{{"com.example.key1", ""}, {"com.example.key2", "value2"}});
  CHECK_FALSE(manifest.subject);
}

TEST_CASE("a manifest is written compactly in the order of the specification") {
  const Descriptor layer{.media_type = "application/vnd.oci.image.layer.v1.tar+gzip",
                         .digest = Digest::parse(kB),
                         .size = 32654,
                         .urls = {"https://example.com/a?b&c"},
                         .annotations = {{"z", "<"}, {"Z", "2"}}};
  const Manifest manifest{
      .artifact_type = "application/vnd.example",
      .config = {.media_type = "application/vnd.oci.image.config.v1+json", .digest = Digest::parse(kA), .size = 0},
      .layers = {layer},
      .subject = Descriptor{.media_type = "m", .digest = Digest::parse(kA), .size = 1, .artifact_type = "t"},
      .annotations = {{"b", "2"}, {"a", "1"}}};
  CHECK(
      manifest.to_json() ==
      R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/vnd.example",)"
      R"("config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":")" +
          kA + R"(","size":0},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":")" + kB +
          R"(","size":32654,"urls":["https://example.com/a?b&c"],"annotations":{"Z":"2","z":"<"}}],)" +
          R"("subject":{"mediaType":"m","digest":")" + kA +
          R"(","size":1,"artifactType":"t"},"annotations":{"a":"1","b":"2"}})");
  CHECK(Manifest::parse(manifest.to_json()) == manifest);
}

TEST_CASE("an index is written compactly in the order of the specification") {
  const Index index{.manifests = {{.media_type = "application/vnd.oci.image.manifest.v1+json",
                                   .digest = Digest::parse(kA),
                                   .size = 7143,
                                   .platform = Platform{"windows", "amd64", "v2", "10.0", {"win32k"}}},
                                  {.media_type = "x", .digest = Digest::parse(kB), .size = 1, .platform = Platform{}}}};
  CHECK(index.to_json() ==
        R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)"
        R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" +
            kA + R"(","size":7143,"platform":{"architecture":"amd64","os":"windows","os.version":"10.0",)" +
            R"("os.features":["win32k"],"variant":"v2"}},{"mediaType":"x","digest":")" + kB + R"(","size":1}]})");
  CHECK(
      Index{.format = ImageFormat::docker}.to_json() ==
      R"({"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json","manifests":[]})");
}

TEST_CASE("the data of a descriptor and members that nobody knows are dropped") {
  const auto manifest = Manifest::parse(manifest_of(
      R"({"mediaType":"application/vnd.oci.empty.v1+json","digest":")" + kA + R"(","size":2,"data":"e30=","x":null})",
      "[]", R"(,"future":[1])"));
  CHECK(manifest.to_json() == R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",)"
                              R"("config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":")" +
                                  kA + R"(","size":2},"layers":[]})");
}

TEST_CASE("an index with attestations, empty platforms and nulls is read") {
  const auto index = Index::parse(index_of(
      R"([{"mediaType":"m","digest":")" + kA + R"(","size":1,"platform":{"architecture":"unknown","os":"unknown"},)" +
      R"("annotations":{"vnd.docker.reference.type":"attestation-manifest"},"urls":null},)" +
      R"({"mediaType":"m","digest":")" + kB + R"(","size":2,"platform":{},"annotations":null}])"));
  REQUIRE(index.manifests.size() == 2);
  CHECK(index.manifests[0].platform == Platform{"unknown", "unknown", "", "", {}});
  CHECK_FALSE(index.manifests[1].platform);
  CHECK(index.manifests[1].annotations.empty());
  CHECK(Index::parse(index_of("null")).manifests.empty());
}

TEST_CASE("the format comes from the type that was said, then from the document") {
  struct Case {
    std::string json;
    std::string type;
    ImageFormat expected;
  };
  const std::string docker_type = "application/vnd.docker.distribution.manifest.v2+json";
  for (const auto& entry : std::initializer_list<Case>{
           {manifest_of(kConfig, "[]"), "", ImageFormat::oci},
           {manifest_of(kConfig, "null"), "", ImageFormat::oci},
           {manifest_of(kConfig, "[]"), docker_type, ImageFormat::docker},
           {manifest_of(kDockerConfig, "[]", ",\"mediaType\":\"" + docker_type + "\""), "", ImageFormat::docker},
           {manifest_of(kDockerConfig, "[]"), "", ImageFormat::docker},
           {manifest_of(kDockerConfig, "[]"), "application/vnd.oci.image.manifest.v1+json", ImageFormat::oci},
           {manifest_of(kConfig, "[]", kOciType), "application/json; charset=utf-8", ImageFormat::oci},
           {manifest_of(kConfig, "[]"), docker_type + "; charset=utf-8", ImageFormat::docker},
       }) {
    const auto& json = entry.json;
    const auto& type = entry.type;
    const auto& expected = entry.expected;
    CAPTURE(json);
    CAPTURE(type);
    CHECK(Manifest::parse(json, type).format == expected);
  }
}

TEST_CASE("a manifest that does not follow the specification is refused") {
  struct Case {
    std::string json;
    std::string type;
    std::string message;
  };
  const std::string bad_size = R"({"mediaType":"m","digest":")" + kA + R"(","size":)";
  for (const auto& entry : std::initializer_list<Case>{
           {"", "", "cannot parse manifest: invalid JSON at byte 1"},
           {"[]", "", "cannot parse manifest: the document is not an object"},
           {"{}", "", "cannot parse manifest: schemaVersion is missing"},
           {R"({"schemaVersion":"2"})", "", "cannot parse manifest: schemaVersion is not a non-negative integer"},
           {R"({"schemaVersion":3})", "", "cannot parse manifest: schemaVersion is 3 instead of 2"},
           {manifest_with("\"layers\":[]"), "", "cannot parse manifest: config is missing"},
           {manifest_with("\"config\":null,\"layers\":[]"), "", "cannot parse manifest: config is null"},
           {manifest_with("\"config\":" + kConfig), "", "cannot parse manifest: layers is missing"},
           {manifest_of(kConfig, "{}"), "", "cannot parse manifest: layers is not an array"},
           {manifest_of(kConfig, "[null]"), "", "cannot parse manifest: layers[0] is not an object"},
           {manifest_of(kConfig, "[" + kLayer + "," + bad_size + "-1}]"), "",
            "cannot parse manifest: layers[1].size is not a non-negative integer"},
           {manifest_of(bad_size + "1.0}", "[]"), "",
            "cannot parse manifest: config.size is not a non-negative integer"},
           {manifest_of(bad_size + "9223372036854775808}", "[]"), "",
            "cannot parse manifest: config.size is too large"},
           {manifest_of(R"({"digest":"x","size":1})", "[]"), "", "cannot parse manifest: config.mediaType is missing"},
           {manifest_of(R"({"mediaType":"","digest":"x","size":1})", "[]"), "",
            "cannot parse manifest: config.mediaType is empty"},
           {manifest_of(R"({"mediaType":"m","digest":"sha256:AB","size":1})", "[]"), "",
            "cannot parse manifest: config.digest is not a sha256 or sha512 digest"},
           {manifest_of(kConfig, "[]", R"(,"annotations":{"a":1})"), "",
            "cannot parse manifest: annotations.a is not a string"},
           {manifest_of(kConfig, "[]", R"(,"subject":[])"), "", "cannot parse manifest: subject is not an object"},
           {manifest_of(kConfig, "[]", R"(,"Layers":[])"), "",
            "cannot parse manifest: the document has both members \"Layers\" and \"layers\""},
           {manifest_of(kConfig, "[]", R"(,"manifests":[])"), "",
            "cannot parse manifest: it has a member \"manifests\""},
           {manifest_of(kConfig, "[]", R"(,"mediaType":"application/vnd.oci.image.index.v1+json")"), "",
            "cannot parse manifest: its media type is \"application/vnd.oci.image.index.v1+json\""},
           {manifest_of(kConfig, "[]"), "text/html", "cannot parse manifest: its media type is \"text/html\""},
           {manifest_of(kConfig, "[]", kOciType), "application/vnd.docker.distribution.manifest.v2+json",
            "cannot parse manifest: its mediaType \"application/vnd.oci.image.manifest.v1+json\" contradicts "
            "\"application/vnd.docker.distribution.manifest.v2+json\""},
       }) {
    const auto& json = entry.json;
    const auto& type = entry.type;
    const auto& message = entry.message;
    CAPTURE(json);
    const auto failure = failure_of([&] { return Manifest::parse(json, type); });
    REQUIRE(failure);
    CHECK(failure->code == ErrorCode::corrupt);
    CHECK(failure->message == message);
  }
}

TEST_CASE("an index that does not follow the specification is refused") {
  const auto message = [](const std::string& json) { return failure_of([&] { return Index::parse(json); })->message; };
  CHECK(message(manifest_with("\"x\":1")) == "cannot parse index: manifests is missing");
  CHECK(message(manifest_with(R"("manifests":[],"layers":[])")) == "cannot parse index: it has a member \"layers\"");
  CHECK(message(manifest_with(R"("manifests":[],"config":{})")) == "cannot parse index: it has a member \"config\"");
  CHECK(message(index_of(R"([{"mediaType":"m","digest":")" + kA + R"(","size":1,"platform":{"os":1}}])")) ==
        "cannot parse index: manifests[0].platform.os is not a string");
}

TEST_CASE("schema 1 is unsupported, not corrupt") {
  const std::string schema1 = R"({"schemaVersion":1,"name":"library/app","tag":"v1","fsLayers":[],"history":[]})";
  const auto code = [](auto action) { return failure_of(action)->code; };
  CHECK(code([&] { return Manifest::parse(schema1); }) == ErrorCode::unsupported);
  CHECK(code([&] { return Index::parse(schema1); }) == ErrorCode::unsupported);
  CHECK(code([&] { return document_kind(schema1); }) == ErrorCode::unsupported);
  CHECK(code([&] { return document_kind("{}", "application/vnd.docker.distribution.manifest.v1+prettyjws"); }) ==
        ErrorCode::unsupported);
  CHECK(code([&] {
          return Manifest::parse(manifest_of(kConfig, "[]"), "application/vnd.docker.distribution.manifest.v1+json");
        }) == ErrorCode::unsupported);
}

TEST_CASE("the kind of a document comes from its type, its mediaType or its members") {
  struct Case {
    std::string json;
    std::string type;
    DocumentKind expected;
  };
  for (const auto& entry : std::initializer_list<Case>{
           {"", "application/vnd.oci.image.index.v1+json", DocumentKind::index},
           {"", "application/vnd.docker.distribution.manifest.v2+json;q=1", DocumentKind::manifest},
           {R"({"mediaType":"application/vnd.oci.image.index.v1+json"})", "", DocumentKind::index},
           {R"({"mediaType":"application/vnd.oci.image.manifest.v1+json"})", "text/plain", DocumentKind::manifest},
           {R"({"manifests":[]})", "", DocumentKind::index},
           {R"({"schemaVersion":2,"manifests":null})", "application/octet-stream", DocumentKind::index},
           {R"({"config":{}})", "", DocumentKind::manifest},
           {R"({"layers":[]})", "", DocumentKind::manifest},
           {R"({"config":{},"manifests":null})", "", DocumentKind::manifest},
       }) {
    const auto& json = entry.json;
    const auto& type = entry.type;
    const auto& expected = entry.expected;
    CAPTURE(json);
    CHECK(document_kind(json, type) == expected);
  }
  const auto code = [](std::string_view json, std::string_view type = {}) {
    return failure_of([&] { return document_kind(json, type); })->code;
  };
  CHECK(code("{}") == ErrorCode::corrupt);
  CHECK(code("") == ErrorCode::corrupt);
  CHECK(code("[]") == ErrorCode::corrupt);
  CHECK(code(R"({"config":{},"manifests":[]})") == ErrorCode::corrupt);
  CHECK(code(R"({"mediaType":"application/vnd.example","layers":[]})") == ErrorCode::corrupt);
  CHECK(code(R"({"layers":[]})", "text/html") == ErrorCode::corrupt);
}

TEST_CASE("a document over 16 MiB is refused") {
  const std::string text = manifest_of(kConfig, "[]") + std::string(kMaxManifestSize, ' ');
  CHECK(failure_of([&] { return Manifest::parse(text); })->code == ErrorCode::corrupt);
}

TEST_CASE("an annotation that is not UTF-8 is not written") {
  auto manifest = Manifest::parse(manifest_of(kConfig, "[]"));
  manifest.annotations["k"] = "\xFF";
  const auto failure = failure_of([&] { return manifest.to_json(); });
  CHECK(failure->code == ErrorCode::invalid_argument);
  CHECK(failure->message == "cannot write member \"annotations\": not UTF-8");
}
