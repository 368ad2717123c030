// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/compare.hpp"

#include <doctest/doctest.h>

#include "compare_support.hpp"
#include "ociassemble/error.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

std::vector<FileChange> listed(const FileChanges& changes) { return {changes.begin(), changes.end()}; }

std::vector<std::string> lines(const std::vector<ValueChange>& changes) {
  std::vector<std::string> result;
  for (const auto& change : changes) {
    result.push_back(change.member + "|" + change.key + "|" + change.before.value_or("-") + "|" +
                     change.after.value_or("-"));
  }
  return result;
}

std::vector<FileAspect> aspects_of(const RawTar& before, const RawTar& after) {
  const Images images;
  const auto result =
      compare_images(Images::image({{images.layer(before), "x"}}), Images::image({{images.layer(after), "x"}}));
  REQUIRE(result.layers.size() == 1);
  REQUIRE(result.layers[0].files.size() == 1);
  return result.layers[0].files.begin()->aspects;
}

std::vector<LayerChange> changes_of(const ImageComparison& comparison) {
  std::vector<LayerChange> changes;
  for (const auto& layer : comparison.layers) changes.push_back(layer.change);
  return changes;
}

}  // namespace

TEST_CASE("an image is the same as itself, and no layer is read") {
  const Images images;
  auto layer = images.layer(RawTar().file("a", "1"));
  layer.blobs = std::make_shared<Untouchable>();
  const auto image = Images::image({{layer, "x"}});
  const auto result = compare_images(image, image);
  CHECK(result.verdict() == Verdict::same);
  CHECK(changes_of(result) == std::vector{LayerChange::same});
  CHECK(compare(images.document(image), images.document(image), {}).verdict() == Verdict::same);
}

TEST_CASE("of a platform that is not there nothing is said, also when both are the same") {
  const Images images;
  const auto image = Images::image({{images.layer(RawTar().file("a", "1")), "x"}});
  const auto own = image.config().platform;
  CHECK(compare(images.document(image), images.document(image), own).verdict() == Verdict::same);
  CHECK_THROWS_AS(compare(images.document(image), images.document(image), Platform::parse("linux/s390x")), Error);
}

TEST_CASE("layers with equal diff IDs are not read, whatever else differs") {
  const Images images;
  auto layer = images.layer(RawTar().file("a", "1"));
  layer.blobs = std::make_shared<Untouchable>();
  ImageConfig config;
  config.user = "1";
  const auto result = compare_images(Images::image({{layer, "x"}}), Images::image({{layer, "x"}}, config));
  CHECK(result.verdict() == Verdict::different);
  CHECK(lines(result.config) == std::vector<std::string>{R"(config.User||-|"1")"});
}

TEST_CASE("a layer by another compressor has the same contents") {
  const Images images;
  const auto tar = RawTar().file("a", "1");
  const auto result = compare_images(Images::image({{images.layer(tar), "x"}}),
                                     Images::image({{images.layer(tar, Compression::zstd), "x"}}));
  CHECK(result.verdict() == Verdict::recompressed);
  CHECK(changes_of(result) == std::vector{LayerChange::recompressed});
}

TEST_CASE("files of a changed layer are added, removed or changed, with digests and sizes") {
  const Images images;
  const auto before = images.layer(RawTar().file("gone", "1").file("kept", "2").file("other", "hello\n"));
  const auto after = images.layer(RawTar().file("kept", "2").file("new", "").file("other", "hello, world\n"));
  const auto result = compare_images(Images::image({{before, "x"}}), Images::image({{after, "x"}}));
  REQUIRE(result.layers.size() == 1);
  CHECK(result.layers[0].change == LayerChange::changed);
  const auto files = listed(result.layers[0].files);
  REQUIRE(files.size() == 3);
  CHECK(files[0].path == "gone");
  CHECK_FALSE(files[0].after);
  CHECK(files[1].path == "new");
  CHECK_FALSE(files[1].before);
  CHECK(files[2].path == "other");
  CHECK(files[2].aspects == std::vector{FileAspect::content});
  CHECK(files[2].before->size == 6);
  CHECK(files[2].after->size == 13);
  CHECK(files[2].before->content->to_string() ==
        "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03");  // echo hello | sha256sum
}

