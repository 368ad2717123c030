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
  while (const auto entry = tar.next()) {
    if (entry->type == EntryType::regular) files[entry->path] = read_all(tar.data(), 1'000'000, entry->path);
  }
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

TEST_CASE("a docker archive is an OCI layout with manifest.json over the same blobs") {
  const TestFolder folder;
  const auto image = sample_image("one");
  write_docker_archive(folder / "a.tar", image, {"app", "127.0.0.1:5000/team/app:v1", "docker.io/library/app:latest"},
                       {});
  const auto files = files_in(folder / "a.tar");
  const auto blob = [](const Digest& digest) { return "blobs/sha256/" + std::string(digest.hex()); };
  std::string layers;
  for (const auto& layer : image.layers()) {
    REQUIRE(files.count(blob(layer.descriptor.digest)) == 1);
    CHECK(Digest::of(files.at(blob(layer.descriptor.digest))) == layer.descriptor.digest);
    layers += (layers.empty() ? "\"" : ",\"") + blob(layer.descriptor.digest) + "\"";
  }
  const auto config = blob(image.manifest().config.digest);
  CHECK(files.at(config) == image.config_json());
  CHECK(files.at(blob(image.digest())) == image.manifest_json());
  CHECK(files.at("oci-layout") == R"({"imageLayoutVersion":"1.0.0"})");
  CHECK(files.at("manifest.json") ==
        R"([{"Config":")" + config +
            R"(","RepoTags":["docker.io/library/app:latest","127.0.0.1:5000/team/app:v1"],"Layers":[)" + layers +
            "]}]");
  const auto entry = R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" +
                     image.digest().to_string() + R"(","size":)" + std::to_string(image.manifest_json().size());
  const auto platform = R"("platform":{"architecture":"amd64","os":"linux"})";
  const auto names = [](const std::string& full, const std::string& tag) {
    return R"("annotations":{"io.containerd.image.name":")" + full + R"(","org.opencontainers.image.ref.name":")" +
           tag + "\"}";
  };
  const auto index = files.at("index.json");
  CHECK(index.find(entry) != std::string::npos);
  CHECK(index.find(platform) != std::string::npos);
  CHECK(index.find(names("docker.io/library/app:latest", "latest")) != std::string::npos);
  CHECK(index.find(names("127.0.0.1:5000/team/app:v1", "v1")) != std::string::npos);
  CHECK(files.size() == 8);
}

TEST_CASE("an archive of an index has all platforms, and linux/amd64 for engines that take one") {
  const TestFolder folder;
  const auto arm = sample_image("one", "linux/arm64");
  const auto amd = sample_image("two", "linux/amd64");
  const auto index = index_of({arm, amd});
  const auto shown = [&] {
    const auto manifest = files_in(folder / "a.tar").at("manifest.json");
    return manifest.find(std::string(amd.manifest().config.digest.hex())) != std::string::npos &&
           manifest.find(std::string(arm.manifest().config.digest.hex())) == std::string::npos;
  };
  write_docker_archive(folder / "a.tar", index, {"app:v1"}, {});
  CHECK(shown());
  const auto read = open_docker_archive(folder / "a.tar", "docker.io/library/app:v1", {});
  CHECK(read.descriptor.digest == index.descriptor.digest);
  CHECK(open_index(read, {}).images.size() == 2);
  const auto bytes = read_bytes(folder / "a.tar");
  write_docker_archive(folder / "a.tar", read, {"app:v1"}, {});
  CHECK(shown());
  CHECK(read_bytes(folder / "a.tar") == bytes);
  write_docker_archive(folder / "a.tar", index_of({arm}), {}, {});
  CHECK(files_in(folder / "a.tar").at("manifest.json").find("RepoTags") == std::string::npos);
}

TEST_CASE("both kinds of archive have the same files, and each is read as either") {
  const TestFolder folder;
  const auto image = sample_image("one");
  write_docker_archive(folder / "docker.tar", image, {"app:v1"}, {});
  write_oci_archive(folder / "oci.tar", image, "docker.io/library/app:v1", {});
  CHECK(files_in(folder / "docker.tar").at("manifest.json") == files_in(folder / "oci.tar").at("manifest.json"));
  for (const auto* name : {"docker.tar", "oci.tar"}) {
    CHECK(open_docker_archive(folder / name, "app:v1", {}).descriptor.digest == image.digest());
    CHECK(open_oci_archive(folder / name, "docker.io/library/app:v1", {}).descriptor.digest == image.digest());
  }
  write_oci_archive(folder / "tag.tar", image, "v1", {});
  CHECK(files_in(folder / "tag.tar").at("manifest.json").find("RepoTags") == std::string::npos);
  CHECK(open_docker_archive(folder / "tag.tar", {}, {}).descriptor.digest == image.digest());
}

TEST_CASE("manifest.json has the say where the layout beside it is no use") {
  const TestFolder folder;
  const auto layers = std::vector<std::string>{plain_layer("a")};
  std::map<std::string, std::string> files = {
      {"manifest.json", R"([{"Config":"config.json","RepoTags":["app:v1"],"Layers":["layer.tar"]}])"},
      {"config.json", config_for(layers)},
      {"layer.tar", layers[0]},
      {"oci-layout", R"({"imageLayoutVersion":"1.0.0"})"}};
  const auto missing = Digest::of("missing").to_string();
  for (const auto& index :
       {std::string("{"), std::string(R"({"schemaVersion":2,"manifests":[]})"),
        R"({"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",)"
        R"("digest":")" +
            missing + R"(","size":2}]})"}) {
    files["index.json"] = index;
    write_files(folder / "a.tar", files);
    CHECK(layer_bytes(open_image(open_docker_archive(folder / "a.tar", "app:v1", {}), {})) == layers);
  }
}

TEST_CASE("a layer that an image has twice is stored once") {
  const TestFolder folder;
  const auto store = make_memory_store();
  const auto layer = make_layer(*store, store, plain_layer("a"), Compression::gzip);
  ImageConfig config;
  config.platform = Platform::parse("linux/amd64");
  write_docker_archive(folder / "a.tar", Image::from_layers(ImageFormat::oci, {layer, layer}, config, {}), {}, {});
  CHECK(files_in(folder / "a.tar").size() == 6);
  CHECK(layer_bytes(open_image(open_docker_archive(folder / "a.tar", {}, {}), {})).size() == 2);
}

TEST_CASE("an image read from a docker archive is the image that was written, plain or compressed") {
  const TestFolder folder;
  const auto image = sample_image("one");
  write_docker_archive(folder / "a.tar", image, {"app:v1"}, {});
  folder.write("a.tar.gz", compressed(read_bytes(folder / "a.tar"), Compression::gzip));
  for (const auto* name : {"a.tar", "a.tar.gz"}) {
    const auto read = open_image(open_docker_archive(folder / name, "docker.io/library/app:v1", {}), {});
    CHECK(read.manifest_json() == image.manifest_json());
    CHECK(read.config_json() == image.config_json());
    CHECK(layer_bytes(read) == layer_bytes(image));
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
