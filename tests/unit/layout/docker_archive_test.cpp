// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "layout/archive_output.hpp"
#include "ociassemble/layout.hpp"
#include "sample_image.hpp"
#include "tar/tar_reader.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using namespace ociassemble::test;
namespace fs = std::filesystem;

namespace {

std::map<std::string, std::string> files_in(const fs::path& file) {
  FileSource source(file);
  TarReader tar(source, "archive");
  std::map<std::string, std::string> files;
  while (const auto entry = tar.next()) files[entry->path] = read_all(tar.data(), 1'000'000, entry->path);
  return files;
}

void write_files(const fs::path& file, const std::map<std::string, std::string>& files) {
  ArchiveContents contents;
  for (const auto& [path, text] : files) contents.emplace(path, text_payload(text));
  write_archive(file, contents, {});
}

std::string plain_layer(const std::string& name) { return tar_with(name, "one"); }

std::string config_for(const std::vector<std::string>& layers) {
  ImageConfig config;
  config.platform = Platform::parse("linux/amd64");
  for (const auto& layer : layers) config.diff_ids.push_back(Digest::of(layer));
  return config.to_json();
}

std::vector<std::string> uncompressed_layers() {
  return {plain_layer("plain"), plain_layer("gzip"), plain_layer("zstd")};
}

}  // namespace

TEST_CASE("a docker archive holds the config, the layers uncompressed, and manifest.json") {
  const TestFolder folder;
  const auto image = sample_image("one");
  write_docker_archive(folder / "a.tar", image, {"app", "127.0.0.1:5000/team/app:v1", "docker.io/library/app:latest"},
                       {});
  const auto files = files_in(folder / "a.tar");
  const auto config = std::string(Digest::of(image.config_json()).hex()) + ".json";
  std::string layers;
  for (const auto& tar : uncompressed_layers()) {
    const auto path = std::string(Digest::of(tar).hex()) + ".tar";
    REQUIRE(files.count(path) == 1);
    CHECK(files.at(path) == tar);
    layers += (layers.empty() ? "\"" : ",\"") + path + "\"";
  }
  CHECK(files.size() == 5);
  CHECK(files.at(config) == image.config_json());
  CHECK(files.at("manifest.json") ==
        R"([{"Config":")" + config +
            R"(","RepoTags":["docker.io/library/app:latest","127.0.0.1:5000/team/app:v1"],"Layers":[)" + layers +
            "]}]");
}

TEST_CASE("a docker archive is the same whatever the compression of the layers was") {
  const TestFolder folder;
  const auto store = make_memory_store();
  std::vector<std::string> archives;
  for (const auto kind : {Compression::none, Compression::gzip, Compression::zstd}) {
    ImageConfig config;
    config.platform = Platform::parse("linux/amd64");
    const auto image =
        Image::from_layers(ImageFormat::docker, {make_layer(*store, store, plain_layer("a"), kind)}, config, {});
    write_docker_archive(folder / "a.tar", image, {"app:v1"}, {});
    archives.push_back(read_bytes(folder / "a.tar"));
  }
  CHECK(archives[0] == archives[1]);
  CHECK(archives[0] == archives[2]);
}

TEST_CASE("a layer that an image has twice is stored once") {
  const TestFolder folder;
  const auto store = make_memory_store();
  const auto layer = make_layer(*store, store, plain_layer("a"), Compression::gzip);
  ImageConfig config;
  config.platform = Platform::parse("linux/amd64");
  write_docker_archive(folder / "a.tar", Image::from_layers(ImageFormat::oci, {layer, layer}, config, {}), {}, {});
  CHECK(files_in(folder / "a.tar").size() == 3);
  CHECK(layer_bytes(open_image(open_docker_archive(folder / "a.tar", {}, {}), {})).size() == 2);
}

TEST_CASE("an image read from a docker archive has the config and the layers' tar bytes") {
  const TestFolder folder;
  const auto image = sample_image("one");
  write_docker_archive(folder / "a.tar", image, {"app:v1"}, {});
  folder.write("a.tar.gz", compressed(read_bytes(folder / "a.tar"), Compression::gzip));
  for (const auto* name : {"a.tar", "a.tar.gz"}) {
    const auto read = open_image(open_docker_archive(folder / name, "docker.io/library/app:v1", {}), {});
    CHECK(read.config_json() == image.config_json());
    CHECK(layer_bytes(read) == uncompressed_layers());
    CHECK(read.descriptor().media_type == "application/vnd.docker.distribution.manifest.v2+json");
    CHECK(read.manifest().layers[0].media_type == "application/vnd.docker.image.rootfs.diff.tar");
  }
}

