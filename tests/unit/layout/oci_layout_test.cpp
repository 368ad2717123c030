// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "ociassemble/layout.hpp"
#include "sample_image.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using namespace ociassemble::test;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

TEST_CASE("a new layout is made by the first image, as the specification says") {
  const TestFolder folder;
  auto layout = OciLayout::open_or_create(folder / "new/layout");
  CHECK(!fs::exists(folder / "new"));
  CHECK(layout.index().manifests.empty());
  CHECK(layout.names().empty());
  const auto image = sample_image("one");

  write_image(layout, image, "v1", {});

  CHECK(names_in(folder / "new/layout") == std::vector<std::string>{"blobs", "index.json", "oci-layout"});
  CHECK(read_bytes(folder / "new/layout/oci-layout") == R"({"imageLayoutVersion":"1.0.0"})");
  CHECK(read_bytes(folder / "new/layout/index.json") ==
        R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":)"
        R"("application/vnd.oci.image.manifest.v1+json","digest":")" +
            image.digest().to_string() + R"(","size":)" + std::to_string(image.manifest_json().size()) +
            R"(,"annotations":{"org.opencontainers.image.ref.name":"v1"},)"
            R"("platform":{"architecture":"amd64","os":"linux"}}]})");
}

TEST_CASE("an image read from a layout is the image that was written") {
  const TestFolder folder;
  const auto image = sample_image("one");
  auto layout = OciLayout::open_or_create(folder.path());
  write_image(layout, image, "v1", {});
  for (const auto& name : {std::optional<std::string>(), std::optional<std::string>("v1"),
                           std::optional<std::string>(image.digest().to_string())}) {
    const auto read = open_image(OciLayout::open(folder.path()).open_document(name), {});
    CHECK(read.digest() == image.digest());
    CHECK(read.config_json() == image.config_json());
    CHECK(layer_bytes(read) == layer_bytes(image));
  }
}

TEST_CASE("an entry of the same name is replaced in its place, others stay") {
  const TestFolder folder;
  auto layout = OciLayout::open_or_create(folder.path());
  for (const auto* name : {"a", "b", "c"}) write_image(layout, sample_image(name), name, {});
  const auto other = sample_image("other");
  write_image(layout, other, "b", {});
  CHECK(layout.names() == std::vector<std::string>{"a", "b", "c"});
  CHECK(layout.index().manifests.size() == 3);
  CHECK(layout.open_document("b").descriptor.digest == other.digest());
  CHECK(layout.open_document("a").descriptor.digest == sample_image("a").digest());
}

TEST_CASE("one image may have several names, and is then the only one without a name") {
  const TestFolder folder;
  auto layout = OciLayout::open_or_create(folder.path());
  const auto image = sample_image("one");
  write_image(layout, image, "v1", {});
  write_image(layout, image, "latest", {});
  CHECK(layout.names() == std::vector<std::string>{"v1", "latest"});
  CHECK(layout.open_document({}).descriptor.digest == image.digest());
}

TEST_CASE("images without names stay beside each other, each once") {
  const TestFolder folder;
  auto layout = OciLayout::open_or_create(folder.path());
  const auto amd64 = sample_image("one", "linux/amd64");
  const auto arm64 = sample_image("one", "linux/arm64");
  for (const auto& image : {amd64, arm64, amd64}) write_image(layout, image, {}, {});
  CHECK(layout.index().manifests.size() == 2);
  CHECK(layout.names().empty());
  CHECK(layout.open_document(arm64.digest().to_string()).descriptor.digest == arm64.digest());
}

TEST_CASE("a name that is not there is an error that lists those that are") {
  const TestFolder folder;
  auto layout = OciLayout::open_or_create(folder.path());
  write_image(layout, sample_image("one"), "v1", {});
  write_image(layout, sample_image("two"), "v2", {});
  const auto wrong = failure_of([&] { layout.open_document("v3"); });
  CHECK(wrong.code == ErrorCode::not_found);
  CHECK(wrong.says("v3"));
  CHECK(wrong.says("there are: v1, v2"));
  const auto none = failure_of([&] { layout.open_document({}); });
  CHECK(none.code == ErrorCode::not_found);
  CHECK(none.says("there are: v1, v2"));
}

