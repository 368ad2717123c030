// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ociassemble/layout.hpp"
#include "sample_image.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using test::sample_image;
using test::TestFolder;

TEST_CASE("work that ends before an image is there leaves a layout without images, which make takes for old") {
  const TestFolder folder;
  const auto place = folder / "layout";
  {
    const auto blobs = OciLayout::open_or_create(place).blobs();
    CHECK_FALSE(std::filesystem::exists(place));  // until there is a blob
    blobs->put("a blob", "application/octet-stream");
  }
  const auto layout = OciLayout::open(place);
  CHECK(layout.index().manifests.empty());
  CHECK(std::filesystem::last_write_time(place / "index.json") <
        std::filesystem::last_write_time(place / "oci-layout") - std::chrono::hours(24));
}

TEST_CASE("what comes beside an image is entered with it, without a name") {
  const TestFolder folder;
  auto layout = OciLayout::open_or_create(folder.path());
  const auto image = sample_image("one");
  const auto other = sample_image("two");
  const Document beside{other.descriptor(), other.manifest_json(), other.layers().front().blobs};
  const auto store = std::dynamic_pointer_cast<BlobStore>(beside.blobs);
  REQUIRE(store);
  store->put(other.config_json(), other.manifest().config.media_type);
  write_image(layout, image, "v1", {}, {}, {beside});
  write_image(layout, image, "v1", {}, {}, {beside});
  CHECK(layout.names() == std::vector<std::string>{"v1"});
  REQUIRE(layout.index().manifests.size() == 2);
  CHECK(layout.index().manifests[1].digest == other.digest());
  CHECK(OciLayout::open(folder.path()).open_document(other.digest().to_string()).json == other.manifest_json());
}
