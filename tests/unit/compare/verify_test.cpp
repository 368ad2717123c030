// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/verify.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

#include "base/base64.hpp"
#include "base/shared_library.hpp"
#include "compare_support.hpp"
#include "digest/hasher.hpp"
#include "ociassemble/error.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

// Blobs under the digests that documents name them by, whatever their bytes are.
class Blobs : public BlobReader {
 public:
  std::unique_ptr<Source> open(const Descriptor& descriptor) override {
    const auto found = bytes.find(descriptor.digest);
    if (found == bytes.end()) {
      throw Error(ErrorCode::not_found, fmt::format("there is no blob {}", descriptor.digest.to_string()));
    }
    return std::make_unique<VerifyingSource>(std::make_unique<StringSource>(found->second), descriptor.digest,
                                             descriptor.size, fmt::format("blob {}", descriptor.digest.to_string()));
  }

  std::map<Digest, std::string> bytes;
};

Descriptor nothing() { return {{}, Digest::of(""), 0, {}, {}, {}, {}}; }

// An image or artifact, and all that belongs to it.
struct World {
  Descriptor put(const std::string& text, std::string_view type) {
    Descriptor descriptor{std::string(type), Digest::of(text), text.size(), {}, {}, {}, {}};
    blobs->bytes.insert_or_assign(descriptor.digest, text);
    return descriptor;
  }
  VerifyReport check() const { return verify({root, blobs->bytes.at(root.digest), blobs}); }
  bool is_ok() const { return check().problems.empty(); }

  std::shared_ptr<Blobs> blobs = std::make_shared<Blobs>();
  Descriptor root = nothing();
};

std::string compressed(const std::string& bytes, Compression kind) {
  StringSink sink;
  const auto compressor = make_compressor({.kind = kind, .level = 0, .workers = 1}, sink);
  compressor->write(as_bytes(bytes));
  compressor->finish();
  return sink.take();
}

std::string layer_tar(std::size_t number) {
  return RawTar().folder("d").file(fmt::format("d/{}", number), std::string(number + 1, 'x')).bytes();
}

Manifest image_manifest(World& world, ImageFormat format, Compression kind, std::size_t layers,
                        Digest::Algorithm algorithm = Digest::Algorithm::sha256) {
  ImageConfig config;
  config.platform = Platform::parse("linux/amd64");
  Manifest manifest{ImageFormat::oci, {}, nothing(), {}, {}, {}};
  manifest.format = format;
  for (std::size_t i = 0; i < layers; ++i) {
    const auto tar = layer_tar(i);
    manifest.layers.push_back(world.put(compressed(tar, kind), layer_type(format, kind)));
    config.diff_ids.push_back(Digest::of(tar, algorithm));
    config.history.push_back({.created = {}, .author = {}, .created_by = fmt::format("layer {}", i), .comment = {}});
  }
  manifest.config = world.put(config.to_json(), config_type(format));
  return manifest;
}

World image(ImageFormat format, Compression kind, std::size_t layers) {
  World world;
  const auto manifest = image_manifest(world, format, kind, layers);
  world.root = world.put(manifest.to_json(), manifest.media_type());
  return world;
}

World index(std::size_t images) {
  World world;
  Index index;
  for (std::size_t i = 0; i < images; ++i) {
    const auto manifest = image_manifest(world, ImageFormat::oci, Compression::gzip, i + 1);
    index.manifests.push_back(world.put(manifest.to_json(), manifest.media_type()));
    index.manifests.back().platform = Platform::parse("linux/amd64");
  }
  world.root = world.put(index.to_json(), index.media_type());
  return world;
}

World artifact(const std::vector<std::string>& files, bool has_subject) {
  World world;
  Manifest manifest{ImageFormat::oci, {}, nothing(), {}, {}, {}};
  manifest.artifact_type = "application/spdx+json";
  manifest.config = world.put("{}", "application/vnd.oci.empty.v1+json");
  for (const auto& file : files) manifest.layers.push_back(world.put(file, "application/spdx+json"));
  if (has_subject) {
    const auto about = image_manifest(world, ImageFormat::oci, Compression::gzip, 1);
    manifest.subject = world.put(about.to_json(), about.media_type());
  }
  world.root = world.put(manifest.to_json(), manifest.media_type());
  return world;
}