TEST_CASE("each way in which an entry can differ is told") {
  CHECK(aspects_of(RawTar().file("f", "1", 0644), RawTar().file("f", "1", 0755)) == std::vector{FileAspect::mode});
  CHECK(aspects_of(RawTar().file("f", "1", 0644, {0, 0}), RawTar().file("f", "1", 0644, {0, 5})) ==
        std::vector{FileAspect::owner});
  CHECK(aspects_of(RawTar().symlink("l", "a"), RawTar().symlink("l", "b")) == std::vector{FileAspect::link_target});
  CHECK(aspects_of(RawTar().folder("x", 0644), RawTar().special("x", RawTar::kFifo)) ==
        std::vector{FileAspect::type, FileAspect::mode});
}

TEST_CASE("of two entries with one path the last counts") {
  const Images images;
  const auto twice = images.layer(RawTar().file("f", "1").file("f", "2"));
  const auto once = images.layer(RawTar().file("f", "2"));
  const auto result = compare_images(Images::image({{twice, "x"}}), Images::image({{once, "x"}}));
  CHECK(result.layers[0].change == LayerChange::changed);
  CHECK(result.layers[0].was_read);
  CHECK(result.layers[0].files.empty());
}

TEST_CASE("a layer is found again between others, and by what made it") {
  const Images images;
  const auto base = images.layer(RawTar().file("base", "1"));
  const auto moved_base = images.layer(RawTar().file("base", "2"));
  const auto certificates = images.layer(RawTar().file("ca", "1"));
  const auto app = images.layer(RawTar().file("app", "1"));
  const auto other_app = images.layer(RawTar().file("app", "2"));
  const auto before = Images::image({{base, "base"}, {certificates, "ca"}, {app, "app"}});
  CHECK(changes_of(compare_images(before, Images::image({{moved_base, "base"}, {certificates, "ca"}, {app, "app"}}))) ==
        std::vector{LayerChange::changed, LayerChange::same, LayerChange::same});
  CHECK(changes_of(compare_images(before, Images::image({{base, "base"}, {other_app, "app"}}))) ==
        std::vector{LayerChange::same, LayerChange::removed, LayerChange::changed});
  CHECK(changes_of(compare_images(before, Images::image({{base, "base"}, {app, "app"}, {certificates, "ca"}}))) ==
        std::vector{LayerChange::same, LayerChange::same, LayerChange::moved});
}

TEST_CASE("an added layer lists what it holds, whiteouts too") {
  const Images images;
  const auto base = images.layer(RawTar().file("a", "1").file("b", "1"));
  const auto top = images.layer(RawTar().file(".wh.a").file("c", "3"));
  const auto result = compare_images(Images::image({{base, "x"}}), Images::image({{base, "x"}, {top, "y"}}));
  REQUIRE(result.layers.size() == 2);
  CHECK(result.layers[1].change == LayerChange::added);
  REQUIRE(result.layers[1].files.size() == 2);
  const auto files = listed(result.layers[1].files);
  CHECK(files[0].path == ".wh.a");
  CHECK(files[1].path == "c");
}

TEST_CASE("without reading layers what is in them stays unknown") {
  const Images images;
  auto one = images.layer(RawTar().file("a", "1"));
  auto two = images.layer(RawTar().file("a", "2"));
  one.blobs = two.blobs = std::make_shared<Untouchable>();
  const auto result =
      compare_images(Images::image({{one, "x"}}), Images::image({{two, "x"}}), {.read_layers = false, .stop = {}});
  CHECK(result.layers[0].change == LayerChange::changed);
  CHECK_FALSE(result.layers[0].was_read);
}

