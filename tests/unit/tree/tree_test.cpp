// SPDX-License-Identifier: Apache-2.0
#include "tree/tree.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "raw_tar.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

void apply(Tree& tree, const RawTar& layer) {
  StringSource bytes(layer.bytes());
  TarReader reader(bytes, "the layer");
  tree.apply(reader);
}

Tree tree_of(const std::vector<RawTar>& layers, std::set<std::string> wanted = {}) {
  Tree tree(std::move(wanted));
  for (const auto& layer : layers) apply(tree, layer);
  return tree;
}

void list(const Tree::Node& node, const std::string& path, std::string& text) {
  for (const auto& [name, child] : node.children) {
    const auto place = path + std::string(name);
    text += place + (child.type == EntryType::directory ? "/ " : " ");
    list(child, place + "/", text);
  }
}

// All paths in order, a folder's with a slash.
std::string paths_of(const Tree& tree) {
  std::string text;
  list(tree.root(), "", text);
  if (!text.empty()) text.pop_back();
  return text;
}

ErrorCode code_of(const std::vector<RawTar>& layers) {
  try {
    tree_of(layers);
  } catch (const Error& error) {
    return error.code();
  }
  FAIL("was applied");
  return ErrorCode::io;
}

std::string deep_path(std::size_t names) {
  std::string path = "d";
  for (std::size_t i = 1; i < names; ++i) path += "/d";
  return path;
}

}  // namespace

TEST_CASE("a tree without layers is an empty root") {
  const Tree tree;
  CHECK(tree.root().type == EntryType::directory);
  CHECK(tree.root().mode == 0755);
  CHECK(tree.find("") == &tree.root());
  CHECK(tree.find("etc") == nullptr);
  CHECK(tree.follow("/") == &tree.root());
}

TEST_CASE("entries keep their metadata") {
  RawTar layer;
  layer.folder("tmp", 01777, {3, 4}).file("bin/su", "12345", 04755, {1, 2}).symlink("sh", "bin/su");
  layer.special("null", RawTar::kCharacterDevice).special("pipe", RawTar::kFifo);
  const auto tree = tree_of({layer});
  CHECK(tree.find("tmp")->mode == 01777);
  CHECK(tree.find("tmp")->uid == 3);
  CHECK(tree.find("tmp")->gid == 4);
  CHECK(tree.find("bin/su")->type == EntryType::regular);
  CHECK(tree.find("bin/su")->mode == 04755);
  CHECK(tree.find("bin/su")->uid == 1);
  CHECK(tree.find("bin/su")->gid == 2);
  CHECK(tree.find("bin/su")->size == 5);
  CHECK_FALSE(tree.find("bin/su")->contents().has_value());
  CHECK(tree.find("sh")->type == EntryType::symlink);
  CHECK(tree.find("sh")->link_target() == "bin/su");
  CHECK(tree.find("null")->type == EntryType::character_device);
  CHECK(tree.find("pipe")->type == EntryType::fifo);
}

TEST_CASE("the root's own entry sets the root's metadata") {
  const auto tree = tree_of({RawTar().file("a").folder("./", 0700, {5, 6})});
  CHECK(tree.root().mode == 0700);
  CHECK(tree.root().uid == 5);
  CHECK(tree.root().gid == 6);
  CHECK(paths_of(tree) == "a");
}

TEST_CASE("a missing parent is a directory of root's with mode 0755") {
  const auto tree = tree_of({RawTar().file("a/b/c", "", 0600, {7, 7})});
  CHECK(paths_of(tree) == "a/ a/b/ a/b/c");
  CHECK(tree.find("a/b")->mode == 0755);
  CHECK(tree.find("a/b")->uid == 0);
}

TEST_CASE("a directory over a directory takes its metadata and keeps its entries") {
  const auto tree =
      tree_of({RawTar().folder("d", 0755).file("d/low"), RawTar().folder("d", 0700, {1, 1}).file("d/up")});
  CHECK(paths_of(tree) == "d/ d/low d/up");
  CHECK(tree.find("d")->mode == 0700);
  CHECK(tree.find("d")->uid == 1);
}