TEST_CASE("compressed layers in a docker archive give the same image as uncompressed ones") {
  const TestFolder folder;
  const auto layers = std::vector<std::string>{plain_layer("a"), plain_layer("b")};
  const std::map<std::string, std::string> common = {
      {"manifest.json", R"([{"Config":"config.json","RepoTags":null,"Layers":["one/layer.tar","two/layer.tar"]}])"},
      {"config.json", config_for(layers)}};
  auto files = common;
  files["one/layer.tar"] = layers[0];
  files["two/layer.tar"] = layers[1];
  write_files(folder / "plain.tar", files);
  files["one/layer.tar"] = compressed(layers[0], Compression::gzip);
  files["two/layer.tar"] = compressed(layers[1], Compression::zstd);
  write_files(folder / "compressed.tar", files);
  const auto plain = open_image(open_docker_archive(folder / "plain.tar", {}, {}), {});
  const auto unpacked = open_image(open_docker_archive(folder / "compressed.tar", {}, {}), {});
  CHECK(layer_bytes(plain) == layers);
  CHECK(layer_bytes(unpacked) == layers);
  CHECK(plain.manifest_json() == unpacked.manifest_json());
}

TEST_CASE("layers that are not what the config's diff IDs name are refused") {
  const TestFolder folder;
  std::map<std::string, std::string> files = {{"manifest.json", R"([{"Config":"config.json","Layers":["layer.tar"]}])"},
                                              {"config.json", config_for({plain_layer("a")})},
                                              {"layer.tar", plain_layer("b")}};
  const auto load = [&] {
    write_files(folder / "a.tar", files);
    return layer_bytes(open_image(open_docker_archive(folder / "a.tar", {}, {}), {}));
  };
  CHECK_THROWS_AS(load(), DigestMismatch);
  files["layer.tar"] = compressed(plain_layer("b"), Compression::gzip);
  CHECK_THROWS_AS(load(), DigestMismatch);
  files["layer.tar"] = plain_layer("a");
  CHECK(load() == std::vector<std::string>{plain_layer("a")});
  files["config.json"] = config_for({});
  CHECK(failure_of(load).code == ErrorCode::corrupt);
}

TEST_CASE("what is no docker archive is corrupt, and the error names the file and what is missing") {
  const TestFolder folder;
  const auto check = [&](const std::map<std::string, std::string>& files, const std::string& part) {
    write_files(folder / "a.tar", files);
    const auto failure = failure_of([&] { open_docker_archive(folder / "a.tar", {}, {}); });
    CAPTURE(failure.text);
    CHECK(failure.code == ErrorCode::corrupt);
    CHECK(failure.says((folder / "a.tar").string()));
    CHECK(failure.says(part));
  };
  check({{"hello", ""}}, "no manifest.json in it");
  check({{"index.json", "{}"}}, "oci-archive:FILE");
  check({{"manifest.json", "{"}}, "manifest.json");
  check({{"manifest.json", R"([{"Config":"gone.json","Layers":[]}])"}}, "gone.json");
  check({{"manifest.json", R"([{"Config":"../../etc/passwd","Layers":[]}])"}}, "manifest.json");
  check({{"manifest.json", R"([{"Config":"c.json","Layers":["gone.tar"]}])"}, {"c.json", config_for({"a"})}},
        "gone.tar");
}

TEST_CASE("an image is chosen by one of its references") {
  const TestFolder folder;
  write_files(folder / "a.tar",
              {{"manifest.json", R"([{"Config":"a.json","RepoTags":["app:v1","app:latest"],"Layers":[]},)"
                                 R"({"Config":"b.json","RepoTags":["ghcr.io/team/b:v2"],"Layers":[]}])"},
               {"a.json", config_for({})},
               {"b.json", R"({"architecture":"s390x","os":"linux","rootfs":{"type":"layers","diff_ids":[]}})"}});
  const auto architecture = [&](const std::string& reference) {
    return open_image(open_docker_archive(folder / "a.tar", reference, {}), {}).config().platform.architecture;
  };
  CHECK(architecture("app") == "amd64");
  CHECK(architecture("docker.io/library/app:v1") == "amd64");
  CHECK(architecture("ghcr.io/team/b:v2") == "s390x");
  for (const auto& name : {std::optional<std::string>(), std::optional<std::string>("app:v3")}) {
    const auto failure = failure_of([&] { open_docker_archive(folder / "a.tar", name, {}); });
    CHECK(failure.code == ErrorCode::not_found);
    CHECK(failure.says("there are: app:v1, app:latest, ghcr.io/team/b:v2"));
  }
}

