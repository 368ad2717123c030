// SPDX-License-Identifier: Apache-2.0
// What may be done to an image without its being another application, and what may not: each attack with the status
// that `verify --same-app` has for it, loosely and strictly (0: proven, 3: not).
#include <doctest/doctest.h>

#include <functional>

#include "compare_support.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/same_app.hpp"
#include "tiny_elf.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

constexpr const char* kLoader = "/lib64/ld-linux-x86-64.so.2";

std::string cache_of(const std::string& library, const std::string& path) {
  const auto strings = library + '\0' + path + '\0';
  std::string cache = "glibc-ld.so.cache1.1" + little_endian(1, 4) + little_endian(strings.size(), 4) +
                      little_endian(2, 1) + std::string(3, '\0') + little_endian(0, 4) + std::string(12, '\0');
  cache += little_endian(0x303, 4) + little_endian(72, 4) + little_endian(72 + library.size() + 1, 4) +
           little_endian(0, 4) + little_endian(0, 8);
  return cache + strings;
}

// A base of merged folders with a C library, as Debian has them.
RawTar debian() {
  return RawTar()
      .folder("usr")
      .folder("usr/bin")
      .folder("usr/lib")
      .folder("etc")
      .folder("tmp", 01777)
      .symlink("bin", "usr/bin")
      .symlink("lib", "usr/lib")
      .symlink("lib64", "usr/lib")
      .file("usr/bin/sh", "a shell", 0755)
      .file("usr/bin/env", "env", 0755)
      .file("usr/lib/ld-linux-x86-64.so.2", "the loader", 0755)
      .file("usr/lib/libc.so.6", linked_elf({}, "libm.so.6"), 0755)
      .file("usr/lib/libm.so.6", "mathematics", 0644)
      .file("etc/ld.so.conf", "include /etc/ld.so.conf.d/*.conf\n")
      .folder("etc/ld.so.conf.d")
      .file("etc/ld.so.cache", cache_of("libc.so.6", "/usr/lib/libc.so.6"));
}

// A program that needs a C library, a script, a link, and data.
RawTar application() {
  return RawTar()
      .folder("usr/local/bin")
      .file("usr/local/bin/app", linked_elf(kLoader, "libc.so.6"), 0555)
      .file("usr/local/bin/tool", "#!/usr/bin/env sh\necho tool\n", 0555)
      .symlink("usr/local/bin/alias", "app")
      .folder("srv/data")
      .file("srv/data/table", "1 2 3");
}

// The program alone, static.
RawTar static_application() { return RawTar().folder("usr/local/bin").file("usr/local/bin/app", tiny_elf(), 0555); }

ImageConfig config() {
  ImageConfig config;
  config.entrypoint = std::vector<std::string>{"/usr/local/bin/app"};
  config.env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  return config;
}

struct Attack {
  const char* name;
  int status;
  int strict;
  RawTar top;  // a layer without a word in the history; none where it is empty
  std::function<void(ImageConfig&)> change = {};
  std::set<std::string> allow = {};
};

class Victim {
 public:
  explicit Victim(const RawTar& app) : app_(images_.layer(app)), base_(images_.layer(debian())) {}

  int status(const Attack& attack, bool is_strict) const {
    const auto honest = Images::image({{base_, "base"}, {app_, "ociassemble: binary /usr/local/bin/app"}}, config());
    auto changed = config();
    if (attack.change) attack.change(changed);
    std::vector<Images::Made> made{{base_, "base"}, {app_, "ociassemble: binary /usr/local/bin/app"}};
    if (attack.top.bytes().size() > 1024) made.emplace_back(images_.layer(attack.top), "RUN something");
    const auto other = Images::image(made, changed);
    SameAppOptions options;
    options.is_strict = is_strict;
    options.allow = attack.allow;
    const auto there = prove_same_app(honest, other, options).is_proven();
    const auto back = prove_same_app(other, honest, options).is_proven();
    CHECK_MESSAGE(there == back, "the other way round it is another verdict");
    return there ? 0 : 3;
  }

 private:
  Images images_;
  Layer app_;
  Layer base_;
};