TEST_CASE("a file in a lower directory leaves that directory's metadata alone") {
  const auto tree = tree_of({RawTar().folder("tmp", 01777), RawTar().file("tmp/f")});
  CHECK(tree.find("tmp")->mode == 01777);
}

TEST_CASE("anything else replaces what is there") {
  CHECK(paths_of(tree_of({RawTar().folder("d").file("d/x"), RawTar().file("d")})) == "d");
  CHECK(paths_of(tree_of({RawTar().folder("d").file("d/x"), RawTar().symlink("d", "e")})) == "d");
  CHECK(paths_of(tree_of({RawTar().file("d"), RawTar().folder("d", 0700)})) == "d/");
  CHECK(tree_of({RawTar().file("f", "1"), RawTar().file("f", "22")}).find("f")->size == 2);
}

TEST_CASE("a directory entry replaces a symlink to a directory") {
  const auto tree = tree_of({RawTar().file("usr/bin/x").symlink("bin", "usr/bin"), RawTar().folder("bin")});
  CHECK(paths_of(tree) == "bin/ usr/ usr/bin/ usr/bin/x");
}

TEST_CASE("a file in the way of a parent gives way") {
  const auto tree = tree_of({RawTar().file("d", "data", 0600), RawTar().file("d/x")});
  CHECK(paths_of(tree) == "d/ d/x");
  CHECK(tree.find("d")->mode == 0755);
  CHECK(tree.find("d")->size == 0);
}

TEST_CASE("an entry below a symlink goes where the symlink leads, inside the root") {
  const RawTar base = RawTar().folder("usr/lib").symlink("lib", "usr/lib").symlink("abs", "/usr/lib");
  CHECK(paths_of(tree_of({base, RawTar().file("lib/x").file("abs/y")})) == "abs lib usr/ usr/lib/ usr/lib/x usr/lib/y");
  CHECK(paths_of(tree_of({RawTar().symlink("up", "../../../etc"), RawTar().file("up/passwd")})) ==
        "etc/ etc/passwd up");
}

TEST_CASE("an entry below a dangling symlink makes the directory that it leads to") {
  CHECK(paths_of(tree_of({RawTar().symlink("lib", "usr/lib"), RawTar().file("lib/x")})) ==
        "lib usr/ usr/lib/ usr/lib/x");
}

TEST_CASE("an entry at a symlink replaces the symlink, not its target") {
  const auto tree = tree_of({RawTar().file("t", "target").symlink("l", "t"), RawTar().file("l", "new")});
  CHECK(tree.find("l")->type == EntryType::regular);
  CHECK(tree.find("t")->size == 6);
}

TEST_CASE("a whiteout removes a lower file, directory or symlink") {
  const RawTar base = RawTar().file("f").folder("d").file("d/x").symlink("l", "d").file("keep");
  CHECK(paths_of(tree_of({base, RawTar().file(".wh.f").file(".wh.d").file(".wh.l")})) == "keep");
  CHECK(paths_of(tree_of({base, RawTar().file("d/.wh.x")})) == "d/ f keep l");
}

TEST_CASE("a whiteout in a directory that a symlink leads to removes there") {
  const RawTar base = RawTar().file("usr/lib/x").file("usr/lib/y").symlink("lib", "/usr/lib");
  CHECK(paths_of(tree_of({base, RawTar().file("lib/.wh.x")})) == "lib usr/ usr/lib/ usr/lib/y");
  CHECK(paths_of(tree_of({base, RawTar().file("lib/.wh..wh..opq")})) == "lib usr/ usr/lib/");
}

TEST_CASE("a whiteout of nothing, or in no directory, is nothing") {
  CHECK(paths_of(tree_of({RawTar().file(".wh.x").file("a/.wh.y").file("b/.wh..wh..opq").file("c")})) == "c");
}

