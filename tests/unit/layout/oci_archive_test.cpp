// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "ociassemble/layout.hpp"
#include "report/images.hpp"
#include "sample_image.hpp"
#include "tar/tar_reader.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using namespace ociassemble::test;
namespace fs = std::filesystem;

namespace {

struct Listed {
  std::vector<std::string> paths;
  std::vector<std::uint32_t> modes;
};

Listed list(const fs::path& file) {
  FileSource source(file);
  TarReader tar(source, "archive");
  Listed listed;
  while (const auto entry = tar.next()) {
    listed.paths.push_back(entry->path);
    listed.modes.push_back(entry->mode);
    CHECK(entry->mtime == 0);
    CHECK(entry->uid == 0);
  }
  return listed;
}

std::string index_json(const std::string& digest, std::uint64_t size) {
  return R"({"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" +
         digest + R"(","size":)" + std::to_string(size) + "}]}";
}

void check_same(const Image& read, const Image& image) {
  CHECK(read.digest() == image.digest());
  CHECK(read.config_json() == image.config_json());
  CHECK(layer_bytes(read) == layer_bytes(image));
}

}  // namespace

TEST_CASE("an OCI archive holds a layout in canonical order") {
  const TestFolder folder;
  ImageConfig config;
  config.platform = Platform::parse("linux/amd64");
  const auto image = Image::from_layers(ImageFormat::oci, {}, config, {});
  write_oci_archive(folder / "a.tar", image, "v1", {});
  const auto listed = list(folder / "a.tar");
  auto config_path = "blobs/sha256/" + std::string(image.manifest().config.digest.hex());
  auto manifest_path = "blobs/sha256/" + std::string(image.digest().hex());
  if (manifest_path < config_path) std::swap(config_path, manifest_path);
  CHECK(listed.paths == std::vector<std::string>{"blobs", "blobs/sha256", config_path, manifest_path, "index.json",
                                                 "manifest.json", "oci-layout"});
  CHECK(listed.modes == std::vector<std::uint32_t>{0755, 0755, 0644, 0644, 0644, 0644, 0644});
}

TEST_CASE("an image read from an archive is the image that was written, plain or compressed") {
  const TestFolder folder;
  const auto image = sample_image("one");
  write_oci_archive(folder / "plain.tar", image, "v1", {});
  const auto bytes = read_bytes(folder / "plain.tar");
  folder.write("archive.tar.gz", compressed(bytes, Compression::gzip));
  folder.write("archive.tar.zst", compressed(bytes, Compression::zstd));
  for (const auto* name : {"plain.tar", "archive.tar.gz", "archive.tar.zst"}) {
    check_same(open_image(open_oci_archive(folder / name, "v1", {}), {}), image);
    check_same(open_image(open_oci_archive(folder / name, {}, {}), {}), image);
  }
}

TEST_CASE("an archive may be replaced by an image that is read from it") {
  const TestFolder folder;
  const auto image = sample_image("one");
  write_oci_archive(folder / "a.tar", image, "v1", {});
  const auto read = open_image(open_oci_archive(folder / "a.tar", "v1", {}), {});
  write_oci_archive(folder / "a.tar", read, "v2", {});
  check_same(open_image(open_oci_archive(folder / "a.tar", "v2", {}), {}), image);
}

TEST_CASE("the same image gives the same archive, and its file is not touched") {
  const TestFolder folder;
  write_oci_archive(folder / "a.tar", sample_image("one"), "v1", {});
  write_oci_archive(folder / "b.tar", sample_image("one"), "v1", {});
  CHECK(read_bytes(folder / "a.tar") == read_bytes(folder / "b.tar"));
  const auto before = inode_of(folder / "a.tar");
  write_oci_archive(folder / "a.tar", sample_image("one"), "v1", {});
  CHECK(inode_of(folder / "a.tar") == before);
  write_oci_archive(folder / "a.tar", sample_image("one"), "v2", {});
  CHECK(inode_of(folder / "a.tar") != before);
  CHECK(read_bytes(folder / "a.tar") != read_bytes(folder / "b.tar"));
}