RawTar top() { return {}; }

void expect(const RawTar& app, const std::vector<Attack>& attacks) {
  const Victim victim(app);
  for (const auto& attack : attacks) {
    CAPTURE(std::string(attack.name));
    CHECK(victim.status(attack, false) == attack.status);
    CHECK(victim.status(attack, true) == attack.strict);
  }
}

const std::vector<Attack>& attacks_on_files() {
  static const std::vector<Attack> kAttacks = {
      {"nothing at all", 0, 0, top()},
      {"the program replaced", 3, 3, top().file("usr/local/bin/app", "evil", 0555)},
      {"the program's mode alone", 3, 3, top().file("usr/local/bin/app", linked_elf(kLoader, "libc.so.6"), 0444)},
      {"the program's owner alone", 3, 3,
       top().file("usr/local/bin/app", linked_elf(kLoader, "libc.so.6"), 0555, {1000, 1000})},
      {"the program once more, as it was", 0, 3,
       top().file("usr/local/bin/app", linked_elf(kLoader, "libc.so.6"), 0555)},
      {"the program, then another, in one layer", 3, 3,
       top().file("usr/local/bin/app", linked_elf(kLoader, "libc.so.6"), 0555).file("usr/local/bin/app", "evil", 0555)},
      {"replaced through a link of the same layer", 3, 3,
       top().symlink("opt", "usr/local").file("opt/bin/app", "evil", 0555)},
      {"replaced through a link that leads up", 3, 3,
       top().symlink("etc/up", "../usr/local/bin").file("etc/up/app", "evil", 0555)},
      {"replaced through two links", 3, 3,
       top().symlink("a", "/b").symlink("b", "usr/local").file("a/bin/app", "evil", 0555)},
      {"a hard link to another file over it", 3, 3,
       top().file("tmp/evil", "evil", 0555).hard_link("usr/local/bin/app", "tmp/evil")},
      {"a link over it", 3, 3, top().symlink("usr/local/bin/app", "/usr/bin/sh")},
      {"a folder over it", 3, 3, top().folder("usr/local/bin/app")},
      {"a hard link of it elsewhere", 0, 3, top().add("tmp/app", '1', 0555, "usr/local/bin/app", {}, {})},
      {"a hard link whose entry changes its mode", 3, 3, top().add("tmp/app", '1', 04755, "usr/local/bin/app", {}, {})},
      {"a hard link whose entry changes its owner", 3, 3,
       top().add("tmp/app", '1', 0555, "usr/local/bin/app", {}, {1234, 0})},
      {"a hard link to a hard link whose entry changes its mode", 3, 3,
       top().add("tmp/a", '1', 0555, "usr/local/bin/app", {}, {}).add("tmp/b", '1', 04755, "tmp/a", {}, {})},
      {"two hard links, as it was", 0, 3,
       top().add("tmp/a", '1', 0555, "usr/local/bin/app", {}, {}).add("tmp/b", '1', 0555, "tmp/a", {}, {})},
      {"whited out", 3, 3, top().file("usr/local/bin/.wh.app")},
      {"whited out through a link", 3, 3, top().symlink("l", "usr/local/bin").file("l/.wh.app")},
      {"its folder whited out", 3, 3, top().file("usr/.wh.local")},
      {"its folder made opaque", 3, 3, top().file("usr/local/.wh..wh..opq")},
      {"the root made opaque", 3, 3, top().file(".wh..wh..opq")},
      {"whited out and brought back as it was", 0, 3,
       top().file("usr/local/bin/.wh.app").file("usr/local/bin/app", linked_elf(kLoader, "libc.so.6"), 0555)},
      {"its folder turned into a link", 3, 3,
       top().folder("evil/bin").file("evil/bin/app", "evil", 0555).symlink("usr/local", "/evil")},
      {"its folder turned into a circle of links", 3, 3,
       top().symlink("usr/local", "/opt").symlink("opt", "/usr/local")},
      {"its folder turned into a file", 3, 3, top().file("usr/local", "evil")},
      {"its folder open to all", 3, 3, top().folder("usr/local/bin", 0777)},
      {"its folder closed", 3, 3, top().folder("usr/local", 0700)},
      {"its folder once more, as it was", 0, 3, top().folder("usr/local/bin").file("tmp/x", "x")},
      {"its link turned", 3, 3, top().symlink("usr/local/bin/alias", "/usr/bin/sh")},
      {"its data replaced", 3, 3, top().file("srv/data/table", "3 2 1")},
      {"its data removed", 3, 3, top().file("srv/data/.wh.table")},
      {"its data replaced, and that allowed", 0, 0, top().file("srv/data/table", "4"), {}, {"files:/srv/data"}},
      {"its program replaced, and that allowed", 3, 3, top().file("usr/local/bin/app", "evil", 0555), {}, {"files:/"}},
      {"data through a link, its target not allowed",
       3,
       3,
       top().symlink("etc/app", "/srv/data").file("etc/app/table", "4"),
       {},
       {"files:/etc/app"}},
      {"a config file of its own", 0, 3, top().file("etc/app/dev.yml", "x")},
      {"a config file of its own, allowed", 0, 0, top().file("etc/app/dev.yml", "x"), {}, {"files:/etc/app/"}},
      {"a config file of its own, allowed alone",
       0,
       0,
       top().file("etc/app/dev.yml", "x"),
       {},
       {"files:/etc/app/dev.yml"}},
      {"a config file in a folder that others can write to",
       0,
       3,
       top().folder("etc/app", 0777).file("etc/app/dev.yml", "x"),
       {},
       {"files:/etc/app/dev.yml"}},
      {"a config file beside the allowed ones",
       0,
       3,
       top().file("etc/app/dev.yml", "x").file("etc/apples", "x"),
       {},
       {"files:/etc/app"}},
      {"an empty layer", 0, 3, top().folder("usr")},
      {"layers allowed", 0, 0, top().file("opt/x", "x"), {}, {"layers"}},
  };
  return kAttacks;
}

