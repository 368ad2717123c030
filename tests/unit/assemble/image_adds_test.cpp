// SPDX-License-Identifier: Apache-2.0
// Files that are taken from other images.
#include <doctest/doctest.h>

#include <map>
#include <string>

#include "../registry/registry_support.hpp"
#include "bases/taken_files.hpp"
#include "image/layer_reader.hpp"
#include "io/streams.hpp"
#include "ociassemble/assemble.hpp"
#include "ociassemble/lock.hpp"
#include "ociassemble/platforms.hpp"
#include "raw_tar.hpp"
#include "test_folder.hpp"
#include "tiny_elf.hpp"

using namespace ociassemble;
using test::RawTar;

namespace {

constexpr const char* kBundle = "-----BEGIN CERTIFICATE-----\nlower\n";

// "MODE UID:GID BYTES", "MODE UID:GID folder" or "-> TARGET".
using Placed = std::map<std::string, std::string>;

Placed files_of_last_layer(const Image& image) {
  Placed placed;
  for_each_entry(image.layers().back(), {}, [&](const ReadEntry& read) {
    char rights[64];
    std::snprintf(rights, sizeof rights, "%04o %d:%d ", read.entry.mode, static_cast<int>(read.entry.uid),
                  static_cast<int>(read.entry.gid));
    auto& words = placed[read.entry.path];
    if (read.entry.type == EntryType::symlink) {
      words = "-> " + read.entry.link_target;
    } else if (read.entry.type == EntryType::directory) {
      words = std::string(rights) + "folder";
    } else {
      words = std::string(rights) + read_all(read.data, 1U << 20U, "a file");
    }
  });
  return placed;
}

// A registry with an image of three layers, "tools:1", and images of nothing but the file that is added.
struct SourceWorld {
  SourceWorld() { push("1", "amd64"); }

  void push(const std::string& tag, const std::string& words) {
    const auto lower = RawTar()
                           .folder("etc")
                           .folder("etc/ssl")
                           .file("etc/ssl/ca.crt", kBundle, 0600, {7, 8})
                           .symlink("etc/ssl/cert.pem", "ca.crt")
                           .symlink("etc/absolute", "/etc/ssl/cert.pem")
                           .symlink("etc/outside", "../../../../etc/ssl/ca.crt")
                           .symlink("etc/dangling", "/nowhere")
                           .symlink("etc/circle", "circle")
                           .file("etc/hidden", "hidden")
                           .file("etc/words", "old")
                           .file("original", "shared bytes", 0755)
                           .symlink("bin", "usr/bin")
                           .folder("usr/bin")
                           .folder("opaque")
                           .file("opaque/below", "below")
                           .special("etc/pipe", RawTar::kFifo)
                           .bytes();
    const auto middle = RawTar()
                            .file("etc/.wh.hidden")
                            .file("etc/words", words)
                            .file("bin/tool", "tool", 0755)
                            .hard_link("etc/hard", "original")
                            .file("opaque/.wh..wh..opq")
                            .file("opaque/new", "new")
                            .bytes();
    const auto upper = RawTar()
                           .folder("share", 0700, {7, 8})
                           .folder("share/empty", 0700)
                           .file("share/run", "run", 04755, {7, 8})
                           .file("share/text", "text", 0600)
                           .symlink("share/link", "/etc/passwd")
                           .file("etc/ssl/other", "other")
                           .bytes();
    std::vector<Image> images;
    for (const char* platform : {"linux/amd64", "linux/arm64"}) {
      images.push_back(test::image_of({lower, middle, upper, RawTar().file("platform", platform).bytes()}, platform));
      test::seed(registry, "tools", std::string(platform).substr(6), images.back());
    }
    registry.put_manifest("tools", tag, std::string(media_type::kOciIndex), test::index_of(images).json);
    registry.clear_log();
  }