TEST_CASE("an index of several platforms goes into one archive") {
  const TestFolder folder;
  const auto index = index_of({sample_image("one", "linux/amd64"), sample_image("one", "linux/arm64")});
  write_oci_archive(folder / "a.tar", index, "v1", {});
  const auto read = open_index(open_oci_archive(folder / "a.tar", "v1", {}), {});
  REQUIRE(read.images.size() == 2);
  CHECK(read.descriptor.digest == index.descriptor.digest);
  check_same(read.images[1], index.images[1]);
}

TEST_CASE("a failed or stopped write leaves what was there") {
  const TestFolder folder;
  folder.write("a.tar", "before");
  auto layers = sample_image("one").layers();
  layers[1].blobs = make_memory_store();
  const auto broken = Image::from_layers(ImageFormat::oci, layers, sample_image("one").config(), {});
  CHECK(failure_of([&] { write_oci_archive(folder / "a.tar", broken, {}, {}); }).code == ErrorCode::not_found);
  std::stop_source stop;
  stop.request_stop();
  CHECK(failure_of([&] { write_oci_archive(folder / "a.tar", sample_image("one"), {}, stop.get_token()); }).code ==
        ErrorCode::interrupted);
  CHECK(read_bytes(folder / "a.tar") == "before");
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);
}

TEST_CASE("an archive is written into a device, not over it, and not into a folder that is missing") {
  const TestFolder folder;
  write_oci_archive("/dev/null", sample_image("one"), {}, {});
  CHECK(fs::is_character_file("/dev/null"));
  CHECK(failure_of([&] { write_oci_archive(folder / "missing/a.tar", sample_image("one"), {}, {}); }).code ==
        ErrorCode::not_found);
}

TEST_CASE("what is no OCI archive is corrupt, and the error names the file and what is missing") {
  const TestFolder folder;
  folder.write("empty.tar", "");
  folder.write("text.tar", "this is not an archive\n");
  folder.write("zeros.tar", std::string(1024, '\0'));
  folder.write("other.tar", tar_with("hello", "hello"));
  folder.write("no-index.tar", tar_with("oci-layout", R"({"imageLayoutVersion":"1.0.0"})"));
  folder.write("docker.tar", tar_with("manifest.json", "[]"));
  for (const auto* name : {"empty.tar", "text.tar", "zeros.tar", "other.tar", "no-index.tar", "docker.tar"}) {
    const auto failure = failure_of([&] { open_oci_archive(folder / name, {}, {}); });
    CAPTURE(name);
    CAPTURE(failure.text);
    CHECK(failure.code == ErrorCode::corrupt);
    CHECK(failure.says((folder / name).string()));
  }
  CHECK(failure_of([&] { open_oci_archive(folder / "other.tar", {}, {}); }).says("no index.json in it"));
  CHECK(failure_of([&] { open_oci_archive(folder / "docker.tar", {}, {}); }).says("docker-archive:"));
  CHECK(failure_of([&] { open_oci_archive(folder.path(), {}, {}); }).code == ErrorCode::corrupt);
  CHECK(failure_of([&] { open_oci_archive(folder / "missing.tar", {}, {}); }).code == ErrorCode::not_found);
}

TEST_CASE("a truncated archive is corrupt wherever it ends") {
  const TestFolder folder;
  write_oci_archive(folder / "a.tar", sample_image("one"), "v1", {});
  const auto bytes = read_bytes(folder / "a.tar");
  // The last file's text ends there; what follows is zeros.
  const auto end = bytes.find_last_not_of('\0') + 1;
  for (std::size_t size = 100; size < end; size += 700) {
    folder.write("short.tar", bytes.substr(0, size));
    CAPTURE(size);
    CHECK(failure_of([&] { open_image(open_oci_archive(folder / "short.tar", {}, {}), {}); }).code ==
          ErrorCode::corrupt);
  }
}