TEST_CASE("a whiteout never removes what its own layer brings, in either order") {
  const RawTar base = RawTar().folder("d", 0700, {9, 9}).file("d/low").file("f", "old");
  const RawTar before = RawTar().file(".wh.d").file(".wh.f").file("d/up").file("f", "newer");
  const RawTar after = RawTar().file("d/up").file("f", "newer").file(".wh.d").file(".wh.f");
  for (const auto& layer : {before, after}) {
    const auto tree = tree_of({base, layer});
    CHECK(paths_of(tree) == "d/ d/up f");
    CHECK(tree.find("f")->size == 5);
    CHECK(tree.find("d")->mode == 0755);
    CHECK(tree.find("d")->uid == 0);
  }
}

TEST_CASE("a whiteout keeps the metadata of a directory that its own layer brings") {
  const RawTar base = RawTar().folder("d", 0700).file("d/low");
  for (const auto& layer : {RawTar().file(".wh.d").folder("d", 0711), RawTar().folder("d", 0711).file(".wh.d")}) {
    const auto tree = tree_of({base, layer});
    CHECK(paths_of(tree) == "d/");
    CHECK(tree.find("d")->mode == 0711);
  }
}

TEST_CASE("an opaque marker hides lower contents, not its own layer's, in either order") {
  const RawTar base = RawTar().folder("d", 0700).file("d/low").file("d/sub/low").file("d/both").file("e");
  const RawTar before = RawTar().file("d/.wh..wh..opq").file("d/up").file("d/sub/up").file("d/both", "new");
  const RawTar after = RawTar().file("d/up").file("d/sub/up").file("d/both", "new").file("d/.wh..wh..opq");
  for (const auto& layer : {before, after}) {
    const auto tree = tree_of({base, layer});
    CHECK(paths_of(tree) == "d/ d/both d/sub/ d/sub/up d/up e");
    CHECK(tree.find("d")->mode == 0700);
    CHECK(tree.find("d/both")->size == 3);
  }
}

TEST_CASE("an opaque marker at the root hides all lower layers") {
  CHECK(paths_of(tree_of({RawTar().file("a").file("b/c"), RawTar().file("new").file(".wh..wh..opq")})) == "new");
}

TEST_CASE("what a whiteout kept is removed by a later layer's") {
  CHECK(paths_of(tree_of({RawTar().file("d/a"), RawTar().file(".wh.d").file("d/b"), RawTar().file("d/.wh.b")})) ==
        "d/");
  CHECK(paths_of(tree_of({RawTar().file("d/a"), RawTar().file("d/b"), RawTar().file(".wh.d"), RawTar().file("d/c")})) ==
        "d/ d/c");
}

TEST_CASE("a whiteout of \".\", \"..\" or no name is corrupt") {
  for (const char* path : {".wh.", ".wh..", ".wh...", "d/.wh...", "d/.wh."}) {
    CAPTURE(path);
    CHECK(code_of({RawTar().file("d/x"), RawTar().file(path)}) == ErrorCode::corrupt);
  }
}

TEST_CASE("what aufs keeps for itself is passed over") {
  RawTar layer;
  layer.folder(".wh..wh.plnk").file(".wh..wh.plnk/1.2").file(".wh..wh.aufs").file("d/.wh..wh.orph/x").file("d/y");
  CHECK(paths_of(tree_of({layer})) == "d/ d/y");
}

TEST_CASE("a hard link is the file that it links to, of this layer or a lower one") {
  const auto tree =
      tree_of({RawTar().file("a", "123", 0751, {1, 2}), RawTar().hard_link("b", "a").hard_link("c/d", "b")});
  for (const char* path : {"b", "c/d"}) {
    CHECK(tree.find(path)->type == EntryType::regular);
    CHECK(tree.find(path)->size == 3);
    CHECK(tree.find(path)->mode == 0751);
    CHECK(tree.find(path)->gid == 2);
  }
}

