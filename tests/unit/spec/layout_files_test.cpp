// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "failure.hpp"
#include "spec/docker_archive_manifest.hpp"
#include "spec/oci_layout_file.hpp"

using namespace ociassemble;
using test::failure_of;

TEST_CASE("the file oci-layout is written as the specification shows it") {
  CHECK(OciLayoutFile{}.to_json() == R"({"imageLayoutVersion":"1.0.0"})");
}

TEST_CASE("the file oci-layout is read") {
  CHECK(OciLayoutFile::parse("{\n  \"imageLayoutVersion\": \"1.0.0\"\n}\n") == OciLayoutFile{});
  CHECK(OciLayoutFile::parse(R"({"imageLayoutVersion":"1.1.0","x":1})").version == "1.1.0");
  const auto code = [](std::string_view text) {
    return failure_of([text] { return OciLayoutFile::parse(text); })->code;
  };
  CHECK(code(R"({"imageLayoutVersion":"2.0.0"})") == ErrorCode::unsupported);
  CHECK(code(R"({"imageLayoutVersion":1})") == ErrorCode::corrupt);
  CHECK(code("{}") == ErrorCode::corrupt);
  CHECK(code("") == ErrorCode::corrupt);
  CHECK(code(std::string(70000, ' ')) == ErrorCode::corrupt);
}

TEST_CASE("manifest.json of docker save is read") {
  const auto manifest = DockerArchiveManifest::parse(
      R"([{"Config":"blobs/sha256/ab","RepoTags":["app:v1","127.0.0.1:5000/app:v1"],"Layers":["blobs/sha256/cd","x/layer.tar"],)"
      R"("LayerSources":{}},{"Config":"ef.json","RepoTags":null,"Layers":null}])");
  REQUIRE(manifest.images.size() == 2);
  CHECK(manifest.images[0] == DockerArchiveImage{.config = "blobs/sha256/ab",
                                                 .repo_tags = {"app:v1", "127.0.0.1:5000/app:v1"},
                                                 .layers = {"blobs/sha256/cd", "x/layer.tar"}});
  CHECK(manifest.images[1] == DockerArchiveImage{.config = "ef.json", .repo_tags = {}, .layers = {}});
}

TEST_CASE("manifest.json of docker save is written") {
  const DockerArchiveManifest manifest{{{"a.json", {"app:v1"}, {"b.tar"}}, {"c.json", {}, {}}}};
  CHECK(manifest.to_json() ==
        R"([{"Config":"a.json","RepoTags":["app:v1"],"Layers":["b.tar"]},{"Config":"c.json","Layers":[]}])");
  CHECK(DockerArchiveManifest::parse(manifest.to_json()) == manifest);
  CHECK(DockerArchiveManifest{}.to_json() == "[]");
}

TEST_CASE("manifest.json with a path that leaves the archive is refused") {
  for (const std::string path : {"", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a/", "a/..", "a\\u0000b"}) {
    CAPTURE(path);
    const auto code = [](const std::string& text) {
      return failure_of([&] { return DockerArchiveManifest::parse(text); })->code;
    };
    CHECK(code("[{\"Config\":\"" + path + "\",\"Layers\":[]}]") == ErrorCode::corrupt);
    CHECK(code("[{\"Config\":\"a\",\"Layers\":[\"" + path + "\"]}]") == ErrorCode::corrupt);
  }
  CHECK(failure_of([] { return DockerArchiveManifest::parse("{}"); })->message ==
        "cannot parse manifest.json: the document is not an array");
}
