// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/lock.hpp"

#include <doctest/doctest.h>

#include "../registry/registry_support.hpp"
#include "ociassemble/assemble.hpp"
#include "ociassemble/places.hpp"
#include "ociassemble/platforms.hpp"
#include "raw_tar.hpp"
#include "test_folder.hpp"
#include "tiny_elf.hpp"

using namespace ociassemble;

namespace {

std::string base_tar() {
  return test::RawTar()
      .folder("tmp", 01777)
      .folder("usr", 0755)
      .folder("usr/bin", 0750, {7, 8})
      .symlink("bin", "usr/bin")
      .file("usr/bin/tool", "tool", 04755)
      .folder("etc")
      .file("etc/passwd", "app:x:1001:1002::/:/bin/sh\n")
      .file("etc/os-release", "PRETTY_NAME=\"Test Linux 1\"\n")
      .folder("lib")
      .file("lib/ld-musl-x86_64.so.1", "loader")
      .bytes();
}

// A registry with a base for two platforms, "base:1", and one for lock, build and push.
struct World {
  World() { move_tag("amd64 and arm64"); }

  void move_tag(const std::string& difference) {
    const auto amd64 = test::image_of({base_tar(), difference.size() > 20 ? test::RawTar().bytes() : base_tar()});
    const auto arm64 = test::image_of({base_tar()}, "linux/arm64");
    test::seed(registry, "base", "amd64", amd64);
    test::seed(registry, "base", "arm64", arm64);
    const auto index = test::index_of({amd64, arm64});
    registry.put_manifest("base", "1", std::string(media_type::kOciIndex), index.json);
    registry.clear_log();
  }

  Reference base() const { return test::at(registry, "base:1"); }
  Workplace workplace() const {
    Workplace place;
    place.store = make_memory_store();
    place.registry = test::fast_options();
    return place;
  }
  AssembleOptions options() const {
    AssembleOptions result;
    result.base = Location::parse(base().to_string());
    result.contents.binaries = {{folder.write("app", test::tiny_elf()), "/bin/app", false, {}}};
    result.contents.user = "app";
    return result;
  }
  AssembleOptions locked_options(const Lock& lock, LockUse use = LockUse::required) const {
    auto result = options();
    result.lock = std::make_shared<const Lock>(lock);
    result.lock_use = use;
    return result;
  }
  Lock lock(std::vector<Platform> platforms = {Platform::parse("linux/amd64")}) const {
    Lock made;
    made.bases.emplace(base().to_string(), lock_base(base(), platforms, workplace()));
    return made;
  }

  test::FakeRegistry registry;
  test::TestFolder folder;
};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

test::Failure parse_failure(const std::string& json) {
  return test::failure_of([&] { Lock::parse(json, "ociassemble.lock"); });
}

}  // namespace

TEST_CASE("a locked build has the digest of an unlocked one, and asks the registry nothing") {
  World world;
  const auto unlocked = assemble(world.options(), world.workplace());
  const auto lock = Lock::parse(world.lock().to_json(), "ociassemble.lock");
  world.registry.clear_log();
  const auto locked = assemble(world.locked_options(lock), world.workplace());
  CHECK(locked.image.manifest_json() == unlocked.image.manifest_json());
  CHECK(locked.image.config_json() == unlocked.image.config_json());
  CHECK(locked.base_root == unlocked.base_root);
  CHECK(world.registry.requests().empty());
}

TEST_CASE("a locked build fails as an unlocked one does") {
  const World world;
  const auto lock = world.lock();
  const auto fails_alike = [&](const std::function<void(AssembleOptions&)>& change) {
    auto unlocked = world.options();
    auto locked = world.locked_options(lock);
    change(unlocked);
    change(locked);
    const auto expected = test::failure_of([&] { assemble(unlocked, world.workplace()); });
    const auto actual = test::failure_of([&] { assemble(locked, world.workplace()); });
    CHECK(expected.message != "nothing was thrown");
    CHECK(actual.message == expected.message);
    CHECK(actual.hint == expected.hint);
    CHECK(actual.code == expected.code);
  };
  fails_alike([](AssembleOptions& options) { options.contents.user = "nobody-here"; });
  fails_alike([](AssembleOptions& options) { options.contents.binaries[0].destination = "/usr/bin/tool/app"; });
  fails_alike([](AssembleOptions& options) { options.contents.writable = {"/usr/bin/tool"}; });
  fails_alike([](AssembleOptions& options) {
    options.platform = Platform::parse("linux/s390x"), options.contents.binaries[0].any_binary = true;
  });
  fails_alike([&](AssembleOptions& options) {
    options.contents.binaries[0].source = world.folder.write("glibc", test::tiny_elf("/lib64/ld-linux-x86-64.so.2"));
  });
}