  Reference image() const { return test::at(registry, "tools:1"); }
  Workplace workplace() const {
    Workplace place;
    place.store = make_memory_store();
    place.registry = test::fast_options();
    return place;
  }
  Workplace cached() const {
    auto place = workplace();
    std::filesystem::create_directories(folder / "cache");
    std::filesystem::permissions(folder / "cache", std::filesystem::perms::owner_all);
    place.cache_folder = folder / "cache";
    return place;
  }
  AddInput add(const std::string& source, const std::string& destination) const {
    AddInput input;
    input.source = source;
    input.destination = destination;
    input.image = Location::parse(image().to_string());
    return input;
  }
  AssembleOptions options(std::vector<AddInput> adds) const {
    AssembleOptions result;
    result.base.kind = Location::Kind::scratch;
    result.platform = Platform::parse("linux/amd64");
    result.contents.adds = std::move(adds);
    return result;
  }
  AssembleOptions locked(const Lock& lock, std::vector<AddInput> adds, LockUse use = LockUse::required) const {
    auto result = options(std::move(adds));
    result.lock = std::make_shared<const Lock>(Lock::parse(lock.to_json(), "ociassemble.lock"));
    result.lock_use = use;
    return result;
  }
  Lock lock(const std::set<std::string>& paths) const {
    Lock made;
    made.images.emplace(image().to_string(), lock_image(image(), {{"linux/amd64", paths}}, workplace()));
    return made;
  }
  Placed placed(std::vector<AddInput> adds) const {
    return files_of_last_layer(assemble(options(std::move(adds)), workplace()).image);
  }
  std::string taken(const std::string& source) const {
    const auto all = placed({add(source, "/taken")});
    const auto found = all.find("taken");
    return found == all.end() ? "nothing" : found->second;
  }

  test::FakeRegistry registry;
  test::TestFolder folder;
};

}  // namespace

TEST_CASE("a file of another image is taken with the build's own mode and owner, links followed inside the image") {
  const SourceWorld world;
  const auto bundle = std::string("0444 0:0 ") + kBundle;
  CHECK(world.taken("/etc/ssl/ca.crt") == bundle);
  CHECK(world.taken("/etc/ssl/cert.pem") == bundle);
  CHECK(world.taken("/etc/absolute") == bundle);
  CHECK(world.taken("/etc/outside") == bundle);  // ".." stops at the image's root
  CHECK(world.taken("/bin/tool") == "0555 0:0 tool");
  CHECK(world.taken("/usr/bin/tool") == "0555 0:0 tool");
}

TEST_CASE("what is taken is what the layers make: whiteouts, opaque folders, replaced files, hard links") {
  const SourceWorld world;
  CHECK(world.taken("/etc/words") == "0444 0:0 amd64");
  CHECK(world.taken("/etc/hard") == "0555 0:0 shared bytes");
  const auto opaque = world.placed({world.add("/opaque", "/o")});
  CHECK(opaque == Placed{{"o", "0555 0:0 folder"}, {"o/new", "0444 0:0 new"}});
  const auto hidden = test::failure_of([&] { world.taken("/etc/hidden"); });
  CHECK(hidden.code == ErrorCode::not_found);
  CHECK(hidden.message ==
        "cannot take /etc/hidden from " + world.image().to_string() + ": there is no such file in the image");
}

TEST_CASE("a folder is taken whole, its links as they are, and mode and owner are those of the add") {
  const SourceWorld world;
  CHECK(world.placed({world.add("/share", "/opt/share/")}) == Placed{{"opt", "0755 0:0 folder"},
                                                                     {"opt/share", "0555 0:0 folder"},
                                                                     {"opt/share/empty", "0555 0:0 folder"},
                                                                     {"opt/share/link", "-> /etc/passwd"},
                                                                     {"opt/share/run", "0555 0:0 run"},
                                                                     {"opt/share/text", "0444 0:0 text"}});
  auto add = world.add("/share/text", "/opt/");
  add.mode = 0640;
  add.owner = "5:6";
  CHECK(world.placed({add}) == Placed{{"opt", "0755 0:0 folder"}, {"opt/text", "0640 5:6 text"}});
}

TEST_CASE("what cannot be taken is an error that names the file and the image") {
  const SourceWorld world;
  const auto image = world.image().to_string();
  const auto dangling = test::failure_of([&] { world.taken("/etc/dangling"); });
  CHECK(dangling.code == ErrorCode::not_found);
  CHECK(dangling.message ==
        "cannot take /etc/dangling from " + image + ": it is a link to /nowhere, which is not in the image");
  CHECK(test::failure_of([&] { world.taken("/etc/circle"); }).code == ErrorCode::corrupt);
  CHECK(test::failure_of([&] { world.taken("/etc/pipe"); }).code == ErrorCode::unsupported);
  // As part of a folder, too.
  CHECK(test::failure_of([&] { world.taken("/etc"); }).message ==
        "cannot take /etc/pipe from " + image + ": it is a device or a fifo");
  auto ignoring = world.add("/share", "/share");
  ignoring.ignore = "none";
  CHECK(test::failure_of([&] { world.placed({ignoring}); }).code == ErrorCode::invalid_argument);
  CHECK(test::failure_of([&] { world.taken("relative"); }).code == ErrorCode::invalid_argument);
}

TEST_CASE("more files than may be taken are refused before one is stored") {
  SourceWorld world;
  RawTar many;
  many.folder("many");
  for (std::size_t i = 0; i <= kMostTakenFiles; ++i) many.file("many/" + std::to_string(i));
  test::seed(world.registry, "tools", "1", test::image_of({many.bytes()}));
  CHECK(test::failure_of([&] { world.taken("/many"); }).code == ErrorCode::unsupported);
  CHECK(world.taken("/many/7") == "0444 0:0 ");
}