TEST_CASE("nothing is touched when nothing changes") {
  const TestFolder folder;
  auto layout = OciLayout::open_or_create(folder.path());
  write_image(layout, sample_image("one"), "v1", {});
  const auto index = inode_of(folder / "index.json");
  const auto file = inode_of(folder / "oci-layout");
  write_image(layout, sample_image("one"), "v1", {});
  CHECK(inode_of(folder / "index.json") == index);
  CHECK(inode_of(folder / "oci-layout") == file);
  write_image(layout, sample_image("two"), "v1", {});
  CHECK(inode_of(folder / "index.json") != index);
}

TEST_CASE("entries and annotations of other tools stay") {
  const TestFolder folder;
  folder.write("oci-layout", R"({"imageLayoutVersion": "1.0.0"})");
  const std::string digest(64, 'a');
  folder.write("index.json", R"({"schemaVersion": 2, "annotations": {"theirs": "1"}, "manifests": [{"mediaType":)"
                             R"("application/vnd.oci.image.manifest.v1+json", "size": 7, "digest": "sha256:)" +
                                 digest +
                                 R"(", "annotations": {"io.containerd.image.name": "docker.io/library/app:v1"}}]})");
  auto layout = OciLayout::open(folder.path());
  write_image(layout, sample_image("one"), "v1", {});
  const auto index = layout.index();
  REQUIRE(index.manifests.size() == 2);
  CHECK(index.annotations == Annotations{{"theirs", "1"}});
  CHECK(index.manifests[0].digest.hex() == digest);
  CHECK(index.manifests[0].annotations == Annotations{{"io.containerd.image.name", "docker.io/library/app:v1"}});
}

TEST_CASE("an entry is found by the full reference that containerd gave it") {
  const TestFolder folder;
  const auto image = sample_image("one");
  auto layout = OciLayout::open_or_create(folder.path());
  write_image(layout, image, {}, {});
  write_image(layout, sample_image("two"), "v2", {});
  auto json = read_bytes(folder / "index.json");
  json.replace(json.find(R"("platform")"), 0,
               R"("annotations":{"io.containerd.image.name":"docker.io/library/app:v1"},)");
  folder.write("index.json", json);
  CHECK(layout.open_document("docker.io/library/app:v1").descriptor.digest == image.digest());
  CHECK(layout.open_document("app:v1").descriptor.digest == image.digest());
  CHECK(failure_of([&] { layout.open_document("app:v2"); }).says("there are: docker.io/library/app:v1, v2"));
}