TEST_CASE("a locked build is what it was after the tag has moved, and the move is found") {
  World world;
  const auto lock = world.lock();
  const auto before = assemble(world.locked_options(lock), world.workplace()).image.digest();
  CHECK(find_moved(lock, world.workplace()).empty());
  world.move_tag("another image, under the same tag");
  CHECK(assemble(world.locked_options(lock), world.workplace()).image.digest() == before);
  CHECK(assemble(world.options(), world.workplace()).image.digest() != before);
  world.registry.clear_log();
  const auto moved = find_moved(lock, world.workplace());
  REQUIRE(moved.size() == 1);
  CHECK(moved[0].base == world.base().to_string());
  CHECK(moved[0].now != moved[0].locked);
  CHECK(world.registry.count("HEAD", "/manifests/1") == 1);
}

TEST_CASE("a locked base's layers are mounted from its repository without being read") {
  World world;
  const auto made = assemble(world.locked_options(world.lock()), world.workplace());
  world.registry.clear_log();
  publish(made.image, Location::parse(test::at(world.registry, "app:v1").to_string()), world.workplace());
  CHECK(world.registry.count("POST", "mount=") >= 1);
  CHECK(world.registry.count("GET", "/blobs/") == 0);
}

TEST_CASE("a locked base's layers are streamed to another registry") {
  World world;
  const auto made = assemble(world.locked_options(world.lock()), world.workplace());
  test::FakeRegistry other;
  world.registry.clear_log();
  publish(made.image, Location::parse(test::at(other, "app:v1").to_string()), world.workplace());
  CHECK(other.manifest("app", "v1") == made.image.manifest_json());
  CHECK(world.registry.count("GET", "/blobs/") == 1);  // both layers are the same
}

TEST_CASE("a platform that is not locked is refused where the lock is required, and else read at the locked digest") {
  World world;
  const auto lock = world.lock();
  auto options = world.locked_options(lock);
  options.platform = Platform::parse("linux/arm64");
  options.contents.binaries[0].any_binary = true;
  const auto failure = test::failure_of([&] { assemble(options, world.workplace()); });
  CHECK(failure.code == ErrorCode::check_failed);
  CHECK(failure.message ==
        "cannot use base " + world.base().to_string() + ": the lock file does not pin it for linux/arm64");
  CHECK(failure.hint == "ociassemble lock --base " + world.base().to_string() + " --platform linux/arm64 pins it");
  options.lock_use = LockUse::preferred;
  CHECK(assemble(options, world.workplace()).image.config().platform.architecture == "arm64");
  CHECK(world.registry.count("GET", "/manifests/1") == 1);  // by lock_base alone
}

TEST_CASE("a base in a registry that the lock lacks is refused where the lock is required") {
  const World world;
  const auto failure = test::failure_of([&] { assemble(world.locked_options({}), world.workplace()); });
  CHECK(failure.code == ErrorCode::check_failed);
  CHECK(failure.message == "cannot use base " + world.base().to_string() + ": the lock file does not pin it");
  auto local = world.locked_options({});
  local.base = Location::parse("static");
  local.contents.user.reset();
  CHECK_NOTHROW(assemble(local, world.workplace()));
}

TEST_CASE("a tag without a lock gets one notice, and a locked or digested base does not") {
  const World world;
  std::vector<std::string> warnings;
  auto place = world.workplace();
  place.notice = [&](const std::string& line) { warnings.push_back(line); };
  assemble(world.locked_options(world.lock()), place);
  auto pinned = world.options();
  pinned.base = Location::parse(world.base().with_digest(lock_base(world.base(), {}, place).digest).to_string());
  assemble(pinned, place);
  CHECK(warnings.empty());
  assemble_all({world.options(), world.options()}, place);
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].find("is a tag and may change") != std::string::npos);
}

