// SPDX-License-Identifier: Apache-2.0
#include "assemble/placement.hpp"

#include <doctest/doctest.h>

#include "bases/static_base.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "tar/tar_writer.hpp"

using namespace ociassemble;

namespace {

// A usr-merged system: /bin -> usr/bin, /tmp 1777, /srv owned by somebody.
Tree usr_merged() {
  StringSink bytes;
  TarWriter tar(bytes);
  const auto link = [](const char* path, const char* target) {
    TarEntry entry;
    entry.path = path;
    entry.type = EntryType::symlink;
    entry.mode = 0777;
    entry.link_target = target;
    return entry;
  };
  tar.add(link("bin", "usr/bin"));
  tar.add(directory_entry("srv", 0750, 33, 34, 7).entry);
  tar.add(directory_entry("tmp", 01777, 0, 0, 7).entry);
  tar.add(directory_entry("usr", 0755, 0, 0, 7).entry);
  tar.add(directory_entry("usr/bin", 0755, 0, 0, 7).entry);
  TarEntry file;
  file.path = "usr/file";
  file.mode = 0644;
  StringSource nothing("");
  tar.add(file, &nothing);
  tar.finish();
  StringSource source(bytes.take());
  TarReader reader(source, "base");
  Tree tree;
  tree.apply(reader);
  return tree;
}

std::vector<std::string> paths(const std::vector<LayerEntry>& entries) {
  std::vector<std::string> found;
  for (const auto& made : entries) found.push_back(made.entry.path);
  return found;
}

ErrorCode failure(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.code();
  }
  FAIL("nothing was thrown");
  return ErrorCode::io;
}

}  // namespace

TEST_CASE("a path is canonical without slashes at its ends, doubled slashes and dots") {
  CHECK(canonical_path("/usr/bin/app", "destination") == "usr/bin/app");
  CHECK(canonical_path("//usr/./bin//app/", "destination") == "usr/bin/app");
  CHECK(canonical_path("/", "destination").empty());
}

TEST_CASE("a path that could leave the root or mean something else in a layer is refused") {
  for (const char* text : {"", "app", "./app", "/../etc/passwd", "/usr/../../etc", "/usr/.wh.bin", "/a/.wh..wh..opq"}) {
    CAPTURE(text);
    CHECK(failure([&] { canonical_path(text, "destination"); }) == ErrorCode::invalid_argument);
  }
  CHECK(failure([] { canonical_path("/" + std::string(256, 'x'), "destination"); }) == ErrorCode::invalid_argument);
  CHECK(failure([] { canonical_path(std::string("/a\0b", 4), "destination"); }) == ErrorCode::invalid_argument);
}

TEST_CASE("a file below a symlinked directory of the base goes where the link points, and the link stays") {
  const auto tree = usr_merged();
  Placement placement(tree, 0);
  placement.add(text_entry("bin/app", 0555, "x", 0));
  CHECK(paths(placement.take_layer()) == std::vector<std::string>{"usr", "usr/bin", "usr/bin/app"});
}

TEST_CASE("parents keep the base's mode and owner, and take the layer's time") {
  const auto tree = usr_merged();
  Placement placement(tree, 42);
  placement.add(text_entry("srv/f", 0444, "x", 42));
  placement.add(text_entry("tmp/f", 0444, "x", 42));
  const auto entries = placement.take_layer();
  REQUIRE(paths(entries) == std::vector<std::string>{"srv", "srv/f", "tmp", "tmp/f"});
  CHECK(entries[0].entry.mode == 0750);
  CHECK(entries[0].entry.uid == 33);
  CHECK(entries[0].entry.gid == 34);
  CHECK(entries[0].entry.mtime == 42);
  CHECK(entries[2].entry.mode == 01777);
}

TEST_CASE("a parent that nobody has is 0755 root") {
  const auto tree = usr_merged();
  Placement placement(tree, 0);
  placement.add(text_entry("opt/x/app", 0555, "x", 0));
  const auto entries = placement.take_layer();
  REQUIRE(paths(entries) == std::vector<std::string>{"opt", "opt/x", "opt/x/app"});
  CHECK(entries[0].entry.mode == 0755);
  CHECK(entries[1].entry.uid == 0);
}

TEST_CASE("a directory that is added where the base has one keeps the base's mode, unless it is to be replaced") {
  const auto tree = usr_merged();
  Placement placement(tree, 0);
  placement.add(directory_entry("tmp", 0555, 0, 0, 0));
  CHECK(placement.take_layer().at(0).entry.mode == 01777);
  placement.add(directory_entry("tmp", 0700, 5, 5, 0), Placement::Existing::replace);
  CHECK(placement.take_layer().at(0).entry.mode == 0700);
}

TEST_CASE("a directory of an earlier layer keeps its mode as a parent in a later one") {
  const auto tree = usr_merged();
  Placement placement(tree, 0);
  placement.add(directory_entry("data", 0700, 9, 9, 0));
  placement.take_layer();
  placement.add(text_entry("data/f", 0444, "x", 0));
  const auto entries = placement.take_layer();
  CHECK(entries.at(0).entry.mode == 0700);
  CHECK(entries.at(0).entry.uid == 9);
}

TEST_CASE("two inputs for one place are refused, also over layers and through links") {
  const auto tree = usr_merged();
  Placement placement(tree, 0);
  placement.add(text_entry("usr/bin/app", 0555, "x", 0));
  placement.take_layer();
  CHECK(failure([&] { placement.add(text_entry("bin/app", 0555, "y", 0)); }) == ErrorCode::invalid_argument);
}

TEST_CASE("a file never replaces a directory, nor goes below a file") {
  const auto tree = usr_merged();
  Placement placement(tree, 0);
  CHECK(failure([&] { placement.add(text_entry("tmp", 0444, "x", 0)); }) == ErrorCode::invalid_argument);
  CHECK(failure([&] { placement.add(text_entry("usr/file/x", 0444, "x", 0)); }) == ErrorCode::invalid_argument);
  CHECK(failure([&] { placement.add(directory_entry("usr/file", 0755, 0, 0, 0)); }) == ErrorCode::invalid_argument);
  placement.add(text_entry("opt/a", 0444, "x", 0));
  CHECK(failure([&] { placement.add(text_entry("opt/a/b", 0444, "x", 0)); }) == ErrorCode::invalid_argument);
  placement.add(text_entry("var/a/b", 0444, "x", 0));
  CHECK(failure([&] { placement.add(text_entry("var/a", 0444, "x", 0)); }) == ErrorCode::invalid_argument);
}
