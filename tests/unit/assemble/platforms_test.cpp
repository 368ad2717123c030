// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/platforms.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "memory_workplace.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/layout.hpp"
#include "ociassemble/places.hpp"
#include "test_folder.hpp"
#include "tiny_elf.hpp"

using namespace ociassemble;
using test::memory_workplace;

namespace {

AssembleOptions any_program(const test::TestFolder& folder, const std::string& path) {
  AssembleOptions options;
  options.contents.binaries = {{folder.path() / path, "/app", true, {}}};
  return options;
}

// Counts the blobs that are written.
class CountingStore : public BlobStore {
 public:
  std::unique_ptr<Source> open(const Descriptor& descriptor) override { return store_->open(descriptor); }
  std::optional<std::uint64_t> size(const Digest& digest) const override { return store_->size(digest); }
  std::unique_ptr<BlobWriter> begin() override {
    ++begun;
    return store_->begin();
  }

  std::atomic<int> begun = 0;

 private:
  std::shared_ptr<BlobStore> store_ = make_memory_store();
};

std::vector<Platform> platforms(std::initializer_list<const char*> texts) {
  std::vector<Platform> parsed;
  for (const char* text : texts) parsed.push_back(Platform::parse(text));
  return parsed;
}

}  // namespace

TEST_CASE("the paths of programs are filled with the platform's words") {
  AssembleOptions options;
  options.contents.binaries = {{"bin/{os}-{arch}{variant}/{arch}", "/app", false, {}}, {"{other}", "", false, {}}};
  const auto all = for_platforms(options, platforms({"linux/arm/v7", "linux/arm64/v8"}));
  REQUIRE(all.size() == 2);
  CHECK(all[0].contents.binaries[0].source == "bin/linux-armv7/arm");
  CHECK(all[1].contents.binaries[0].source == "bin/linux-arm64/arm64");
  CHECK(all[1].contents.binaries[1].source == "{other}");
  CHECK(all[1].platform->to_string() == "linux/arm64");
}

TEST_CASE("a platform that is named twice is refused, in another spelling too") {
  try {
    for_platforms({}, platforms({"linux/arm64", "linux/amd64", "linux/arm64/v8"}));
    FAIL("was taken");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::invalid_argument);
    CHECK(std::string(error.what()) == "cannot build for linux/arm64: the platform is named twice");
  }
}

TEST_CASE("an index has its images in the order that was asked for, with their platforms and the annotations") {
  const test::TestFolder folder;
  folder.write("arm64/app", "arm");
  folder.write("amd64/app", "amd");
  const auto options = any_program(folder, "{arch}/app");
  const auto made = assemble_all(for_platforms(options, platforms({"linux/arm64", "linux/amd64"})), memory_workplace());
  const auto index = make_index(made, {{"a", "b"}});
  REQUIRE(index.index.manifests.size() == 2);
  CHECK(index.index.manifests[0].platform->to_string() == "linux/arm64");
  CHECK(index.index.manifests[0].digest == made[0].image.digest());
  CHECK(index.index.manifests[1].platform->to_string() == "linux/amd64");
  CHECK(index.index.annotations == Annotations{{"a", "b"}});
  CHECK(index.descriptor.digest == Digest::of(index.json));
  CHECK(made[0].image.digest() != made[1].image.digest());
}

TEST_CASE("layers that images share are made once, without a cache too") {
  const test::TestFolder folder;
  folder.write("app", "bytes");
  folder.write("asset", "text");
  folder.write("watcher", "more bytes");
  auto prod = any_program(folder, "app");
  prod.contents.adds = {{folder.path() / "asset", "/asset", {}, {}, {}}};
  auto dev = prod;
  dev.contents.binaries.push_back({folder.path() / "watcher", "/watcher", true, {}});
  dev.foundations = {Contents{.binaries = prod.contents.binaries, .adds = prod.contents.adds}};
  const auto store = std::make_shared<CountingStore>();
  Workplace workplace;
  workplace.store = store;
  std::vector<AssembleOptions> all;
  for (const auto& profile : {prod, dev}) {
    for (auto& each : for_platforms(profile, platforms({"linux/amd64", "linux/arm64"}))) all.push_back(std::move(each));
  }
  const auto made = assemble_all(all, workplace);
  CHECK(made[0].image.layers().size() == 3);
  CHECK(made[2].image.layers().size() == 4);
  // The static base, the asset, the program (the same bytes here for both platforms) and dev's own.
  CHECK(store->begun == 4);
}

TEST_CASE("a layer that is made on demand can be made when all images are there") {
  const test::TestFolder folder;
  folder.write("app", "bytes");
  std::this_thread::sleep_for(std::chrono::milliseconds(60));  // a file younger than the clock's grain is not trusted
  for (const bool on_demand : {false, true}) {
    auto workplace = memory_workplace();
    workplace.cache_folder = folder / "cache";
    workplace.layers_on_demand = on_demand;
    const auto made = assemble_all({any_program(folder, "app")}, workplace);
    const auto& layer = made[0].image.layers().back();
    CHECK(workplace.store->contains(layer.descriptor) != on_demand);
    CHECK(Digest::of(BlobStore::read(*layer.blobs, layer.descriptor, 1000)) == layer.descriptor.digest);
  }
}

TEST_CASE("an index over one base names it and what it stood for") {
  const test::TestFolder folder;
  folder.write("app", "bytes");
  const auto base = assemble_all(for_platforms(any_program(folder, "app"), platforms({"linux/amd64", "linux/arm64"})),
                                 memory_workplace());
  const auto location = Location::parse("oci:" + (folder / "base").string() + ":1");
  const auto base_index = make_index(base, {});
  publish(base_index, location, {});
  folder.write("other", "others");
  auto options = any_program(folder, "other");
  options.base = location;
  options.contents.binaries[0].destination = "/other";
  const auto made = assemble_all(for_platforms(options, platforms({"linux/amd64", "linux/arm64"})), memory_workplace());
  CHECK(made[0].base_root == base_index.descriptor.digest);
  CHECK(made[0].base_layers.size() == base[0].image.layers().size());
  const auto target = Location::parse("oci:" + (folder / "shallow").string() + ":v1");
  const auto index = make_index(made, {});
  auto left_out = made[0].base_layers;
  publish(index, target, {}, {.left_out = left_out});
  const auto layout = OciLayout::open(folder / "shallow");
  CHECK(layout.open_document("v1").descriptor.digest == index.descriptor.digest);
  for (const auto& layer : made[0].image.layers()) {
    CHECK(layout.blobs()->contains(layer.descriptor) == (left_out.count(layer.descriptor.digest) == 0));
  }
  try {
    publish(index, Location::parse("oci-archive:x.tar"), {}, {.left_out = left_out});
    FAIL("was taken");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::invalid_argument);
  }
}

TEST_CASE("a program of another platform stops the whole build") {
  const test::TestFolder folder;
  folder.write("app", test::tiny_elf());
  AssembleOptions options;
  options.contents.binaries = {{folder.path() / "app", "/app", false, {}}};
  try {
    assemble_all(for_platforms(options, platforms({"linux/amd64", "linux/arm64"})), memory_workplace());
    FAIL("was taken");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::check_failed);
    CHECK(std::string(error.what()).find("it is built for amd64, and the image is for linux/arm64") !=
          std::string::npos);
  }
}

TEST_CASE("there is no index of nothing") { CHECK_THROWS_AS(make_index({}, {}), Error); }