std::vector<World> worlds() {
  std::vector<World> worlds;
  for (const auto format : {ImageFormat::oci, ImageFormat::docker}) {
    for (const auto kind : {Compression::none, Compression::gzip, Compression::zstd}) {
      for (const std::size_t layers : {1U, 2U, 3U}) worlds.push_back(image(format, kind, layers));
    }
  }
  worlds.push_back(index(1));
  worlds.push_back(index(3));
  worlds.push_back(artifact({R"({"spdxVersion":"SPDX-2.3"})"}, false));
  worlds.push_back(artifact({"one", "two"}, true));
  return worlds;
}

// What the root, an artifact, is about.
std::optional<Digest> subject_of(const World& world) {
  if (!is_manifest_type(world.root.media_type)) return {};
  const auto manifest = Manifest::parse(world.blobs->bytes.at(world.root.digest), world.root.media_type);
  return manifest.subject ? std::optional(manifest.subject->digest) : std::nullopt;
}

World with(const World& world, const Digest& digest, std::string bytes) {
  World other{std::make_shared<Blobs>(), world.root};
  other.blobs->bytes = world.blobs->bytes;
  other.blobs->bytes.insert_or_assign(digest, std::move(bytes));
  return other;
}

// A lone image whose documents say what `change` makes of them, under right digests.
World changed(const World& world, const std::function<void(Manifest&)>& change) {
  auto manifest = Manifest::parse(world.blobs->bytes.at(world.root.digest), world.root.media_type);
  World other;
  other.blobs->bytes = world.blobs->bytes;
  change(manifest);
  other.root = other.put(manifest.to_json(), manifest.media_type());
  return other;
}

VerifyReport report_of(const RawTar& tar) {
  World world;
  ImageConfig config;
  config.platform = Platform::parse("linux/amd64");
  config.diff_ids = {Digest::of(tar.bytes())};
  Manifest manifest{ImageFormat::oci, {}, nothing(), {}, {}, {}};
  manifest.layers = {world.put(tar.bytes(), media_type::kOciLayer)};
  manifest.config = world.put(config.to_json(), media_type::kOciConfig);
  world.root = world.put(manifest.to_json(), manifest.media_type());
  return world.check();
}

bool has_problem(const VerifyReport& report, std::string_view text) {
  return std::any_of(report.problems.begin(), report.problems.end(),
                     [&](const std::string& problem) { return problem.find(text) != std::string::npos; });
}

}  // namespace

TEST_CASE("what engines run is an image, whatever its manifest says of an artifact") {
  const auto good = image(ImageFormat::oci, Compression::gzip, 1);
  for (const auto type : {media_type::kOciConfig, media_type::kDockerConfig}) {
    CAPTURE(std::string(type));
    const auto dressed = changed(good, [&](Manifest& manifest) {
      manifest.artifact_type = "application/spdx+json";
      manifest.config.media_type = type;
    });
    const auto report = verify({dressed.root, dressed.blobs->bytes.at(dressed.root.digest), dressed.blobs});
    CHECK(report.problems.empty() == (type == media_type::kOciConfig));
    // Its diff ID is not the config's.
    auto other = dressed;
    const auto layer = other.put(compressed(layer_tar(7), Compression::gzip), media_type::kOciLayerGzip);
    other = changed(other, [&](Manifest& manifest) { manifest.layers = {layer}; });
    const auto bad = verify({other.root, other.blobs->bytes.at(other.root.digest), other.blobs});
    CHECK(std::any_of(bad.problems.begin(), bad.problems.end(),
                      [](const std::string& problem) { return problem.find("has the diff ID") != std::string::npos; }));
  }
}

TEST_CASE("images and artifacts that are whole are found so, with all of their blobs read") {
  for (const auto& world : worlds()) {
    const auto report = world.check();
    for (const auto& problem : report.problems) MESSAGE(problem);
    CHECK(report.problems.empty());
    std::uint64_t bytes = 0;
    for (const auto& [digest, blob] : world.blobs->bytes) bytes += digest == world.root.digest ? 0 : blob.size();
    CHECK(report.bytes == bytes);
  }
}

