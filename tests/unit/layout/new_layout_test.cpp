// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>

#include "ociassemble/layout.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
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