const std::vector<Attack>& attacks_on_the_start() {
  static const std::vector<Attack> kAttacks = {
      {"another loader", 3, 3, top().file("usr/lib/ld-linux-x86-64.so.2", "evil", 0755)},
      {"another loader through its link", 3, 3, top().file("lib64/ld-linux-x86-64.so.2", "evil", 0755)},
      {"the loader's folder turned", 3, 3,
       top().folder("l").file("l/ld-linux-x86-64.so.2", "evil", 0755).symlink("lib64", "l")},
      {"a library replaced", 3, 3, top().file("usr/lib/libc.so.6", "evil", 0755)},
      {"a library of a library replaced", 3, 3, top().file("usr/lib/libm.so.6", "evil", 0644)},
      {"a library where the loader looks first", 3, 3, top().file("usr/lib/glibc-hwcaps/x86-64-v3/libc.so.6", "evil")},
      {"a library that nobody loads", 0, 3, top().file("usr/lib/libz.so.1", "z")},
      {"ld.so.preload", 3, 3, top().file("etc/ld.so.preload", "/evil.so")},
      {"ld.so.preload, allowed as a file", 3, 3, top().file("etc/ld.so.preload", "/evil.so"), {}, {"files:/etc"}},
      {"ld.so.conf", 3, 3, top().file("etc/ld.so.conf", "/evil")},
      {"ld.so.conf.d", 3, 3, top().file("etc/ld.so.conf.d/evil.conf", "/evil")},
      {"musl's path", 3, 3, top().file("etc/ld-musl-x86_64.path", "/evil")},
      {"a cache that leads elsewhere", 3, 3,
       top().file("tmp/other", "evil").file("etc/ld.so.cache", cache_of("libc.so.6", "/tmp/other"))},
      {"a cache that knows one more", 0, 3,
       top().file("etc/ld.so.cache", cache_of("libc.so.6", "/lib/libc.so.6"), 0644)},
      {"a broken cache", 3, 3, top().file("etc/ld.so.cache", "evil")},
      {"a script's interpreter", 3, 3, top().file("usr/bin/env", "evil", 0755)},
      {"what env finds for a script", 3, 3, top().file("usr/local/bin/sh", "evil", 0755)},
      {"a program before it in PATH", 3, 3, top().file("usr/local/sbin/app", "evil", 0755)},
      {"a program after it in PATH", 0, 3, top().file("usr/sbin/app", "later", 0755)},
      {"no program before it in PATH", 0, 3, top().file("usr/local/sbin/app", "text", 0644)},
      {"another PATH that finds another", 3, 3, top().file("opt/bin/app", "evil", 0755),
       [](ImageConfig& c) { c.env = {"PATH=/opt/bin:/usr/local/bin:/usr/bin"}; }},
      {"another PATH that finds the same", 0, 3, top(),
       [](ImageConfig& c) { c.env = {"PATH=/opt/bin:/usr/local/bin:/usr/bin"}; }},
      {"two PATHs", 3, 3, top(), [](ImageConfig& c) { c.env.emplace_back("PATH=/evil"); }},
      {"LD_PRELOAD", 3, 3, top(), [](ImageConfig& c) { c.env.emplace_back("LD_PRELOAD=/evil.so"); }},
      {"LD_PRELOAD among an environment that may differ",
       3,
       3,
       top(),
       [](ImageConfig& c) { c.env.emplace_back("LD_LIBRARY_PATH=/evil"); },
       {"env"}},
      {"another variable", 0, 3, top(), [](ImageConfig& c) { c.env.emplace_back("MODE=dev"); }},
      {"another variable, allowed", 0, 0, top(), [](ImageConfig& c) { c.env.emplace_back("MODE=dev"); }, {"env"}},
      // A profile may start something else, and that is listed; one word must not lead to two programs.
      {"another entrypoint", 0, 3, top(),
       [](ImageConfig& c) {
         c.entrypoint = {{"/bin/sh", "-c", "x"}};
       }},
      {"another entrypoint, allowed",
       0,
       0,
       top(),
       [](ImageConfig& c) {
         c.entrypoint = {{"/bin/sh", "-c", "x"}};
       },
       {"entrypoint"}},
      {"another entrypoint that is another file", 3, 3, top().file("bin/sh", "evil", 0755),
       [](ImageConfig& c) {
         c.entrypoint = {{"/bin/sh", "-c", "x"}};
       }},
      {"a loader that is allowed to be another",
       0,
       0,
       top().file("usr/lib/ld-linux-x86-64.so.2", "newer", 0755),
       {},
       {"start", "layers"}},
      {"the same program by its name", 0, 3, top(), [](ImageConfig& c) { c.entrypoint = {{"app"}}; }},
      {"the same program from a folder", 0, 3, top(),
       [](ImageConfig& c) {
         c.entrypoint = {{"bin/app"}};
         c.working_dir = "/usr/local";
       }},
      {"no entrypoint", 0, 3, top(), [](ImageConfig& c) { c.entrypoint.reset(); }},
      {"other arguments", 0, 3, top(), [](ImageConfig& c) { c.cmd = {{"--debug"}}; }},
      {"a volume over the program", 3, 3, top(), [](ImageConfig& c) { c.volumes = {"/usr/local"}; }},
      {"a volume over nothing", 0, 3, top(), [](ImageConfig& c) { c.volumes = {"/var/cache"}; }},
      {"another user", 0, 3, top(), [](ImageConfig& c) { c.user = "0"; }},
      {"another platform", 3, 3, top(), [](ImageConfig& c) { c.platform = Platform::parse("linux/arm64"); }},
      {"another label", 0, 3, top(),
       [](ImageConfig& c) {
         c.labels = {{"a", "b"}};
       }},
  };
  return kAttacks;
}

}  // namespace