TEST_CASE("layers that are links to another file of the archive are followed, round trips are not") {
  if (!have_program("tar")) {
    MESSAGE("skipped: no tar on this machine");
    return;
  }
  const TestFolder folder;
  const auto layer = plain_layer("a");
  folder.write("in/first/layer.tar", layer);
  folder.write("in/config.json", config_for({layer, layer, layer}));
  folder.write("in/manifest.json",
               R"([{"Config":"config.json","Layers":["first/layer.tar","second/layer.tar","third/layer.tar"]}])");
  fs::create_directories(folder / "in/second");
  fs::create_directories(folder / "in/third");
  fs::create_symlink("../first/layer.tar", folder / "in/second/layer.tar");
  fs::create_hard_link(folder / "in/first/layer.tar", folder / "in/third/layer.tar");
  const auto pack = "cd " + (folder / "in").string() + " && tar --sort=name -cf ../a.tar ";
  for (const std::string format : {"--format=ustar *", "--format=posix *"}) {
    REQUIRE(run(pack + format));
    CHECK(layer_bytes(open_image(open_docker_archive(folder / "a.tar", {}, {}), {})).size() == 3);
  }
  fs::remove(folder / "in/first/layer.tar");
  fs::create_symlink("../second/layer.tar", folder / "in/first/layer.tar");
  REQUIRE(run(pack + "--format=ustar *"));
  CHECK(failure_of([&] { open_docker_archive(folder / "a.tar", {}, {}); }).code == ErrorCode::corrupt);
}

TEST_CASE("skopeo reads our docker archive, and we read skopeo's") {
  if (!have_program("skopeo")) {
    MESSAGE("skipped: no skopeo on this machine");
    return;
  }
  const TestFolder folder;
  const auto ours = (folder / "ours.tar").string();
  const auto theirs = (folder / "theirs.tar").string();
  for (const auto format : {ImageFormat::oci, ImageFormat::docker}) {
    write_docker_archive(ours, sample_image("one", "linux/amd64", format), {"example.com/app:v1"}, {});
    CHECK(run("skopeo inspect docker-archive:" + ours));
    fs::remove(theirs);
    REQUIRE(run("skopeo copy --insecure-policy docker-archive:" + ours + " docker-archive:" + theirs +
                ":example.com/app:v2"));
    const auto read = open_image(open_docker_archive(theirs, "example.com/app:v2", {}), {});
    CHECK(layer_bytes(read) == uncompressed_layers());
    CHECK(run("skopeo copy --insecure-policy docker-archive:" + ours + " oci:" + (folder / "oci").string() + ":v1"));
  }
}

TEST_CASE("podman loads our archives") {
  const TestFolder folder;
  const auto podman = "podman --storage-driver vfs --root " + (folder / "root").string() + " --runroot " +
                      (folder / "run").string() + " ";
  // In a chroot that is no mount podman starts, and cannot unpack a layer.
  const auto probe = (folder / "probe.tar").string();
  if (!have_program("podman") || !run("tar -cf " + probe + " -C / etc/passwd") || !run(podman + "import " + probe)) {
    MESSAGE("skipped: no podman that works here");
    return;
  }
  const auto docker = (folder / "docker.tar").string();
  const auto oci = (folder / "oci.tar").string();
  write_docker_archive(docker, sample_image("one"), {"example.com/app:v1"}, {});
  write_oci_archive(oci, sample_image("one"), "example.com/app:v2", {});
  for (const auto& archive : {docker, oci}) CHECK(run(podman + "load -i " + archive));
  CHECK(run(podman + "image exists example.com/app:v1"));
  CHECK(run(podman + "image exists example.com/app:v2"));
}
