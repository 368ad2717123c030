// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <filesystem>

#include "ociassemble/assemble.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/places.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using test::TestFolder;

namespace {

Image image_for(const std::string& platform, const std::string& bytes) {
  const auto store = make_memory_store();
  ImageConfig config;
  config.platform = Platform::parse(platform);
  return Image::from_layers(ImageFormat::oci, {{store->put(bytes, media_type::kOciLayer), Digest::of(bytes), store}},
                            std::move(config), {});
}

ImageIndex index_of(std::vector<Image> images) {
  Index index;
  for (const auto& image : images) index.manifests.push_back(image.descriptor());
  auto json = index.to_json();
  Descriptor descriptor{.media_type = std::string(index.media_type()), .digest = Digest::of(json), .size = json.size()};
  return {std::move(descriptor), std::move(json), std::move(index), std::move(images)};
}

}  // namespace

TEST_CASE("an index goes to a layout and an archive with the digest that it has") {
  const TestFolder folder;
  const auto index = index_of({image_for("linux/amd64", "a"), image_for("linux/arm64", "b")});
  for (const std::string kind : {"oci:", "oci-archive:", "docker-archive:"}) {
    const auto text = kind + (folder / ("to-" + kind.substr(0, kind.size() - 1))).string() +
                      (kind == "docker-archive:" ? ":docker.io/team/app:v1" : ":v1");
    const auto location = Location::parse(text);
    CHECK(publish(index, location, {}) == text + "@" + index.descriptor.digest.to_string());
    const auto found = open_document(location, {});
    CHECK(found.json == index.json);
    CHECK(open_index(found, {}).images.size() == 2);
  }
}