TEST_CASE("a config differs by member, its maps and environment by key") {
  const Images images;
  const auto layer = images.layer(RawTar().file("a", "1"));
  ImageConfig before;
  before.user = "0";
  before.env = {"PATH=/bin", "A=1", "GONE=x"};
  before.labels = {{"l", "1"}};
  before.cmd = std::vector<std::string>{"serve"};
  before.config_unknown = {{"Healthcheck", R"({"Test":["NONE"]})"}};
  ImageConfig after;
  after.user = "1";
  after.env = {"A=2", "PATH=/bin"};
  after.labels = {{"l", "1"}, {"m", "2"}};
  after.volumes = {"/data"};
  const auto result = compare_images(Images::image({{layer, "x"}}, before), Images::image({{layer, "x"}}, after));
  CHECK(lines(result.config) == std::vector<std::string>{
                                    R"(config.User||"0"|"1")",
                                    R"(config.Env|A|"1"|"2")",
                                    R"(config.Env|GONE|"x"|-)",
                                    R"(config.Cmd||["serve"]|-)",
                                    R"(config.Volumes|/data|-|{})",
                                    R"(config.Labels|m|-|"2")",
                                    R"(config.Healthcheck||{"Test":["NONE"]}|-)",
                                });
}

TEST_CASE("an environment in another order is a change, too") {
  const Images images;
  const auto layer = images.layer(RawTar().file("a", "1"));
  ImageConfig before;
  before.env = {"A=1", "B=2"};
  ImageConfig after;
  after.env = {"B=2", "A=1"};
  const auto result = compare_images(Images::image({{layer, "x"}}, before), Images::image({{layer, "x"}}, after));
  CHECK(lines(result.config) == std::vector<std::string>{R"(config.Env||["A=1","B=2"]|["B=2","A=1"])"});
}

TEST_CASE("a moved base is told by its annotations") {
  const Images images;
  const auto layer = images.layer(RawTar().file("a", "1"));
  const auto on = [&](const char* digest) {
    return Images::image({{layer, "x"}}, {},
                         {{"org.opencontainers.image.base.name", "docker.io/library/alpine:3.20"},
                          {"org.opencontainers.image.base.digest", digest}});
  };
  const auto result = compare_images(on("sha256:1"), on("sha256:2"));
  CHECK(result.base.moved());
  CHECK(result.base.name_after == "docker.io/library/alpine:3.20");
  CHECK(result.base.digest_before == "sha256:1");
  CHECK_FALSE(result.base.layers_differ);
}

TEST_CASE("a base moved when layers below the application differ, without any annotation") {
  const Images images;
  const auto app = images.layer(RawTar().file("app", "1"));
  const auto on = [&](const char* content) {
    return Images::image(
        {{images.layer(RawTar().file("base", content)), "base"}, {app, "ociassemble: binary /usr/local/bin/app"}});
  };
  CHECK(compare_images(on("1"), on("2")).base.layers_differ);
  CHECK_FALSE(compare_images(on("1"), on("1")).base.layers_differ);
}

TEST_CASE("indexes are compared platform by platform") {
  const Images images;
  const auto layer = images.layer(RawTar().file("a", "1"));
  const auto for_platform = [&](const char* platform, const char* user) {
    ImageConfig config;
    config.platform = Platform::parse(platform);
    config.user = user;
    return Images::image({{layer, "x"}}, config);
  };
  const auto before = images.index({for_platform("linux/amd64", "1"), for_platform("linux/arm64", "1")});
  const auto after = images.index(
      {for_platform("linux/amd64", "1"), for_platform("linux/arm64", "2"), for_platform("linux/s390x", "1")});
  const auto result = compare(before, after, {});
  CHECK(result.verdict() == Verdict::different);
  REQUIRE(result.images.size() == 2);
  CHECK(result.images[0].verdict() == Verdict::same);
  CHECK(result.images[1].verdict() == Verdict::different);
  CHECK(result.only_before.empty());
  CHECK(result.only_after == std::vector<std::string>{"linux/s390x"});
  CHECK(compare(before, after, Platform::parse("linux/amd64")).verdict() == Verdict::same);
  const auto lone = images.document(for_platform("linux/arm64", "3"));
  CHECK(compare(lone, after, {}).images.at(0).platform.to_string() == "linux/arm64");
}