TEST_CASE("no byte of a blob may be another, no blob may be missing, cut, longer or another's") {
  for (const auto& world : worlds()) {
    for (const auto& [digest, bytes] : world.blobs->bytes) {
      if (digest == world.root.digest) continue;  // whoever opens it verifies it
      const auto& name = digest.to_string();
      CAPTURE(name);
      const auto step = std::max<std::size_t>(1, bytes.size() / 64);
      for (std::size_t at = 0; at < bytes.size(); at += step) {
        auto flipped = bytes;
        flipped[at] = static_cast<char>(flipped[at] ^ 1);
        CHECK_FALSE(with(world, digest, flipped).is_ok());
      }
      CHECK_FALSE(with(world, digest, bytes.substr(0, bytes.size() - 1)).is_ok());
      CHECK_FALSE(with(world, digest, bytes + '\0').is_ok());
      for (const auto& [other, others] : world.blobs->bytes) {
        if (other != digest) CHECK_FALSE(with(world, digest, others).is_ok());
      }
      auto without = with(world, digest, bytes);
      without.blobs->bytes.erase(digest);
      // What a referrer is about need not lie beside it.
      const bool is_subject = subject_of(world) == digest;
      if (!is_subject) CHECK_FALSE(without.is_ok());
    }
  }
}

TEST_CASE("nothing that the documents of an image say may be otherwise") {
  const auto types = {media_type::kOciLayer,
                      media_type::kOciLayerGzip,
                      media_type::kOciLayerZstd,
                      media_type::kOciConfig,
                      media_type::kOciManifest,
                      media_type::kDockerLayerGzip,
                      media_type::kDockerLayer,
                      media_type::kDockerConfig,
                      std::string_view("application/octet-stream"),
                      std::string_view("application/vnd.oci.image.layer.v1.tar+gzip+encrypted")};
  for (const auto& world : worlds()) {
    if (!is_manifest_type(world.root.media_type)) continue;
    const auto whole = Manifest::parse(world.blobs->bytes.at(world.root.digest), world.root.media_type);
    if (whole.config.media_type != config_type(whole.format)) continue;
    for (const auto type : types) {
      if (type != whole.config.media_type) {
        CHECK_FALSE(changed(world, [&](Manifest& m) { m.config.media_type = type; }).is_ok());
      }
      for (std::size_t i = 0; i < whole.layers.size(); ++i) {
        if (type == whole.layers[i].media_type) continue;
        CHECK_FALSE(changed(world, [&](Manifest& m) { m.layers[i].media_type = type; }).is_ok());
      }
    }
    for (std::size_t i = 0; i < whole.layers.size(); ++i) {
      CHECK_FALSE(changed(world, [&](Manifest& m) { ++m.layers[i].size; }).is_ok());
      CHECK_FALSE(changed(world, [&](Manifest& m) { m.layers.erase(m.layers.begin() + static_cast<int>(i)); }).is_ok());
      CHECK_FALSE(changed(world, [&](Manifest& m) { m.layers.push_back(m.layers[i]); }).is_ok());
      if (i != 0) CHECK_FALSE(changed(world, [&](Manifest& m) { std::swap(m.layers[0], m.layers[i]); }).is_ok());
    }
    CHECK_FALSE(changed(world, [](Manifest& m) { --m.config.size; }).is_ok());
    CHECK_FALSE(changed(world, [](Manifest& m) { std::swap(m.config.digest, m.layers[0].digest); }).is_ok());
  }
}

TEST_CASE("what an index says of its manifests is held against them") {
  const auto world = index(2);
  const auto retold = [&](const std::function<void(Index&)>& change) {
    auto index = Index::parse(world.blobs->bytes.at(world.root.digest), world.root.media_type);
    change(index);
    World other{world.blobs, nothing()};
    other.root = other.put(index.to_json(), index.media_type());
    return other.check();
  };
  CHECK(retold([](Index&) {}).problems.empty());
  CHECK(has_problem(retold([](Index& i) { i.manifests[1].platform = Platform::parse("linux/arm64"); }), "index says"));
  CHECK_FALSE(retold([](Index& i) { i.manifests[1].media_type = media_type::kOciIndex; }).problems.empty());
  CHECK_FALSE(retold([](Index& i) { i.manifests[1].media_type = "application/json"; }).problems.empty());
  CHECK_FALSE(retold([](Index& i) { ++i.manifests[1].size; }).problems.empty());
}

TEST_CASE("a layer of an unknown type is read all the same, and shifts no diff ID") {
  World world;
  auto manifest = image_manifest(world, ImageFormat::oci, Compression::gzip, 2);
  manifest.layers[0].media_type += "+encrypted";
  world.root = world.put(manifest.to_json(), manifest.media_type());
  const auto missing = manifest.layers[0].digest;
  auto report = world.check();
  REQUIRE(report.problems.size() == 1);
  CHECK(has_problem(report, "cannot be checked"));
  world.blobs->bytes.erase(missing);
  report = world.check();
  CHECK(report.problems.size() == 2);
  CHECK(has_problem(report, fmt::format("there is no blob {}", missing.to_string())));
  CHECK_FALSE(has_problem(report, "the config says"));
}