TEST_CASE("a blob whose bytes are not its name's is found out") {
  const TestFolder folder;
  write_oci_archive(folder / "a.tar", sample_image("some text"), "v1", {});
  auto bytes = read_bytes(folder / "a.tar");
  bytes.replace(bytes.find("some text"), 4, "SOME");
  for (const auto kind : {Compression::none, Compression::gzip}) {
    folder.write("b.tar", kind == Compression::none ? bytes : compressed(bytes, kind));
    const auto image = open_image(open_oci_archive(folder / "b.tar", "v1", {}), {});
    CHECK_THROWS_AS(layer_bytes(image), DigestMismatch);
  }
}

TEST_CASE("a manifest of another size than the index says is corrupt") {
  const TestFolder folder;
  const std::string digest = Digest::of("{}").to_string();
  ImageConfig config;
  const auto write = [&](std::uint64_t size) {
    StringSink sink;
    TarWriter tar(sink);
    const auto add = [&](const std::string& path, const std::string& text) {
      TarEntry entry;
      entry.path = path;
      entry.mode = 0644;
      entry.size = text.size();
      StringSource source(text);
      tar.add(entry, &source);
    };
    add("blobs/sha256/" + digest.substr(7), "{}");
    add("index.json", index_json(digest, size));
    add("oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
    tar.finish();
    return folder.write("a.tar", sink.bytes());
  };
  const auto file = write(3);
  CHECK(failure_of([&] { open_oci_archive(file, {}, {}); }).code == ErrorCode::corrupt);
  write(100'000'000'000);
  CHECK(failure_of([&] { open_oci_archive(file, {}, {}); }).code == ErrorCode::corrupt);
  write(2);
  CHECK(open_oci_archive(file, {}, {}).json == "{}");
}

TEST_CASE("archives that GNU tar makes are read, and names that leave the root refused") {
  if (!have_program("tar")) {
    MESSAGE("skipped: no tar on this machine");
    return;
  }
  const TestFolder folder;
  const auto image = sample_image("one");
  auto layout = OciLayout::open_or_create(folder / "layout");
  write_image(layout, image, "v1", {});
  const auto in_layout = "cd " + (folder / "layout").string() + " && tar ";
  for (const std::string form :
       {"--format=gnu -cf ../a.tar .", "--format=posix -cf ../a.tar .",
        "--format=ustar -cf ../a.tar blobs index.json oci-layout", "--format=gnu -czf ../a.tar *"}) {
    REQUIRE(run(in_layout + form));
    check_same(open_image(open_oci_archive(folder / "a.tar", "v1", {}), {}), image);
  }
  REQUIRE(run(in_layout + "-P --transform=s,^index.json,../index.json, -cf ../a.tar *"));
  CHECK(failure_of([&] { open_oci_archive(folder / "a.tar", {}, {}); }).code == ErrorCode::corrupt);
}

TEST_CASE("an archive is read through a pipe") {
  const TestFolder folder;
  const auto image = sample_image("one");
  write_oci_archive(folder / "a.tar", image, "v1", {});
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  REQUIRE(std::system(("cat " + (folder / "a.tar").string() + " > " + (folder / "pipe").string() + " &").c_str()) == 0);
  check_same(open_image(open_oci_archive(folder / "pipe", "v1", {}), {}), image);
}

TEST_CASE("skopeo reads our archive, and we read skopeo's") {
  if (!have_program("skopeo")) {
    MESSAGE("skipped: no skopeo on this machine");
    return;
  }
  const TestFolder folder;
  const auto image = sample_image("one");
  write_oci_archive(folder / "ours.tar", image, "v1", {});
  CHECK(run("skopeo inspect oci-archive:" + (folder / "ours.tar").string() + ":v1"));
  REQUIRE(run("skopeo copy --insecure-policy oci-archive:" + (folder / "ours.tar").string() +
              ":v1 oci-archive:" + (folder / "theirs.tar").string() + ":v2"));
  CHECK(layer_bytes(open_image(open_oci_archive(folder / "theirs.tar", "v2", {}), {})).size() == 3);
}
