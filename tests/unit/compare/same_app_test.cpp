// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/same_app.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "compare_support.hpp"
#include "ociassemble/error.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

constexpr const char* kBinary = "ociassemble: binary /usr/local/bin/app";
constexpr const char* kFiles = "ociassemble: files /srv";

RawTar program(std::string_view bytes) {
  return RawTar().folder("usr/local/bin").file("usr/local/bin/app", bytes, 0555);
}

// Subjects of what is not allowed, each once.
std::vector<std::string> refused(const SameApp& app) {
  std::vector<std::string> subjects;
  for (const auto& difference : app.differences) {
    if (!difference.is_allowed) subjects.push_back(difference.subject);
  }
  std::sort(subjects.begin(), subjects.end());
  subjects.erase(std::unique(subjects.begin(), subjects.end()), subjects.end());
  return subjects;
}

}  // namespace

TEST_CASE("the same program on two bases with another config is proven, and the differences are listed") {
  const Images images;
  const auto app = images.layer(program("v1"));
  ImageConfig prod;
  prod.entrypoint = std::vector<std::string>{"/usr/local/bin/app"};
  auto dev = prod;
  dev.env = {"DEBUG=1"};
  dev.cmd = std::vector<std::string>{"--watch"};
  const auto proof =
      prove_same_app(Images::image({{images.layer(RawTar().file("base", "alpine")), "base"}, {app, kBinary}}, prod),
                     Images::image({{images.layer(RawTar().file("base", "golang")), "base"}, {app, kBinary}}, dev));
  CHECK(proof.is_proven());
  REQUIRE(proof.layers.size() == 1);
  CHECK(proof.layers[0].diff_id == app.diff_id);
  CHECK(proof.layers[0].before == 2);
  std::vector<std::string> subjects;
  for (const auto& difference : proof.differences) subjects.push_back(difference.subject);
  CHECK(subjects == std::vector<std::string>{"base", "base", "env", "cmd"});
  CHECK(refused(proof).empty());
}

TEST_CASE("another program is not the same application, and its file is named") {
  const Images images;
  const auto proof = prove_same_app(Images::image({{images.layer(program("v1")), kBinary}}),
                                    Images::image({{images.layer(program("v2")), kBinary}}));
  CHECK_FALSE(proof.is_proven());
  REQUIRE(proof.unlike.size() == 1);
  REQUIRE(proof.unlike[0].files.size() == 1);
  CHECK(proof.unlike[0].files.begin()->path == "usr/local/bin/app");
}

TEST_CASE("the same application by another compressor is proven") {
  const Images images;
  const auto proof = prove_same_app(Images::image({{images.layer(program("v1")), kBinary}}),
                                    Images::image({{images.layer(program("v1"), Compression::zstd), kBinary}}));
  CHECK(proof.is_proven());
}

TEST_CASE("layers on top are a profile's, unless they hide a file of the application") {
  const Images images;
  const auto app = images.layer(program("v1"));
  const auto prod = Images::image({{app, kBinary}});
  const auto with = [&](const RawTar& top) { return Images::image({{app, kBinary}, {images.layer(top), kFiles}}); };
  CHECK(prove_same_app(prod, with(RawTar().file("usr/local/bin/air", "x"))).is_proven());
  CHECK(prove_same_app(with(RawTar().file("usr/local/bin/air", "x")), prod).is_proven());
  for (const auto& top : {
           RawTar().file("usr/local/bin/app", "evil"),
           RawTar().file("usr/local/bin/.wh.app"),
           RawTar().file("usr/.wh.local"),
           RawTar().file("usr/local/bin/.wh..wh..opq"),
           RawTar().symlink("usr/local", "/elsewhere"),
       }) {
    const auto proof = prove_same_app(prod, with(top));
    CHECK_FALSE(proof.is_proven());
    CHECK(refused(proof) == std::vector<std::string>{"application"});
  }
}

TEST_CASE("an image without the program is not the same application") {
  const Images images;
  const auto files = images.layer(RawTar().file("srv/a", "1"));
  const auto app = images.layer(program("v1"));
  const auto proof = prove_same_app(Images::image({{files, kFiles}, {app, kBinary}}), Images::image({{files, kFiles}}));
  CHECK_FALSE(proof.is_proven());
  CHECK(refused(proof) == std::vector<std::string>{"application"});
}

TEST_CASE("labels that say the same over other bytes prove nothing") {
  const Images images;
  const auto honest = images.layer(program("v1"));
  auto liar = images.layer(program("v2"));
  liar.diff_id = honest.diff_id;
  const auto proof = prove_same_app(Images::image({{honest, kBinary}}), Images::image({{liar, kBinary}}));
  CHECK_FALSE(proof.is_proven());
  CHECK(refused(proof) == std::vector<std::string>{"application"});
}

TEST_CASE("another platform is never the same application") {
  const Images images;
  const auto app = images.layer(program("v1"));
  ImageConfig arm;
  arm.platform = Platform::parse("linux/arm64");
  const auto proof = prove_same_app(Images::image({{app, kBinary}}), Images::image({{app, kBinary}}, arm));
  CHECK_FALSE(proof.is_proven());
  CHECK(refused(proof) == std::vector<std::string>{"platform"});
}

