// SPDX-License-Identifier: Apache-2.0
// The format's promise. The expected digests were computed without this library: layers with GNU tar
//   (tar --format=ustar --blocking-factor=1 --sort=name --numeric-owner --mtime=@0), config and manifest with jq -cnj,
// digests with sha256sum. They change only with a new layer format (docs/layer-format.md).
#include <doctest/doctest.h>

#include "memory_workplace.hpp"
#include "ociassemble/assemble.hpp"
#include "ociassemble/places.hpp"
#include "test_folder.hpp"
#include "tiny_elf.hpp"

using namespace ociassemble;
using test::memory_workplace;

namespace {

AssembleOptions options_for(const std::filesystem::path& app, std::string_view compression) {
  AssembleOptions options;
  options.contents.binaries = {{app, "", false, {}}};
  options.compression = CompressionOptions::parse(compression);
  return options;
}

}  // namespace

TEST_CASE("a program on the built-in base has the digests that other tools compute") {
  const test::TestFolder folder;
  const auto app = folder.write("app", test::tiny_elf());
  const auto image = assemble(options_for(app, "none"), memory_workplace()).image;
  REQUIRE(image.layers().size() == 2);
  CHECK(image.layers()[0].diff_id.to_string() ==
        "sha256:8d64fd10a65a05f4fb664590e4af7b82b8629b28a8b4cbc5d40aab68ccd7792f");
  CHECK(image.layers()[1].diff_id.to_string() ==
        "sha256:48af9125f91fbf9a6c47aa477ff2feba3faf6b01c8a009a366fb1774b503b551");
  CHECK(image.manifest().config.digest.to_string() ==
        "sha256:cf8f1304596456dc3698ec89a637676dfe299f1c60bb0b5638f7dedf8b83aa43");
  CHECK(image.digest().to_string() == "sha256:f80e50cd916484d213868311830613350946e3926f0868943f93a17c07ba95f1");
}

TEST_CASE("the diff IDs are the same in every compression") {
  const test::TestFolder folder;
  const auto app = folder.write("app", test::tiny_elf());
  for (const char* compression : {"gzip", "gzip:1", "gzip:12", "zstd", "zstd:1"}) {
    CAPTURE(compression);
    const auto image = assemble(options_for(app, compression), memory_workplace()).image;
    CHECK(image.layers()[1].diff_id.to_string() ==
          "sha256:48af9125f91fbf9a6c47aa477ff2feba3faf6b01c8a009a366fb1774b503b551");
  }
}

TEST_CASE("where the binary lies, its mode and its times change nothing") {
  const test::TestFolder folder;
  const auto one = folder.write("app", test::tiny_elf());
  const auto two = folder.write("deeper/folder/app", test::tiny_elf());
  std::filesystem::permissions(two, std::filesystem::perms::owner_all);
  std::filesystem::last_write_time(two, std::filesystem::file_time_type{});
  const auto digest = [](const std::filesystem::path& app) {
    return assemble(options_for(app, "gzip"), memory_workplace()).image.digest();
  };
  CHECK(digest(one) == digest(two));
}

TEST_CASE("a base's labels, environment and unknown members survive, and its annotations do not") {
  const test::TestFolder folder;
  const auto app = folder.write("app", test::tiny_elf());
  auto options = options_for(app, "gzip");
  options.env = {{"A", "1"}};
  options.labels = {{"from", "base"}};
  options.annotations = {{"org.example.only-here", "yes"}};
  const auto layout = "oci:" + (folder / "base").string();
  const auto workplace = memory_workplace();
  publish(assemble(options, workplace).image, Location::parse(layout), workplace);

  options = options_for(app, "gzip");
  options.base = Location::parse(layout);
  options.contents.binaries[0].destination = "/second";
  options.env = {{"B", "2"}, {"A", "3"}};
  const auto image = assemble(options, workplace).image;
  CHECK(image.layers().size() == 3);
  CHECK(image.config().env_value("A") == "3");
  CHECK(image.config().env_value("B") == "2");
  CHECK(image.config().labels.at("from") == "base");
  CHECK(image.manifest().annotations.count("org.example.only-here") == 0);
  CHECK(image.manifest().annotations.count("org.opencontainers.image.base.digest") == 1);
  CHECK(image.config().entrypoint == std::vector<std::string>{"/second"});
  CHECK(image.config().history.size() == 3);
}