TEST_CASE("a hard link's target goes through symlinked directories, and is not followed itself") {
  const RawTar base = RawTar().file("usr/lib/x", "12").symlink("lib", "/usr/lib").symlink("s", "usr/lib/x");
  const auto tree = tree_of({base, RawTar().hard_link("lib/y", "lib/x").hard_link("t", "s")});
  CHECK(tree.find("usr/lib/y")->size == 2);
  CHECK(tree.find("t")->type == EntryType::symlink);
  CHECK(tree.find("t")->link_target() == "usr/lib/x");
}

TEST_CASE("a hard link belongs to the layer that brings it") {
  CHECK(paths_of(tree_of({RawTar().file("a"), RawTar().hard_link("d/b", "a").file(".wh.d").file(".wh.a")})) ==
        "d/ d/b");
}

TEST_CASE("a hard link to nothing, or to a directory, is corrupt") {
  CHECK(code_of({RawTar().hard_link("b", "a")}) == ErrorCode::corrupt);
  CHECK(code_of({RawTar().folder("a").hard_link("b", "a")}) == ErrorCode::corrupt);
  CHECK(code_of({RawTar().file("a").file("x/y"), RawTar().file(".wh.a").hard_link("b", "a")}) == ErrorCode::corrupt);
  // The target comes later in the archive.
  CHECK(code_of({RawTar().hard_link("b", "a").file("a")}) == ErrorCode::corrupt);
}

TEST_CASE("a hard link to itself changes nothing") {
  CHECK(tree_of({RawTar().file("a", "123"), RawTar().hard_link("a", "a")}).find("a")->size == 3);
}

TEST_CASE("contents are kept for wanted files alone") {
  const auto tree = tree_of({RawTar().file("etc/passwd", "root").file("etc/shadow", "secret")}, {"etc/passwd"});
  CHECK(tree.find("etc/passwd")->contents() == "root");
  CHECK_FALSE(tree.find("etc/shadow")->contents().has_value());
}

TEST_CASE("contents are those of the last layer, and go with their file") {
  const RawTar base = RawTar().file("etc/passwd", "old");
  CHECK(tree_of({base, RawTar().file("etc/passwd", "new")}, {"etc/passwd"}).find("etc/passwd")->contents() == "new");
  CHECK(tree_of({base, RawTar().file("etc/passwd", "")}, {"etc/passwd"}).find("etc/passwd")->contents() == "");
  CHECK(tree_of({base, RawTar().file("etc/.wh.passwd")}, {"etc/passwd"}).find("etc/passwd") == nullptr);
}

TEST_CASE("contents are wanted at the path to which symlinked directories lead") {
  const RawTar base =
      RawTar().folder("usr/lib").symlink("lib", "usr/lib").symlink("etc/os-release", "../lib/os-release");
  const auto tree = tree_of({base, RawTar().file("lib/os-release", "ID=x")}, {"usr/lib/os-release"});
  REQUIRE(tree.follow("etc/os-release") != nullptr);
  CHECK(tree.follow("etc/os-release")->contents() == "ID=x");
}

TEST_CASE("contents go with hard links between wanted files, and no further") {
  const auto tree = tree_of({RawTar().file("a", "text").hard_link("b", "a").hard_link("c", "a")}, {"a", "b"});
  CHECK(tree.find("b")->contents() == "text");
  CHECK_FALSE(tree.find("c")->contents().has_value());
}

TEST_CASE("a wanted file over 1 MiB has no contents") {
  const std::string most(1024 * 1024, 'x');
  const auto tree = tree_of({RawTar().file("a", most).file("b", most + "x").file("c", "after")}, {"a", "b", "c"});
  CHECK(tree.find("a")->contents() == most);
  CHECK_FALSE(tree.find("b")->contents().has_value());
  CHECK(tree.find("b")->size == 1048577);
  CHECK(tree.find("c")->contents() == "after");
}

