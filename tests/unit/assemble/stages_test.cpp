// SPDX-License-Identifier: Apache-2.0
#include "assemble/stages.hpp"

#include <doctest/doctest.h>

#include "test_folder.hpp"

using namespace ociassemble;

namespace {

BinaryInput binary(const char* source, const char* destination) { return {source, destination, false, {}}; }
AddInput add(const std::filesystem::path& source, const char* destination) { return {source, destination, {}, {}, {}}; }

}  // namespace

TEST_CASE("without a foundation there is one stage, as it is") {
  AssembleOptions options;
  options.contents.binaries = {binary("a", "/a"), binary("b", "/a")};
  const auto stages = stages_of(options);
  REQUIRE(stages.size() == 1);
  CHECK(stages[0].binaries.size() == 2);
}

TEST_CASE("what a foundation has is not laid again, and what differs comes above") {
  Contents below;
  below.binaries = {binary("server", "/server")};
  below.adds = {add("prod.yml", "/etc/app.yml"), add("same.yml", "/etc/same.yml")};
  below.ca_certificates = "host";
  AssembleOptions options;
  options.contents.binaries = {binary("server", "/server"), binary("air", "/air")};
  options.contents.adds = {add("dev.yml", "/etc/app.yml"), add("same.yml", "/etc/same.yml")};
  options.contents.ca_certificates = "host";
  options.contents.read_only = false;
  options.foundations = {below};
  const auto stages = stages_of(options);
  REQUIRE(stages.size() == 2);
  CHECK(stages[0].binaries == below.binaries);
  CHECK(stages[0].adds == below.adds);
  CHECK(stages[0].ca_certificates == "host");
  CHECK(stages[0].read_only);
  CHECK(stages[1].binaries == std::vector<BinaryInput>{binary("air", "/air")});
  CHECK(stages[1].adds == std::vector<AddInput>{add("dev.yml", "/etc/app.yml")});
  CHECK_FALSE(stages[1].ca_certificates);
  CHECK_FALSE(stages[1].read_only);
}

TEST_CASE("a program or folder that is replaced or removed is not beneath") {
  const test::TestFolder folder;
  folder.write("old/a", "");
  folder.write("new/b", "");
  Contents below;
  below.binaries = {binary("server", "/server"), binary("gone", "/gone")};
  below.adds = {add(folder / "old", "/srv")};
  below.create_user = CreatedUser{"app", 1001, "", 1001, {}, {}};
  AssembleOptions options;
  options.contents.binaries = {binary("race", "/server")};
  options.contents.adds = {add(folder / "new", "/srv")};
  options.foundations = {below};
  const auto stages = stages_of(options);
  CHECK(stages[0].binaries.empty());
  CHECK(stages[0].adds.empty());
  CHECK(stages[0].create_user->name == "app");
  CHECK(stages[1].binaries.size() == 1);
  CHECK(stages[1].adds.size() == 1);
}

TEST_CASE("of several inputs for one place each is laid where it is new") {
  const test::TestFolder folder;
  for (const auto* file : {"web/a", "extra/b", "more/c"}) folder.write(file, "");
  Contents below;
  below.adds = {add(folder / "web", "/srv"), add(folder / "extra", "/srv")};
  AssembleOptions options;
  options.contents.adds = {add(folder / "web", "/srv"), add(folder / "extra", "/srv"), add(folder / "more", "/srv")};
  options.foundations = {below};
  auto stages = stages_of(options);
  CHECK(stages[0].adds == below.adds);
  CHECK(stages[1].adds == std::vector<AddInput>{add(folder / "more", "/srv")});
  options.contents.adds.erase(options.contents.adds.begin());
  stages = stages_of(options);
  CHECK(stages[0].adds == std::vector<AddInput>{add(folder / "extra", "/srv")});
  CHECK(stages[1].adds == std::vector<AddInput>{add(folder / "more", "/srv")});
}

TEST_CASE("a writable folder is laid again for another user") {
  Contents below;
  below.user = "1001:1001";
  below.writable = {"/data"};
  AssembleOptions options;
  options.contents.writable = {"/data"};
  options.foundations = {below};
  options.contents.user = "1001:1001";
  CHECK(stages_of(options)[1].writable.empty());
  options.contents.user = "0:0";
  CHECK(stages_of(options)[1].writable == std::vector<std::string>{"/data"});
}