TEST_CASE("diff IDs may be of sha512") {
  World world;
  const auto manifest = image_manifest(world, ImageFormat::oci, Compression::zstd, 2, Digest::Algorithm::sha512);
  world.root = world.put(manifest.to_json(), manifest.media_type());
  CHECK(world.is_ok());
  CHECK_FALSE(changed(world, [](Manifest& m) { std::swap(m.layers[0], m.layers[1]); }).is_ok());
}

TEST_CASE("a config says its operating system and architecture") {
  World world;
  auto manifest = image_manifest(world, ImageFormat::oci, Compression::none, 0);
  auto config = ImageConfig::parse(world.blobs->bytes.at(manifest.config.digest));
  config.platform = {};
  manifest.config = world.put(config.to_json(), media_type::kOciConfig);
  world.root = world.put(manifest.to_json(), manifest.media_type());
  CHECK(has_problem(world.check(), "does not say its operating system"));
  CHECK(has_problem(world.check(), "does not say its architecture"));
}

TEST_CASE("entries that engines cannot unpack, and paths that stand twice, are named") {
  CHECK(report_of(RawTar().file("a", "1").folder("d").symlink("d/l", "a").hard_link("d/h", "a")).problems.empty());
  CHECK(has_problem(report_of(RawTar().file("d/a", "1").file("./d//a", "2")), "/d/a is in it more than once"));
  CHECK(has_problem(report_of(RawTar().add("c", '7', 0644, {}, "data", {})), "entry c is a contiguous file"));
  CHECK(has_problem(report_of(RawTar().add("dump", 'D', 0755, {}, {}, {})), "entry dump is a GNU dump"));
  // A sparse file without a map, of no bytes.
  CHECK(has_problem(report_of(RawTar().add("s", 'S', 0644, {}, {}, {})), "entry s is a sparse file"));
  const std::string record("17 path=a\0hidden\n", 17);
  CHECK(
      has_problem(report_of(RawTar().add("pax", 'x', 0644, {}, record, {}).file("a")), "a NUL in the pax record path"));
}

TEST_CASE("subjects are followed to the last") {
  World world;
  const auto about = image_manifest(world, ImageFormat::oci, Compression::gzip, 1);
  auto subject = world.put(about.to_json(), about.media_type());
  for (int i = 0; i < 9; ++i) {
    Manifest manifest{ImageFormat::oci, {}, nothing(), {}, {}, {}};
    manifest.artifact_type = "application/spdx+json";
    manifest.config = world.put("{}", "application/vnd.oci.empty.v1+json");
    manifest.layers = {world.put(fmt::format("of {}", i), "application/spdx+json")};
    manifest.subject = subject;
    subject = world.put(manifest.to_json(), manifest.media_type());
  }
  world.root = subject;
  CHECK(world.is_ok());
  CHECK_FALSE(with(world, about.layers[0].digest, "damaged").is_ok());
}

TEST_CASE("bytes that a descriptor embeds are the blob's") {
  World world;
  const auto manifest = image_manifest(world, ImageFormat::oci, Compression::gzip, 1);
  const auto config = world.blobs->bytes.at(manifest.config.digest);
  const auto embedding = [&](const std::string& member) {
    auto json = manifest.to_json();
    json.insert(json.find("\"size\""), "\"data\":" + member + ",");  // of the config, which comes first
    World other{world.blobs, nothing()};
    other.root = other.put(json, manifest.media_type());
    return other.check();
  };
  CHECK(embedding('"' + encode_base64(config) + '"').problems.empty());
  CHECK(embedding("null").problems.empty());
  CHECK(has_problem(embedding("\"\""), "has 0 bytes"));
  CHECK(has_problem(embedding('"' + encode_base64(std::string(config.size(), 'x')) + '"'), "has another digest"));
  CHECK(has_problem(embedding("\"%%%%\""), "is not base64"));
  CHECK_FALSE(embedding("5").problems.empty());
}

TEST_CASE("an image is one by its config, whatever artifact its manifest says that it is") {
  for (const auto type : {media_type::kOciConfig, media_type::kDockerConfig}) {
    World world;
    auto manifest = image_manifest(world, ImageFormat::oci, Compression::gzip, 2);
    manifest.artifact_type = "application/x";
    manifest.config.media_type = type;
    std::swap(manifest.layers[0], manifest.layers[1]);
    world.root = world.put(manifest.to_json(), manifest.media_type());
    CHECK(has_problem(world.check(), "has the diff ID"));
  }
}