TEST_CASE("strictly, only what is named may differ") {
  const Images images;
  const auto app = images.layer(program("v1"));
  ImageConfig config;
  config.env = {"A=1"};
  config.user = "1";
  const auto prove = [&](std::set<std::string> allow) {
    return prove_same_app(Images::image({{app, kBinary}}), Images::image({{app, kBinary}}, config),
                          {.is_strict = true, .allow = std::move(allow), .find_base = {}, .stop = {}});
  };
  CHECK(refused(prove({})) == std::vector<std::string>{"env", "user"});
  CHECK(refused(prove({"env"})) == std::vector<std::string>{"user"});
  CHECK(prove({"env", "user"}).is_proven());
  CHECK_THROWS_AS(prove({"environment"}), Error);
}

TEST_CASE("of an image that others made, all above the annotated base is the application") {
  const Images images;
  const auto base = images.layer(RawTar().file("base", "1"));
  const auto app = images.layer(program("v1"));
  const auto base_image = Images::image({{base, "base"}});
  const auto made = Images::image({{base, "base"}, {app, "COPY app"}}, {},
                                  {{"org.opencontainers.image.base.name", "docker.io/library/alpine:3.20"},
                                   {"org.opencontainers.image.base.digest", base_image.digest().to_string()}});
  SameAppOptions options;
  options.find_base = [&](const std::string& name, const Digest& digest) {
    CHECK(name == "docker.io/library/alpine:3.20");
    CHECK(digest == base_image.digest());
    return base_image;
  };
  CHECK(prove_same_app(made, Images::image({{app, kBinary}}), options).is_proven());
  const auto unknown = Images::image({{base, "base"}, {app, "COPY app"}});
  CHECK_THROWS_WITH_AS(prove_same_app(unknown, made, options), doctest::Contains("cannot tell the application"), Error);
}

TEST_CASE("of indexes every platform is proven, and none may be missing") {
  const Images images;
  const auto app = images.layer(program("v1"));
  const auto image = [&](const char* platform) {
    ImageConfig config;
    config.platform = Platform::parse(platform);
    return Images::image({{app, kBinary}}, config);
  };
  const auto both = images.index({image("linux/amd64"), image("linux/arm64")});
  const auto one = images.index({image("linux/amd64")});
  const auto proven = prove_same_app(both, both, {});
  CHECK(proven.is_proven());
  CHECK(proven.platforms.size() == 2);
  CHECK_FALSE(prove_same_app(both, one, {}).is_proven());
  CHECK(prove_same_app(both, one, Platform::parse("linux/amd64")).is_proven());
}

TEST_CASE("of indexes engines choose by what the entries say") {
  const Images images;
  const auto image = [&](const char* platform, const char* bytes) {
    ImageConfig config;
    config.platform = Platform::parse(platform);
    auto descriptor = images.document(Images::image({{images.layer(program(bytes)), kBinary}}, config)).descriptor;
    descriptor.platform.reset();
    return descriptor;
  };
  const auto entry = [](Descriptor descriptor, const char* platform) {
    descriptor.platform = Platform::parse(platform);
    return descriptor;
  };
  const auto document = [&](const std::vector<Descriptor>& entries, const std::string& more = {}) {
    Index index;
    index.manifests = entries;
    auto json = index.to_json();
    if (!more.empty()) json.insert(json.find("[") + 1, more + ",");
    return Document{images.store->put(json, media_type::kOciIndex), json, images.store};
  };
  const auto amd = image("linux/amd64", "v1");
  const auto arm = image("linux/arm64", "v1");
  const auto evil = image("linux/amd64", "evil");
  const auto right = document({entry(amd, "linux/amd64"), entry(arm, "linux/arm64")});
  const auto is_same = [&](const Document& other) {
    const auto there = prove_same_app(right, other, {}).is_proven();
    CHECK(prove_same_app(other, right, {}).is_proven() == there);
    return there;
  };
  CHECK(is_same(right));
  CHECK(is_same(document({entry(arm, "linux/arm64/v8"), entry(amd, "linux/amd64")})));
  CHECK_FALSE(is_same(document({entry(amd, "linux/arm64"), entry(arm, "linux/amd64")})));
  CHECK_FALSE(is_same(document({amd, arm})));
  CHECK_FALSE(is_same(document({entry(evil, "linux/amd64"), entry(amd, "linux/amd64"), entry(arm, "linux/arm64")})));
  CHECK_FALSE(is_same(document({entry(amd, "linux/amd64"), entry(arm, "linux/arm64"), entry(evil, "linux/riscv64")})));

  auto artifact = entry(evil, "linux/amd64");
  artifact.artifact_type = "application/x";
  CHECK_FALSE(is_same(document({artifact, entry(amd, "linux/amd64"), entry(arm, "linux/arm64")})));
  artifact.platform = Platform{"unknown", "unknown", {}, {}, {}};
  CHECK(is_same(document({artifact, entry(amd, "linux/amd64"), entry(arm, "linux/arm64")})));
  const std::string unreadable =
      R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","size":9,"digest":"blake3:)" + std::string(64, 'a') +
      R"(","platform":{"os":"linux","architecture":"amd64"}})";
  const auto odd = document({entry(amd, "linux/amd64"), entry(arm, "linux/arm64")}, unreadable);
  CHECK_FALSE(is_same(odd));
  CHECK_FALSE(prove_same_app(odd, odd, {}).is_proven());
  CHECK_FALSE(prove_same_app(odd, right, Platform::parse("linux/amd64")).is_proven());
}