TEST_CASE("attacks on the application's files") { expect(application(), attacks_on_files()); }
TEST_CASE("attacks on how the application starts") { expect(application(), attacks_on_the_start()); }

TEST_CASE("a static program asks no loader, but what is laid on to mislead one is refused all the same") {
  expect(static_application(), {
                                   {"a C library replaced", 0, 3, top().file("usr/lib/libc.so.6", "other", 0755)},
                                   {"ld.so.preload", 3, 3, top().file("etc/ld.so.preload", "/evil.so")},
                                   {"ld.so.conf", 3, 3, top().file("etc/ld.so.conf", "/evil")},
                                   {"the program replaced", 3, 3, top().file("usr/local/bin/app", "evil", 0555)},
                               });
}

TEST_CASE("bases may tell their loaders other things where the program is static, and not where it is linked") {
  const Images images;
  const auto prove = [&](const RawTar& program) {
    const auto app = images.layer(program);
    const auto on = [&](const RawTar& base) {
      return Images::image({{images.layer(base), "base"}, {app, "ociassemble: binary /usr/local/bin/app"}}, config());
    };
    return prove_same_app(on(debian()), on(debian().file("etc/ld.so.conf", "/opt/lib\n"))).is_proven();
  };
  CHECK(prove(static_application()));
  CHECK_FALSE(prove(application()));
}