TEST_CASE("a platform in an index has an operating system and an architecture") {
  const auto world = index(1);
  for (const auto& platform : {Platform{{}, "amd64", {}, {}, {}}, Platform{"linux", {}, {}, {}, {}}}) {
    auto index = Index::parse(world.blobs->bytes.at(world.root.digest), world.root.media_type);
    index.manifests[0].platform = platform;
    World other{world.blobs, nothing()};
    other.root = other.put(index.to_json(), index.media_type());
    CHECK(has_problem(other.check(), "says a platform of"));
  }
}

TEST_CASE("what only unpacking shows to be wrong") {
  const auto unpacked = [](const std::vector<RawTar>& layers) {
    World world;
    ImageConfig config;
    config.platform = Platform::parse("linux/amd64");
    Manifest manifest{ImageFormat::oci, {}, nothing(), {}, {}, {}};
    for (const auto& layer : layers) {
      config.diff_ids.push_back(Digest::of(layer.bytes()));
      manifest.layers.push_back(world.put(layer.bytes(), media_type::kOciLayer));
    }
    manifest.config = world.put(config.to_json(), media_type::kOciConfig);
    world.root = world.put(manifest.to_json(), manifest.media_type());
    return world.check();
  };
  const auto file = RawTar().file("a", "1");
  CHECK(unpacked({file, RawTar().hard_link("b", "a")}).problems.empty());
  CHECK(unpacked({file, RawTar().file(".wh.a").file("a/b", "2")}).problems.empty());
  CHECK(unpacked({RawTar().folder("d").symlink("l", "d"), RawTar().file("l/b", "2")}).problems.empty());
  CHECK(has_problem(unpacked({file, RawTar().hard_link("b", "c")}), "a hard link to c, which does not exist"));
  CHECK(has_problem(unpacked({file, RawTar().file(".wh.a"), RawTar().hard_link("b", "a")}), "which does not exist"));
  CHECK(has_problem(unpacked({RawTar().folder("d").hard_link("b", "d")}), "a directory"));
  CHECK(has_problem(unpacked({file, RawTar().file("a/b", "2")}), "entry a/b lies below a file"));
  CHECK(has_problem(unpacked({RawTar().file("a", "1").file("a/b/c", "2")}), "entry a/b/c lies below a file"));
  CHECK(has_problem(unpacked({RawTar().symlink("a", "b").symlink("b", "a").file("a/c", "2")}), "in a circle"));
}

TEST_CASE("what Go's readers refuse in a layer") {
  const auto tar = RawTar().file("a", "1").bytes();
  const auto report = [](const std::string& tar_bytes, const std::string& blob, std::string_view type) {
    World world;
    ImageConfig config;
    config.platform = Platform::parse("linux/amd64");
    config.diff_ids = {Digest::of(tar_bytes)};
    Manifest manifest{ImageFormat::oci, {}, nothing(), {}, {}, {}};
    manifest.layers = {world.put(blob, type)};
    manifest.config = world.put(config.to_json(), media_type::kOciConfig);
    world.root = world.put(manifest.to_json(), manifest.media_type());
    return world.check();
  };
  const auto gzip = compressed(tar, Compression::gzip);
  CHECK(report(tar, gzip, media_type::kOciLayerGzip).problems.empty());
  CHECK(
      has_problem(report(tar, gzip + std::string(512, '\0'), media_type::kOciLayerGzip), "zeros follow its gzip data"));
  // archive/tar: two blocks of zeros, one and the end, or the end alone are an end; one and data are none.
  const auto entries = tar.substr(0, tar.size() - 1024);
  for (const auto& whole : {tar, entries, entries + std::string(512, '\0'), tar + std::string(9216, '\0')})
    CHECK(report(whole, whole, media_type::kOciLayer).problems.empty());
  const auto lone = entries + std::string(512, '\0') + tar;
  CHECK(has_problem(report(lone, lone, media_type::kOciLayer), "a lone block of zeros"));
}

TEST_CASE("a machine that lacks what reading takes judges nothing") {
  class Lacking : public BlobReader {
   public:
    std::unique_ptr<Source> open(const Descriptor&) override {
      throw LibraryMissing(ErrorCode::unsupported, "cannot load libarchive.so.13: no such file");
    }
  };
  const auto world = index(1);
  CHECK_THROWS_AS(verify({world.root, world.blobs->bytes.at(world.root.digest), std::make_shared<Lacking>()}),
                  LibraryMissing);
}