TEST_CASE("a folder without oci-layout or index.json is no layout, and the error says what is missing") {
  const TestFolder folder;
  const auto failure = [](const fs::path& path) { return failure_of([&] { OciLayout::open(path); }); };
  CHECK(failure(folder / "missing").says("no such folder"));
  CHECK(failure(folder.path()).says("no file oci-layout"));
  folder.write("oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  CHECK(failure(folder.path()).says("no file index.json"));
  CHECK(failure(folder.path()).code == ErrorCode::not_found);
  CHECK(failure(folder / "oci-layout").code == ErrorCode::not_found);
}

TEST_CASE("another version of the layout is unsupported, a broken index corrupt, and both name the folder") {
  const TestFolder folder;
  folder.write("oci-layout", R"({"imageLayoutVersion":"2.0.0"})");
  folder.write("index.json", "{}");
  const auto open = failure_of([&] { OciLayout::open(folder.path()); });
  CHECK(open.code == ErrorCode::unsupported);
  CHECK(open.says(folder.path().string()));
  CHECK(failure_of([&] { OciLayout::open_or_create(folder.path()); }).code == ErrorCode::unsupported);
  folder.write("oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  folder.write("index.json", "{]");
  const auto index = failure_of([&] { OciLayout::open(folder.path()).index(); });
  CHECK(index.code == ErrorCode::corrupt);
  CHECK(index.says((folder / "index.json").string()));
}

TEST_CASE("somebody's folder is not made a layout") {
  const TestFolder folder;
  folder.write("letters/to-mother.txt", "Dear");
  const auto failure = failure_of([&] { OciLayout::open_or_create(folder.path()); });
  CHECK(failure.code == ErrorCode::invalid_argument);
  CHECK(failure.says("letters"));
  CHECK(failure_of([&] { OciLayout::open_or_create(folder / "letters/to-mother.txt"); }).code ==
        ErrorCode::invalid_argument);
}

TEST_CASE("a layout whose making was broken off is gone on with") {
  const TestFolder folder;
  folder.write("blobs/sha256/something", "");
  folder.write(".ociassemble-tmp-abcdef", "half a blob");
  auto layout = OciLayout::open_or_create(folder.path());
  write_image(layout, sample_image("one"), "v1", {});
  CHECK(names_in(folder.path()) == std::vector<std::string>{"blobs", "index.json", "oci-layout"});
}

TEST_CASE("an index and its images are written and read") {
  const TestFolder folder;
  const auto index = index_of({sample_image("one", "linux/amd64"), sample_image("one", "linux/arm64")});
  auto layout = OciLayout::open_or_create(folder.path());
  write_index(layout, index, "v1", {});
  const auto root = OciLayout::open(folder.path()).open_document("v1");
  CHECK(root.json == index.json);
  const auto read = open_index(root, {});
  REQUIRE(read.images.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(read.images[i].digest() == index.images[i].digest());
    CHECK(layer_bytes(read.images[i]) == layer_bytes(index.images[i]));
  }
}

TEST_CASE("a damaged blob in a layout is found out") {
  const TestFolder folder;
  const auto image = sample_image("one");
  auto layout = OciLayout::open_or_create(folder.path());
  write_image(layout, image, "v1", {});
  const auto path = [&](const Digest& digest) { return "blobs/sha256/" + std::string(digest.hex()); };
  auto config = image.config_json();
  config.back() = ' ';
  folder.write(path(image.manifest().config.digest), config);
  CHECK_THROWS_AS(open_image(layout.open_document("v1"), {}), DigestMismatch);
  folder.write(path(image.digest()), "{}");
  CHECK(failure_of([&] { layout.open_document("v1"); }).code == ErrorCode::corrupt);
}

TEST_CASE("a foreign layer without bytes stays what it is") {
  const TestFolder folder;
  auto layers = sample_image("one").layers();
  layers[0].descriptor.media_type = media_type::kOciForeignLayer;
  layers[0].descriptor.urls = {"https://example.com/layer"};
  layers[0].blobs = make_memory_store();
  const auto image = Image::from_layers(ImageFormat::oci, layers, sample_image("one").config(), {});
  auto layout = OciLayout::open_or_create(folder.path());
  write_image(layout, image, "v1", {});
  CHECK(open_image(layout.open_document("v1"), {}).layers()[0].descriptor.urls ==
        std::vector<std::string>{"https://example.com/layer"});
}

TEST_CASE("a foreign layer whose bytes are to be had is opened once") {
  // Each opening is a request to wherever its URLs lead.
  struct CountingBlobs : BlobReader {
    explicit CountingBlobs(std::shared_ptr<BlobReader> blobs) : from(std::move(blobs)) {}
    std::unique_ptr<Source> open(const Descriptor& descriptor) override {
      ++opened;
      return from->open(descriptor);
    }
    std::shared_ptr<BlobReader> from;
    int opened = 0;
  };
  const TestFolder folder;
  auto layers = sample_image("one").layers();
  const auto counting = std::make_shared<CountingBlobs>(layers[0].blobs);
  layers[0].descriptor.media_type = media_type::kOciForeignLayer;
  layers[0].descriptor.urls = {"https://example.com/layer"};
  layers[0].blobs = counting;
  const auto image = Image::from_layers(ImageFormat::oci, layers, sample_image("one").config(), {});
  auto layout = OciLayout::open_or_create(folder / "layout");
  write_image(layout, image, "v1", {});
  CHECK(counting->opened == 1);
  CHECK(layout.blobs()->contains(layers[0].descriptor));
  write_oci_archive(folder / "archive.tar", image, "v1", {});
  CHECK(counting->opened == 2);
  CHECK(layer_bytes(open_image(open_oci_archive(folder / "archive.tar", "v1", {}), {})) == layer_bytes(image));
}

TEST_CASE("an empty name is refused before anything is written") {
  const TestFolder folder;
  auto layout = OciLayout::open_or_create(folder / "layout");
  CHECK(failure_of([&] { write_image(layout, sample_image("one"), "", {}); }).code == ErrorCode::invalid_argument);
  CHECK(!fs::exists(folder / "layout"));
}

TEST_CASE("threads and processes may write to one layout at once, and all entries are in it") {
  const TestFolder folder;
  const auto write_ten = [&](const std::string& who) {
    auto layout = OciLayout::open_or_create(folder / "layout");
    for (int i = 0; i < 10; ++i) write_image(layout, sample_image("shared"), who + std::to_string(i), {});
  };
  std::vector<pid_t> children;
  for (const std::string who : {"p", "q"}) {
    const auto child = ::fork();
    if (child == 0) {
      int status = 0;
      try {
        write_ten(who);
      } catch (...) {
        status = 1;
      }
      ::_exit(status);
    }
    children.push_back(child);
  }
  std::vector<std::thread> threads;
  for (const std::string who : {"s", "t"}) threads.emplace_back([&write_ten, who] { write_ten(who); });
  for (auto& thread : threads) thread.join();
  for (const auto child : children) {
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  const auto layout = OciLayout::open(folder / "layout");
  CHECK(layout.names().size() == 40);
  for (const auto& name : layout.names()) CHECK(layer_bytes(open_image(layout.open_document(name), {})).size() == 3);
  CHECK(names_in(folder / "layout") == std::vector<std::string>{"blobs", "index.json", "oci-layout"});
}

TEST_CASE("skopeo and umoci read our layout, and we read theirs") {
  if (!have_program("skopeo") || !have_program("umoci")) {
    MESSAGE("skipped: no skopeo or no umoci on this machine");
    return;
  }
  const TestFolder folder;
  const auto ours = (folder / "ours").string();
  const auto theirs = (folder / "theirs").string();
  auto layout = OciLayout::open_or_create(ours);
  write_image(layout, sample_image("one"), "v1", {});
  CHECK(run("skopeo inspect oci:" + ours + ":v1"));
  CHECK(run("skopeo copy --insecure-policy oci:" + ours + ":v1 oci:" + theirs + ":v2"));
  CHECK(run("umoci ls --layout " + ours));
  CHECK(run("umoci init --layout " + theirs + "-umoci"));
  CHECK(run("umoci new --image " + theirs + "-umoci:empty"));
  CHECK(open_image(OciLayout::open(theirs + "-umoci").open_document("empty"), {}).layers().empty());
  CHECK(layer_bytes(open_image(OciLayout::open(theirs).open_document("v2"), {})).size() == 3);
}

TEST_CASE(
    "a layout keeps what others wrote into its index, and reads its images beside digests that it does not know") {
  const TestFolder folder;
  const auto image = sample_image("one");
  auto layout = OciLayout::open_or_create(folder.path());
  write_image(layout, image, "v1", {});
  auto json = read_bytes(folder / "index.json");
  json.insert(json.size() - 2,
              R"(,{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"blake3:6c6c","size":2,)"
              R"("annotations":{"org.opencontainers.image.ref.name":"other"},"x-vendor":"7"})");
  json.insert(json.size() - 1, R"(,"com.example.tool":{"keep":1})");
  folder.write("index.json", json);

  CHECK(layout.open_document("v1").descriptor.digest == image.digest());
  CHECK_THROWS_WITH_AS(layout.open_document("other"), doctest::Contains("an algorithm that is not supported"), Error);
  CHECK_THROWS_WITH_AS(layout.open_document(std::nullopt), doctest::Contains("2 images are in it"), Error);

  write_image(layout, image, "v1", {});
  CHECK(read_bytes(folder / "index.json") == json);
  write_image(layout, sample_image("two"), "v2", {});
  const auto after = read_bytes(folder / "index.json");
  CHECK(after.find(R"("x-vendor":"7")") != std::string::npos);
  CHECK(after.find(R"("com.example.tool":{"keep":1})") != std::string::npos);
  write_image(layout, sample_image("three"), "other", {});
  CHECK(read_bytes(folder / "index.json").find("blake3") == std::string::npos);
}

TEST_CASE("pruning removes what nothing in the index needs, and nothing else") {
  const TestFolder folder;
  auto layout = OciLayout::open_or_create(folder.path());
  write_image(layout, sample_image("old"), "v1", {});
  const auto old_layer = sample_image("old").layers().front().descriptor;
  const auto image = sample_image("new");
  write_image(layout, image, "v1", {});
  folder.write("blobs/sha256/notes.txt", "somebody's");
  CHECK(layout.blobs()->contains(old_layer));

  const auto planned = layout.prune(true, {});
  CHECK(planned.size() == 5);  // three layers, config, manifest
  CHECK(layout.blobs()->contains(old_layer));
  CHECK(layout.prune(false, {}).size() == 5);
  CHECK_FALSE(layout.blobs()->contains(old_layer));
  CHECK(layer_bytes(open_image(layout.open_document("v1"), {})) == layer_bytes(image));
  CHECK(fs::exists(folder / "blobs/sha256/notes.txt"));
  CHECK(layout.prune(false, {}).empty());
}

TEST_CASE("pruning keeps what referrers, their subjects and nested indexes need") {
  const TestFolder folder;
  auto layout = OciLayout::open_or_create(folder.path());
  const auto image = sample_image("one");
  write_image(layout, image, "v1", {});
  auto& blobs = *layout.blobs();
  Manifest artifact{.artifact_type = "application/spdx+json",
                    .config = blobs.put("{}", "application/vnd.oci.empty.v1+json"),
                    .layers = {blobs.put("sbom", "application/spdx+json")},
                    .subject = image.descriptor(),
                    .annotations = {}};
  Index inner;
  inner.manifests = {blobs.put(artifact.to_json(), media_type::kOciManifest)};
  Index outer;
  outer.manifests = {blobs.put(inner.to_json(), media_type::kOciIndex)};
  // The image is named by its referrer alone.
  folder.write("index.json", outer.to_json());
  CHECK(layout.prune(false, {}).empty());
}

TEST_CASE("nothing is pruned where a manifest cannot be read") {
  const TestFolder folder;
  auto layout = OciLayout::open_or_create(folder.path());
  const auto image = sample_image("one");
  write_image(layout, image, "v1", {});
  write_image(layout, sample_image("two"), "v1", {});
  write_image(layout, image, "v2", {});
  write_image(layout, sample_image("three"), "v2", {});
  const auto gone = layout.open_document("v2").descriptor;
  fs::remove(folder / "blobs/sha256" / gone.digest.hex());
  CHECK_THROWS_AS(layout.prune(false, {}), Error);
  CHECK(layout.blobs()->contains(image.layers().front().descriptor));
}

TEST_CASE("a manifest is walked whatever named its digest before, and a document of unknown type stops pruning") {
  const TestFolder folder;
  auto layout = OciLayout::open_or_create(folder.path());
  const auto image = sample_image("one");
  write_image(layout, image, "v1", {});
  auto& blobs = *layout.blobs();
  auto as_blob = image.descriptor();
  as_blob.media_type = "application/octet-stream";
  Manifest artifact{.artifact_type = "a/b",
                    .config = blobs.put("{}", "application/vnd.oci.empty.v1+json"),
                    .layers = {as_blob},
                    .subject = {},
                    .annotations = {}};
  Index index;
  index.manifests = {blobs.put(artifact.to_json(), media_type::kOciManifest), image.descriptor()};
  folder.write("index.json", index.to_json());
  CHECK(layout.prune(false, {}).empty());
  CHECK(layout.blobs()->contains(image.layers().front().descriptor));

  index.manifests = {blobs.put("{}", "application/vnd.oci.artifact.manifest.v1+json")};
  folder.write("index.json", index.to_json());
  CHECK_THROWS_WITH_AS(layout.prune(false, {}), doctest::Contains("is not known"), Error);
  CHECK(layout.blobs()->contains(image.layers().front().descriptor));
}

TEST_CASE("an index that cannot be looked at is not one that is missing") {
  const TestFolder folder;
  auto layout = OciLayout::open_or_create(folder / "image");
  write_image(layout, sample_image("one"), "v1", {});
  fs::remove(folder / "image/index.json");
  fs::create_symlink("index.json", folder / "image/index.json");
  const auto path = (folder / "image/index.json").string();
  CHECK_THROWS_WITH_AS(OciLayout::open(folder / "image"),
                       ("cannot look at " + path + ": Too many levels of symbolic links").c_str(), Error);
}