TEST_CASE("a history that lies changes no verdict") {
  const Images images;
  const auto app = images.layer(static_application());
  const auto evil = images.layer(RawTar().file("usr/local/bin/app", "evil", 0555));
  const auto extra = images.layer(RawTar().file("opt/x", "x"));
  const auto honest = Images::image({{app, "ociassemble: binary /usr/local/bin/app"}}, config());
  const auto status = [&](const std::vector<Images::Made>& made) {
    return prove_same_app(honest, Images::image(made, config())).is_proven() ? 0 : 3;
  };
  CHECK(status({{app, "COPY app"}}) == 0);
  CHECK(status({{app, ""}, {evil, ""}}) == 3);
  CHECK(status({{app, "COPY app"}, {evil, "ociassemble: binary /usr/local/bin/app"}}) == 3);
  CHECK(status({{evil, "ociassemble: binary /usr/local/bin/app"}, {app, "base"}}) == 3);
  CHECK(status({{extra, "ociassemble: files /opt"}, {app, "base"}}) == 0);
  CHECK(status({{evil, "ociassemble: binary /usr/local/bin/app"}}) == 3);
}

TEST_CASE("every layer of both images is accounted for") {
  const Images images;
  const auto base = images.layer(RawTar().file("base", "1"));
  const auto app = images.layer(static_application());
  const auto extra = images.layer(RawTar().file("opt/x", "x"));
  const auto proof = prove_same_app(
      Images::image({{base, "base"}, {app, "ociassemble: binary /usr/local/bin/app"}}, config()),
      Images::image({{base, "base"}, {app, "ociassemble: binary /usr/local/bin/app"}, {extra, ""}}, config()));
  REQUIRE(proof.before.size() == 2);
  REQUIRE(proof.after.size() == 3);
  CHECK(proof.after[0].role == LayerRole::base);
  CHECK(proof.after[0].is_in_both);
  CHECK(proof.after[1].role == LayerRole::application);
  CHECK(proof.after[2].role == LayerRole::extra);
  CHECK_FALSE(proof.after[2].is_in_both);
  CHECK(proof.application_files == 1);
  CHECK(proof.same_files == 1);
}

TEST_CASE("an image that no unpacker can lay down proves nothing") {
  const Images images;
  const auto app = images.layer(static_application());
  const auto broken = images.layer(RawTar().hard_link("x", "is/not/there"));
  const auto honest = Images::image({{app, "ociassemble: binary /usr/local/bin/app"}}, config());
  CHECK_FALSE(
      prove_same_app(honest, Images::image({{app, "ociassemble: binary /usr/local/bin/app"}, {broken, ""}}, config()))
          .is_proven());
}

TEST_CASE("a path to allow is absolute and does not climb") {
  const Images images;
  const auto app = images.layer(static_application());
  const auto honest = Images::image({{app, "ociassemble: binary /usr/local/bin/app"}}, config());
  for (const char* name : {"files:", "files:etc", "files:/etc/../usr"}) {
    SameAppOptions options;
    options.allow = {name};
    CHECK_THROWS_WITH_AS(prove_same_app(honest, honest, options), doctest::Contains("cannot allow"), Error);
  }
}