TEST_CASE("the lock's bytes depend on its value, and it is written only when it changes") {
  const World world;
  const auto lock = world.lock({Platform::parse("linux/arm64/v8"), Platform::parse("linux/amd64")});
  const auto json = lock.to_json();
  CHECK(world.lock({Platform::parse("linux/amd64"), Platform::parse("linux/arm64")}).to_json() == json);
  CHECK(Lock::parse(json, "it") == lock);
  CHECK(json.find("\"system\": \"Test Linux 1, musl\"") != std::string::npos);
  const auto file = world.folder / "ociassemble.lock";
  CHECK_FALSE(Lock::read(file).has_value());
  CHECK(lock.write(file));
  CHECK_FALSE(lock.write(file));
  CHECK(Lock::read(file) == lock);
}

TEST_CASE("a platform is added at the locked digest, whatever the tag is now") {
  World world;
  auto lock = world.lock();
  const auto both = world.lock({Platform::parse("linux/amd64"), Platform::parse("linux/arm64")});
  world.move_tag("another image, under the same tag");
  auto& base = lock.bases.begin()->second;
  lock_platforms(base, world.base(), {Platform::parse("linux/arm64")}, world.workplace());
  CHECK(lock == both);
}

TEST_CASE("a lock that was damaged or badly merged is refused with the member and the remedy") {
  const World world;
  const auto json = world.lock({Platform::parse("linux/amd64"), Platform::parse("linux/arm64")}).to_json();
  const auto lock = Lock::parse(json, "ociassemble.lock");
  const auto& base = lock.bases.begin()->second;
  const auto& amd64 = base.platforms.at("linux/amd64");
  const auto& arm64 = base.platforms.at("linux/arm64");
  const std::string zeros = "sha256:" + std::string(64, '0');
  struct Row {
    std::string json;
    std::string message;
  };
  const std::vector<Row> rows = {
      {"", "invalid JSON at byte"},
      {"[]", "the document is not an object"},
      {"{}", "lockFormat is missing"},
      {json.substr(0, json.size() / 2), "invalid JSON at byte"},
      {replaced(json, "\"bases\"", "\"basis\""), "basis is no member that a lock has"},
      {replaced(json, "{\n", "{\n<<<<<<< HEAD\n"), "line 2 is a conflict that git could not merge"},
      {replaced(json, "\"digest\": \"" + base.digest.to_string(), "\"digest\": \"" + zeros),
       "digest is not among the documents"},
      {replaced(json, "\"digest\": \"" + amd64.manifest.to_string(), "\"digest\": \"" + arm64.manifest.to_string()),
       "platforms.linux/amd64.digest is not the image that the base has for this platform"},
      {replaced(json, "\"files\": \"" + amd64.files.to_string(), "\"files\": \"" + zeros),
       "facts.files is not among the records"},
      {replaced(json, "\"files\": \"" + amd64.files.to_string(), "\"fils\": \"" + zeros), "facts.files is missing"},
      {replaced(json, "\"linux/amd64\"", "\"linux/x86_64\""), "should be named linux/amd64"},
      {replaced(json, "\\\"architecture\\\":\\\"amd64\\\"", "\\\"architecture\\\":\\\"s390x\\\""),
       "does not have the digest that it is named by"},
      {replaced(json, world.base().to_string(), "Base:1"), "is not named by a base's full reference"},
      {replaced(json, base.records.begin()->second, "AAAA"), "cannot be used"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.message);
    const auto failure = parse_failure(row.json);
    CHECK(failure.code == ErrorCode::corrupt);
    CHECK(failure.message.find("cannot parse ociassemble.lock: ") == 0);
    CHECK(failure.message.find(row.message) != std::string::npos);
    CHECK(failure.hint.find("ociassemble lock --update") != std::string::npos);
  }
  CHECK(parse_failure(replaced(json, "\"lockFormat\": 2", "\"lockFormat\": 3")).code == ErrorCode::unsupported);
}