TEST_CASE("resolve() follows every symlink and stays inside the root") {
  RawTar layer;
  layer.file("usr/bin/sh").symlink("bin", "usr/bin").symlink("usr/bin/bash", "sh").symlink("shell", "/bin/bash");
  layer.symlink("up", "../../..").symlink("usr/back", "../bin/../bin/sh").symlink("self", ".");
  const auto tree = tree_of({layer});
  CHECK(tree.resolve("") == "");
  CHECK(tree.resolve("/") == "");
  CHECK(tree.resolve("bin") == "usr/bin");
  CHECK(tree.resolve("/bin/sh") == "usr/bin/sh");
  CHECK(tree.resolve("shell") == "usr/bin/sh");
  CHECK(tree.resolve("up/bin") == "usr/bin");
  CHECK(tree.resolve("usr/back") == "usr/bin/sh");
  CHECK(tree.resolve("self/self/./bin//sh/") == "usr/bin/sh");
  CHECK(tree.resolve("..") == "");
  CHECK(tree.resolve("../../etc/passwd") == "etc/passwd");
  CHECK(tree.resolve("bin/..") == "usr");
}

TEST_CASE("resolve() leaves what does not exist as it is written") {
  const auto tree = tree_of({RawTar().file("a/f").symlink("l", "a/new/deep").symlink("gone", "/nowhere")});
  CHECK(tree.resolve("x/y/z") == "x/y/z");
  CHECK(tree.resolve("l/x") == "a/new/deep/x");
  CHECK(tree.resolve("gone") == "nowhere");
  CHECK(tree.resolve("x/../a/f") == "a/f");
  CHECK(tree.resolve("a/f/below") == "a/f/below");
  CHECK(tree.follow("gone") == nullptr);
  CHECK(tree.follow("a/f/below") == nullptr);
}

TEST_CASE("resolve_parent() keeps the last component") {
  const auto tree = tree_of({RawTar().file("usr/bin/sh").symlink("bin", "usr/bin").symlink("usr/bin/bash", "sh")});
  CHECK(tree.resolve_parent("bin") == "bin");
  CHECK(tree.resolve_parent("/bin/bash") == "usr/bin/bash");
  CHECK(tree.resolve_parent("bin/new") == "usr/bin/new");
  CHECK(tree.resolve_parent("") == "");
  CHECK(tree.find("bin")->type == EntryType::symlink);
  CHECK(tree.find("bin/sh") == nullptr);
  CHECK(tree.follow("bin/bash")->type == EntryType::regular);
}

TEST_CASE("symlinks in a circle are corrupt, 40 in a row are not") {
  RawTar layer;
  layer.symlink("a", "b").symlink("b", "a").symlink("me", "me/x").file("0");
  for (int i = 1; i <= 41; ++i) layer.symlink(std::to_string(i), std::to_string(i - 1));
  const auto tree = tree_of({layer});
  for (const char* path : {"a", "b", "me", "a/x", "41"}) {
    CAPTURE(path);
    try {
      tree.resolve(path);
      FAIL("was resolved");
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::corrupt);
      CHECK(error.what() == "cannot follow " + std::string(path) + ": more than 40 symlinks, or symlinks in a circle");
    }
  }
  CHECK(tree.resolve("40") == "0");
  CHECK(tree.resolve_parent("41") == "41");
}

TEST_CASE("paths that symlinks make grow past all measure are corrupt") {
  std::string target;
  for (int i = 0; i < 1000; ++i) target += "./x/../";
  target.resize(4000);
  std::string round;
  for (int i = 0; i < 600; ++i) round += "d/../";
  round += "l1";
  RawTar layer;
  layer.folder("d").symlink("l1", round).symlink("ok", target);
  const auto tree = tree_of({layer});
  CHECK_THROWS_WITH_AS((void)tree.resolve("l1"), "cannot follow l1: its symlinks grow without end", Error);
  CHECK_NOTHROW((void)tree.resolve("ok"));
}

TEST_CASE("a link target over 4096 bytes is unsupported") {
  CHECK_NOTHROW(tree_of({RawTar().symlink("l", std::string(4096, 'x'))}));
  CHECK(code_of({RawTar().symlink("l", std::string(4097, 'x'))}) == ErrorCode::unsupported);
}