TEST_CASE("the image of the platform that is built is the one that files are taken from") {
  const SourceWorld world;
  auto options = world.options({world.add("/platform", "/platform")});
  options.platform.reset();
  const auto made = assemble_all(
      for_platforms(options, {Platform::parse("linux/amd64"), Platform::parse("linux/arm64")}), world.workplace());
  CHECK(files_of_last_layer(made[0].image).at("platform") == "0444 0:0 linux/amd64");
  CHECK(files_of_last_layer(made[1].image).at("platform") == "0444 0:0 linux/arm64");
  options.platform = Platform::parse("linux/s390x");
  CHECK(test::failure_of([&] { assemble(options, world.workplace()); }).code == ErrorCode::not_found);
}

TEST_CASE("an unchanged build reads no layer, and one whose files left the cache or were damaged there reads again") {
  const SourceWorld world;
  const auto options = world.options({world.add("/share", "/share"), world.add("/etc/hard", "/hard")});
  const auto first = assemble(options, world.cached()).image.digest();
  world.registry.log();
  const auto layers = [&] { return world.registry.count("GET", "/blobs/"); };
  const auto blobs = layers();
  CHECK(blobs > 0);
  CHECK(assemble(options, world.cached()).image.digest() == first);
  CHECK(layers() == blobs + 1);  // the config alone

  for (const auto& file : std::filesystem::recursive_directory_iterator(world.folder / "cache/files")) {
    if (file.is_regular_file()) world.folder.write(file.path().lexically_relative(world.folder.path()).string(), "x");
  }
  CHECK(assemble(options, world.cached()).image.digest() == first);
  const auto after_damage = layers();
  CHECK(after_damage > blobs + 2);
  std::filesystem::remove_all(world.folder / "cache/files");
  CHECK(assemble(options, world.cached()).image.digest() == first);
  CHECK(layers() > after_damage + 1);
}

TEST_CASE("a locked build is the unlocked one, and asks the registry nothing once the files are in the cache") {
  SourceWorld world;
  const std::vector<AddInput> adds{world.add("/share", "/share"), world.add("/etc/ssl/cert.pem", "/cert.pem")};
  const auto unlocked = assemble(world.options(adds), world.cached()).image.digest();
  const auto lock = world.lock({"/share", "/etc/ssl/cert.pem"});
  world.push("1", "other words");  // the tag moves
  CHECK(assemble(world.locked(lock, adds), world.cached()).image.digest() == unlocked);
  CHECK(world.registry.requests().empty());
  // Without the cache the files come from the image that is locked.
  CHECK(assemble(world.locked(lock, adds), world.workplace()).image.digest() == unlocked);
  CHECK(world.registry.count("GET", "/manifests/1") == 0);
  const auto moved = find_moved(lock, world.workplace());
  REQUIRE(moved.size() == 1);
  CHECK(moved[0].base == world.image().to_string());
}

TEST_CASE("a lock holds the digest of each file, and a build whose bytes differ fails and names the file") {
  const SourceWorld world;
  auto lock = world.lock({"/share"});
  const auto& pinned = lock.images.at(world.image().to_string()).platforms.at("linux/amd64").files.at("/share");
  CHECK(pinned.at("text").digest == Digest::of(std::string_view("text")));
  CHECK(lock.to_json().find("\"file " + Digest::of(std::string_view("text")).to_string() + " 4 text\"") !=
        std::string::npos);
  auto changed = lock;
  changed.images.begin()->second.platforms.begin()->second.files.at("/share").at("text").digest =
      Digest::of(std::string_view("another"));
  for (const auto& place : {world.workplace(), world.cached()}) {
    const auto failure =
        test::failure_of([&] { assemble(world.locked(changed, {world.add("/share", "/share")}), place); });
    CHECK(failure.code == ErrorCode::check_failed);
    CHECK(failure.message.starts_with("cannot take /share/text from " + world.image().to_string() + ": sha256:"));
  }
}