TEST_CASE("text for people is compared with nothing, and facts that are not known yet are kept") {
  const World world;
  const auto json = world.lock().to_json();
  const auto other = replaced(json, "Test Linux 1", "Kraków Linux");
  CHECK(Lock::parse(other, "it").to_json() == other);
  const auto later =
      replaced(json, "\"facts\": {\n", "\"facts\": {\n            \"libc\": {\"kind\": [\"musl\", 1.2]},\n");
  const auto lock = Lock::parse(later, "it");
  CHECK(lock.bases.begin()->second.platforms.begin()->second.other_facts.at("libc") == R"({"kind":["musl",1.2]})");
  CHECK(Lock::parse(lock.to_json(), "it") == lock);
  assemble(world.locked_options(lock), world.workplace());
}

TEST_CASE(
    "a codec of another version than the lock pins is an error where the lock is required, before anything is made") {
  const World world;
  auto lock = world.lock();
  lock.codecs["gzip:4"] = Codec{"ociassemble-deflate", "0.9"};
  CHECK(Lock::parse(lock.to_json(), "it") == lock);
  auto place = world.workplace();
  std::vector<std::string> warnings;
  place.warn = [&](const std::string& line) { warnings.push_back(line); };
  try {
    assemble(world.locked_options(lock), place);
    FAIL("was taken");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::check_failed);
    CHECK(std::string(error.what()).find("pins ociassemble-deflate 0.9 for gzip:4") != std::string::npos);
  }
  auto allowed = world.locked_options(lock);
  allowed.allow_codec_change = true;
  assemble(allowed, place);
  assemble(world.locked_options(lock, LockUse::preferred), place);
  CHECK(warnings.size() == 2);
  auto other_level = world.locked_options(lock);
  other_level.compression = CompressionOptions::parse("gzip:1");
  assemble(other_level, place);
  CHECK(warnings.size() == 2);
}

TEST_CASE("data of the host that is not what the lock pins is an error where the lock is required") {
  const World world;
  auto lock = world.lock();
  auto options = world.locked_options(lock);
  options.contents.ca_certificates = "host";
  CHECK_THROWS_WITH_AS(assemble(options, world.workplace()), "the lock does not pin the host's CA certificates", Error);
  lock.host.emplace("caCertificates", Digest::of("another bundle"));
  options.lock = std::make_shared<const Lock>(lock);
  CHECK_THROWS_WITH_AS(assemble(options, world.workplace()), "the lock pins other data than the host's CA certificates",
                       Error);
  lock.host = lock_host_data(true, false);
  options.lock = std::make_shared<const Lock>(lock);
  assemble(options, world.workplace());
}

TEST_CASE("a locked build gives the base the name that the lock pins") {
  const World world;
  auto lock = world.lock();
  const auto name_in = [&](const Lock& of, const std::optional<std::string>& own) {
    auto options = world.locked_options(Lock::parse(of.to_json(), "ociassemble.lock"));
    options.base_name = own;
    const auto annotations = assemble(options, world.workplace()).image.manifest().annotations;
    const auto found = annotations.find("org.opencontainers.image.base.name");
    return found == annotations.end() ? std::string("no name") : found->second;
  };
  CHECK(name_in(lock, {}) == world.base().to_string());
  CHECK(name_in(lock, "own") == "own");
  lock.bases.begin()->second.name = "docker.io/library/base:1";
  CHECK(name_in(lock, {}) == "docker.io/library/base:1");
  CHECK(name_in(lock, "docker.io/library/base:1") == "docker.io/library/base:1");
  const auto failure = test::failure_of([&] { name_in(lock, "other"); });
  CHECK(failure.code == ErrorCode::check_failed);
  CHECK(failure.message == "the lock pins the name docker.io/library/base:1 for base " + world.base().to_string() +
                               ", and this build says other");
  lock.bases.begin()->second.name = "none";
  CHECK(name_in(lock, {}) == "no name");
  CHECK(parse_failure(replaced(lock.to_json(), "\"baseName\": \"none\"", "\"baseName\": \"\"")).code ==
        ErrorCode::corrupt);
}