TEST_CASE("paths of 256 names are the deepest") {
  CHECK(tree_of({RawTar().file(deep_path(256))}).find(deep_path(256)) != nullptr);
  CHECK(code_of({RawTar().file(deep_path(257))}) == ErrorCode::unsupported);
  // Deep only where the symlink leads.
  CHECK(code_of({RawTar().folder(deep_path(200)).symlink("l", deep_path(200)), RawTar().file("l/" + deep_path(57))}) ==
        ErrorCode::unsupported);
}

TEST_CASE("a hundred thousand entries are applied and whited out") {
  RawTar layer;
  for (int i = 0; i < 100000; ++i) layer.file("d" + std::to_string(i % 300) + "/f" + std::to_string(i));
  auto tree = tree_of({layer});
  CHECK(tree.root().children.size() == 300);
  CHECK(tree.find("d299/f99899") != nullptr);
  apply(tree, RawTar().file(".wh..wh..opq"));
  CHECK(paths_of(tree) == "");
}

TEST_CASE("files that wanted files lead to are told, so that their contents can be had") {
  RawTar layer;
  layer.file("usr/lib/passwd", "one")
      .file("usr/lib/group", "two")
      .folder("etc")
      .symlink("etc/passwd", "../usr/lib/passwd");
  layer.hard_link("etc/group", "usr/lib/group").file("etc/os-release", "three").symlink("etc/loop", "loop");
  std::set<std::string> wanted{"etc/passwd", "etc/group", "etc/os-release", "etc/loop", "etc/none"};
  const auto missed = tree_of({layer}, wanted).missed_files();
  CHECK(missed == std::set<std::string>{"usr/lib/group", "usr/lib/passwd"});
  wanted.insert(missed.begin(), missed.end());
  const auto tree = tree_of({layer}, wanted);
  CHECK(tree.missed_files().empty());
  CHECK(tree.follow("etc/passwd")->contents() == "one");
  CHECK(tree.follow("etc/group")->contents() == "two");
}

TEST_CASE("of files that are to be summarised, hard links included, the summary is kept in place of the contents") {
  const auto is_wanted = [](std::string_view path) { return path.ends_with(".so"); };
  const auto summary = [](std::string_view path, std::string_view bytes) {
    return std::string(path) + ": " + std::to_string(bytes.size()) + " bytes";
  };
  Tree tree({"etc/passwd"}, {is_wanted, summary});
  RawTar layer;
  layer.file("etc/passwd", "root").file("lib/a.so", "12345").file("lib/text", "no").symlink("lib/b.so", "a.so");
  layer.hard_link("lib/c.so", "lib/a.so").hard_link("lib/d", "lib/a.so").hard_link("lib/e.so", "lib/text");
  apply(tree, layer);
  const auto contents = [&](std::string_view path) { return tree.find(path)->contents().value_or("none"); };
  CHECK(contents("etc/passwd") == "root");
  CHECK(contents("lib/a.so") == "lib/a.so: 5 bytes");
  CHECK(contents("lib/c.so") == "lib/a.so: 5 bytes");
  CHECK(contents("lib/text") == "none");
  CHECK(contents("lib/b.so") == "none");
  CHECK(contents("lib/d") == "none");
  CHECK(contents("lib/e.so") == "none");
  CHECK(tree.follow("lib/b.so")->contents() == "lib/a.so: 5 bytes");
}

TEST_CASE("a wanted file that is a link to a summarised one is to be had whole") {
  const auto is_wanted = [](std::string_view path) { return path.ends_with(".so"); };
  const auto summary = [](std::string_view, std::string_view) { return std::string("summary"); };
  Tree tree({"etc/passwd"}, {is_wanted, summary});
  RawTar layer;
  layer.file("lib/a.so", "12345").symlink("etc/passwd", "../lib/a.so");
  apply(tree, layer);
  CHECK(tree.missed_files() == std::set<std::string>{"lib/a.so"});
}