TEST_CASE("what a required lock does not pin is refused, and a preferred one takes it from the locked image") {
  SourceWorld world;
  const auto lock = world.lock({"/share"});
  const auto other = world.add("/etc/words", "/words");
  const auto failure = test::failure_of([&] { assemble(world.locked(lock, {other}), world.workplace()); });
  CHECK(failure.code == ErrorCode::check_failed);
  CHECK(failure.message ==
        "cannot take /etc/words from " + world.image().to_string() + ": the lock file does not pin it");
  CHECK(test::failure_of([&] { assemble(world.locked(Lock(), {other}), world.workplace()); }).code ==
        ErrorCode::check_failed);
  auto arm64 = world.locked(lock, {world.add("/share", "/share")});
  arm64.platform = Platform::parse("linux/arm64");
  CHECK(test::failure_of([&] { assemble(arm64, world.workplace()); }).code == ErrorCode::check_failed);
  world.push("1", "after the tag moved");
  const auto made = assemble(world.locked(lock, {other}, LockUse::preferred), world.workplace());
  CHECK(files_of_last_layer(made.image).at("words") == "0444 0:0 amd64");
}

TEST_CASE("more paths are added to a lock from the very image that is locked") {
  SourceWorld world;
  auto lock = world.lock({"/share"});
  const auto before = lock.images.at(world.image().to_string());
  world.push("1", "after the tag moved");
  auto& locked = lock.images.at(world.image().to_string());
  lock_files(locked, world.image(), {{"linux/amd64", {"/share"}}}, world.workplace());
  CHECK(locked == before);
  CHECK(world.registry.requests().empty());
  lock_files(locked, world.image(), {{"linux/amd64", {"/share", "/etc/words"}}, {"linux/arm64", {"/platform"}}},
             world.workplace());
  CHECK(locked.digest == before.digest);
  CHECK(locked.platforms.at("linux/amd64").files.at("/etc/words").at("").digest ==
        Digest::of(std::string_view("amd64")));
  CHECK(locked.platforms.at("linux/arm64").files.contains("/platform"));
  CHECK(
      check_lock(lock, {}, {{world.image().to_string(), {{"linux/arm64", {"/platform", "/share"}}}}}, world.workplace())
          .unlocked_files == WantedImages{{world.image().to_string(), {{"linux/arm64", {"/share"}}}}});
}

TEST_CASE("files are taken from a root file system, too") {
  const SourceWorld world;
  world.folder.write("root/etc/motd", "hello");
  std::filesystem::create_symlink("/etc/motd", world.folder / "root/motd");
  auto add = world.add("/motd", "/motd");
  add.image = Location::parse("rootfs:" + (world.folder / "root").string());
  CHECK(world.placed({add}) == Placed{{"motd", "0444 0:0 hello"}});
  world.folder.write("root.tar", RawTar().file("motd", "from a tarball").bytes());
  add.image = Location::parse("rootfs:" + (world.folder / "root.tar").string());
  const auto made = assemble(world.options({add}), world.cached());
  CHECK(files_of_last_layer(made.image) == Placed{{"motd", "0444 0:0 from a tarball"}});
  CHECK(made.inputs == std::vector<std::string>{(world.folder / "root.tar").string()});
}

TEST_CASE("a list of files is read only as it is written") {
  const std::string digest = "sha256:" + std::string(64, 'a');
  const auto reads = [](const std::vector<std::string>& lines) { return parse_taken_lines(lines).has_value(); };
  CHECK(reads({"file " + digest + " 3 ."}));
  CHECK(reads({"folder .", "link a%20b ../c", "program " + digest + " 0 x/y"}));
  TakenFiles odd{{"", {EntryType::directory, false, 0, {}, {}}},
                 {"a b\n%\xff", {EntryType::symlink, false, 0, {}, "to \x01"}}};
  CHECK(parse_taken_lines(taken_lines(odd)) == odd);
  // Another spelling of the same.
  for (const std::string& line : {"file " + digest + " 03 .", "file " + digest + " 3 %2E", std::string("folder %2e")}) {
    CAPTURE(line);
    CHECK_FALSE(reads({line}));
  }
  CHECK_FALSE(reads({"folder .", "folder %61"}));
  CHECK_FALSE(reads({"folder .", "folder a%0a"}));
  for (const char* name : {"..", "a/../b", "/a", "a//b", "a/", "", "%00", "%2e%2E", "%4", "%zz"}) {
    CAPTURE(name);
    CHECK_FALSE(reads({"folder .", "folder " + std::string(name)}));
  }
  CHECK_FALSE(reads({}));
  CHECK_FALSE(reads({"folder a"}));                                            // nothing at the path itself
  CHECK_FALSE(reads({"file " + digest + " 3 .", "file " + digest + " 3 a"}));  // a file in a file
  CHECK_FALSE(reads({"link . a"}));
  CHECK_FALSE(reads({"folder .", "folder ."}));
  CHECK_FALSE(reads({"file " + digest + " 99999999999999 ."}));
  CHECK_FALSE(reads({"file " + digest + " -3 ."}));
  CHECK_FALSE(reads({"file sha256:12 3 ."}));
  CHECK_FALSE(reads({"folder .", "link a "}));
}
