// SPDX-License-Identifier: Apache-2.0
// Long because it is a table of attacks, which is read in one piece.
// Two images with the same words about their start, behind which other files lie: each with the status that
// `verify --same-app` has for it (0: proven, 3: not).
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <functional>

#include "compare/start_variables.hpp"
#include "compare_support.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/same_app.hpp"
#include "tiny_elf.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

constexpr const char* kGlibcLoader = "/lib64/ld-linux-x86-64.so.2";
using ConfigChange = std::function<void(ImageConfig&)>;

// An application and two images of it. `below` is laid beneath the application, in both; `first` and `second` over it,
// in one image each.
struct Start {
  const char* name;
  int status;
  RawTar application;
  RawTar below = {};
  RawTar first = {};
  RawTar second = {};
  ConfigChange both = {};
  ConfigChange change = {};  // of the second
};

RawTar files() { return {}; }

RawTar base() {
  return RawTar()
      .folder("usr")
      .folder("usr/bin")
      .folder("usr/lib")
      .symlink("bin", "usr/bin")
      .symlink("lib", "usr/lib")
      .symlink("lib64", "usr/lib")
      .file("usr/bin/sh", "a shell", 0755)
      .file("usr/bin/env", "env", 0755)
      .file("usr/lib/ld-linux-x86-64.so.2", "the loader", 0755)
      .file("usr/lib/libc.so.6", "the library", 0755);
}

RawTar program_of(const std::string& bytes) { return RawTar().file("srv/app", bytes, 0555); }
RawTar linked(const ElfEntries& entries) { return program_of(dynamic_elf(kGlibcLoader, entries)); }
RawTar script(const std::string& line) { return program_of("#!" + line + "\nx\n"); }

ConfigChange variable(const std::string& entry) {
  return [entry](ImageConfig& config) { config.env.push_back(entry); };
}
ConfigChange starts(const std::vector<std::string>& words) {
  return [words](ImageConfig& config) { config.entrypoint = words; };
}
ConfigChange works_in(const std::string& folder) {
  return [folder](ImageConfig& config) { config.working_dir = folder; };
}

int status_of(const Start& start) {
  const Images images;
  const auto below = images.layer(base());
  const auto more = images.layer(start.below);
  const auto app = images.layer(start.application);
  const auto image = [&](const RawTar& top, const ConfigChange& change) {
    ImageConfig config;
    config.entrypoint = {{"/srv/app"}};
    if (start.both) start.both(config);
    if (change) change(config);
    std::vector<Images::Made> made{{below, "base"}, {more, "base"}, {app, "ociassemble: binary /srv/app"}};
    if (top.bytes().size() > 1024) made.emplace_back(images.layer(top), "RUN something");
    return Images::image(made, config);
  };
  const auto left = image(start.first, {});
  const auto right = image(start.second, start.change);
  const auto there = prove_same_app(left, right).is_proven();
  CHECK_MESSAGE(there == prove_same_app(right, left).is_proven(), "the other way round it is another verdict");
  return there ? 0 : 3;
}

void expect_statuses(const std::vector<Start>& starts) {
  for (const auto& start : starts) {
    CAPTURE(std::string(start.name));
    CHECK(status_of(start) == start.status);
  }
}

// A program whose headers say two things: the second word is the one that a loader reads.
std::string with_second_interpreter() {
  auto elf = dynamic_elf(kGlibcLoader, {{kElfNeeded, "libc.so.6"}});
  elf[64 + 56 + 56] = 3;  // PT_DYNAMIC becomes a second PT_INTERP
  return elf;
}
std::string with_moved_dynamic_section() {
  auto elf = dynamic_elf(kGlibcLoader, {{kElfNeeded, "libc.so.6"}});
  elf[64 + 56 + 56 + 16] = static_cast<char>(elf[64 + 56 + 56 + 16] + 16);  // p_vaddr
  return elf;
}
std::string with_two_string_tables() {
  auto elf = dynamic_elf(kGlibcLoader, {{kElfNeeded, "libc.so.6"}});
  elf[64 + 3 * 56] = 5;  // DT_NEEDED becomes a second DT_STRTAB
  return elf;
}
std::string without_end() {
  auto elf = dynamic_elf(kGlibcLoader, {{kElfNeeded, "libc.so.6"}});
  elf[64 + 3 * 56 + 32] = 21;  // DT_NULL becomes DT_DEBUG
  return elf;
}

const ElfEntries kNeedsX = {{kElfNeeded, "libx.so"}};

ElfEntries needs_x(unsigned long long tag, const char* folders) { return {{kElfNeeded, "libx.so"}, {tag, folders}}; }

RawTar two_libraries() { return RawTar().file("opt/a/libx.so", "one").file("opt/b/libx.so", "two"); }

}  // namespace

TEST_CASE("files that a variable names with the same words in both images") {
  const auto one = [](const char* path) { return RawTar().file(path, "one"); };
  const auto two = [](const char* path) { return RawTar().file(path, "two"); };
  const auto app = program_of(tiny_elf());
  expect_statuses({
      {"LD_PRELOAD", 3, app, {}, one("opt/a.so"), two("opt/a.so"), variable("LD_PRELOAD=/opt/a.so")},
      {"LD_PRELOAD, the same file", 0, app, {}, one("opt/a.so"), one("opt/a.so"), variable("LD_PRELOAD=/opt/a.so")},
      {"LD_PRELOAD, second of a list",
       3,
       app,
       {},
       one("opt/b.so"),
       two("opt/b.so"),
       variable("LD_PRELOAD=/opt/a.so:/opt/b.so")},
      {"LD_PRELOAD by a name",
       3,
       linked({{kElfNeeded, "libc.so.6"}}),
       {},
       one("usr/lib/a.so"),
       two("usr/lib/a.so"),
       variable("LD_PRELOAD=a.so")},
      {"LD_AUDIT", 3, app, {}, one("opt/a.so"), two("opt/a.so"), variable("LD_AUDIT=/opt/a.so")},
      {"LD_PRELOAD through a link of one image", 3, app, one("opt/one").file("opt/two", "two"),
       RawTar().symlink("opt/a.so", "one"), RawTar().symlink("opt/a.so", "two"), variable("LD_PRELOAD=/opt/a.so")},
      {"BASH_ENV", 3, app, {}, one("etc/profile"), two("etc/profile"), variable("BASH_ENV=/etc/profile")},
      {"BASH_ENV, from the working folder",
       3,
       app,
       {},
       one("srv/rc"),
       two("srv/rc"),
       [](ImageConfig& c) {
         c.working_dir = "/srv";
         c.env.emplace_back("BASH_ENV=rc");
       }},
      {"ENV by another variable",
       3,
       app,
       {},
       one("root/rc"),
       two("root/rc"),
       [](ImageConfig& c) {
         c.env = {"HOME=/root", "ENV=$HOME/rc"};
       }},
      {"ENV by a variable that nobody knows", 3, app, {}, {}, {}, variable("ENV=$HOME/rc")},
      {"ENV by what a shell runs", 3, app, {}, {}, {}, variable("ENV=`x`")},
      {"PYTHONPATH", 3, app, {}, one("opt/py/a/b.py"), two("opt/py/a/b.py"), variable("PYTHONPATH=/opt/py")},
      {"PYTHONPATH, the same files",
       0,
       app,
       {},
       one("opt/py/a/b.py"),
       one("opt/py/a/b.py"),
       variable("PYTHONPATH=/opt/py")},
      {"NODE_OPTIONS", 3, app, {}, one("opt/a.js"), two("opt/a.js"), variable("NODE_OPTIONS=--require /opt/a.js")},
      {"JAVA_TOOL_OPTIONS", 3, app, {}, one("a.jar"), two("a.jar"), variable("JAVA_TOOL_OPTIONS=-javaagent:/a.jar=x")},
      {"RUBYOPT", 3, app, {}, one("opt/r/a.rb"), two("opt/r/a.rb"), variable("RUBYOPT=-I/opt/r -ra")},
      {"ld.so.preload", 3, linked({{kElfNeeded, "libc.so.6"}}), RawTar().file("etc/ld.so.preload", "/opt/a.so\n"),
       one("opt/a.so"), two("opt/a.so")},
      {"ld.so.preload, the same file", 0, linked({{kElfNeeded, "libc.so.6"}}),
       RawTar().file("etc/ld.so.preload", "/opt/a.so\n"), one("opt/a.so"), one("opt/a.so")},
      {"ld.so.preload that is a link", 3, app, RawTar().file("etc/p", "/opt/a.so").symlink("etc/ld.so.preload", "p")},
      {"a variable that starts nothing", 0, app, {}, one("etc/app/c"), two("etc/app/c"), variable("CONFIG=/etc/app/c")},
  });
}

TEST_CASE("libraries that are found by another way") {
  expect_statuses({
      {"DT_AUDIT",
       3,
       linked({{kElfAudit, "libx.so"}}),
       {},
       RawTar().file("usr/lib/libx.so", "one"),
       RawTar().file("usr/lib/libx.so", "two")},
      {"DT_AUXILIARY of a library", 3, linked({{kElfNeeded, "liby.so"}}),
       RawTar().file("usr/lib/liby.so", dynamic_elf({}, {{kElfAuxiliary, "libx.so"}})),
       RawTar().file("usr/lib/libx.so", "one"), RawTar().file("usr/lib/libx.so", "two")},
      {"DT_FILTER", 3, linked({{kElfFilter, "libx.so"}}), {}, RawTar().file("usr/lib/libx.so", "one")},
      {"a search folder that is a link", 3, linked(needs_x(kElfRunpath, "/opt/l")), two_libraries(),
       RawTar().symlink("opt/l", "a"), RawTar().symlink("opt/l", "b")},
      {"a search folder that is a link to the same", 0, linked(needs_x(kElfRunpath, "/opt/l")), two_libraries(),
       RawTar().symlink("opt/l", "a"), RawTar().symlink("opt/l", "../opt/a")},
      {"a link to a folder of DT_RPATH", 3, linked(needs_x(kElfRpath, "/opt/l:/opt/a")), two_libraries(),
       RawTar().symlink("opt/l", "a"), RawTar().symlink("opt/l", "b")},
      {"DT_RPATH of what needs the library", 3, linked({{kElfNeeded, "liby.so"}, {kElfRpath, "/opt/l"}}),
       RawTar().file("usr/lib/liby.so", dynamic_elf({}, kNeedsX)).folder("opt/l"),
       RawTar().file("opt/l/libx.so", "one"), RawTar().file("opt/l/libx.so", "two")},
      {"$ORIGIN", 3, linked(needs_x(kElfRunpath, "$ORIGIN/l")), two_libraries(), RawTar().symlink("srv/l", "/opt/a"),
       RawTar().symlink("srv/l", "/opt/b")},
      {"${LIB}", 3, linked(needs_x(kElfRunpath, "/opt/${LIB}")), two_libraries(), RawTar().symlink("opt/lib64", "a"),
       RawTar().symlink("opt/lib64", "b")},
      {"a relative folder and the working folder",
       3,
       linked(needs_x(kElfRunpath, "l")),
       RawTar().file("a/l/libx.so", "one").file("b/l/libx.so", "two"),
       {},
       {},
       works_in("/a"),
       works_in("/b")},
      {"the working folder of an empty entry",
       3,
       linked(needs_x(kElfRunpath, "/none:")),
       two_libraries(),
       {},
       {},
       works_in("/opt/a"),
       works_in("/opt/b")},
      {"the working folder where no folder is relative",
       0,
       linked(kNeedsX),
       two_libraries(),
       {},
       {},
       works_in("/opt/a"),
       works_in("/opt/b")},
      {"LD_LIBRARY_PATH and a link", 3, linked(kNeedsX), two_libraries(), RawTar().symlink("opt/l", "a"),
       RawTar().symlink("opt/l", "b"), variable("LD_LIBRARY_PATH=/none:/opt/l")},
      {"a library by its path, through a link", 3, linked({{kElfNeeded, "/opt/l/libx.so"}}), two_libraries(),
       RawTar().symlink("opt/l", "a"), RawTar().symlink("opt/l", "b")},
      {"a default folder that is a link", 3, linked(kNeedsX), two_libraries(), RawTar().symlink("lib64", "/opt/a"),
       RawTar().symlink("lib64", "/opt/b")},
      {"a library of better machines",
       3,
       linked(needs_x(kElfRunpath, "/opt/a")),
       two_libraries(),
       {},
       RawTar().file("opt/a/glibc-hwcaps/x86-64-v3/libx.so", "evil")},
      {"a library of better machines, as before glibc 2.37",
       3,
       linked(needs_x(kElfRunpath, "/opt/a")),
       two_libraries(),
       {},
       RawTar().file("opt/a/tls/haswell/libx.so", "evil")},
      {"a library of better machines that is the same",
       0,
       linked(needs_x(kElfRunpath, "/opt/a")),
       two_libraries(),
       {},
       RawTar().file("opt/a/glibc-hwcaps/x86-64-v3/libx.so", "one")},
      {"a library that was missing", 3, linked(kNeedsX), {}, {}, RawTar().file("usr/lib/libx.so", "evil")},
      {"a library of that name where nobody looks",
       0,
       linked({{kElfNeeded, "libc.so.6"}}),
       {},
       {},
       RawTar().file("opt/z/libc.so.6", "other")},
      {"musl's path, the same, with a link in it", 3, linked(kNeedsX),
       two_libraries().file("etc/ld-musl-x86_64.path", "/lib\n/opt/l\n"), RawTar().symlink("opt/l", "a"),
       RawTar().symlink("opt/l", "b")},
      {"a library of the application that is not executable",
       3,
       RawTar().file("srv/app", tiny_elf(), 0555).file("srv/plugin.so", dynamic_elf({}, kNeedsX), 0644),
       {},
       RawTar().file("usr/lib/libx.so", "one"),
       RawTar().file("usr/lib/libx.so", "two")},
  });
}

TEST_CASE("folders of /usr that are links in one image, and folders in the other") {
  const auto merged = RawTar().symlink("lib", "usr/lib").symlink("lib64", "usr/lib64").folder("usr/lib");
  const auto multi = [](RawTar tar, const char* below) {
    return tar.file(fmt::format("{}/x86_64-linux-gnu/libx.so", below), dynamic_elf({}, {{kElfNeeded, "libz.so"}}))
        .file("usr/lib/x86_64-linux-gnu/libz.so", "z")
        .file("usr/lib/i386-linux-gnu/libx.so", "32 bits");
  };
  const Images images;
  const auto app = images.layer(linked(kNeedsX));
  const auto on = [&](const RawTar& system) {
    return Images::image({{images.layer(system), "base"}, {app, "ociassemble: binary /srv/app"}});
  };
  const auto left = on(multi(merged, "usr/lib").file("usr/lib64/ld-linux-x86-64.so.2", "the loader", 0755));
  const auto right = on(multi(files(), "lib").file("lib64/ld-linux-x86-64.so.2", "the loader", 0755));
  const auto other = on(multi(files().file("lib/x86_64-linux-gnu/libz.so", "first"), "lib")
                            .file("lib64/ld-linux-x86-64.so.2", "the loader", 0755));
  CHECK(prove_same_app(left, right).is_proven());
  CHECK(prove_same_app(right, left).is_proven());
  CHECK_FALSE(prove_same_app(left, other).is_proven());
}

TEST_CASE("words of a script's first line") {
  const auto one = [](const char* path) { return RawTar().file(path, "one", 0755); };
  const auto two = [](const char* path) { return RawTar().file(path, "two", 0755); };
  expect_statuses({
      {"env -S", 3, script("/usr/bin/env -S tool -x"), {}, one("usr/bin/tool"), two("usr/bin/tool")},
      {"env -S, the same", 0, script("/usr/bin/env -S tool -x"), {}, one("usr/bin/tool"), one("usr/bin/tool")},
      {"env -S without a blank", 3, script("/usr/bin/env -Sx=1 tool"), {}, one("usr/bin/tool"), two("usr/bin/tool")},
      {"env --split-string",
       3,
       script("/usr/bin/env --split-string=tool"),
       {},
       one("usr/bin/tool"),
       two("usr/bin/tool")},
      {"env -u, whose word is no program",
       3,
       script("/usr/bin/env -S -u NAME tool"),
       {},
       one("usr/bin/tool"),
       two("usr/bin/tool")},
      {"env with quotes", 3, script("/usr/bin/env -S \"tool\" 'x'"), {}, one("usr/bin/tool"), two("usr/bin/tool")},
      {"env with an underscore for a blank",
       3,
       script("/usr/bin/env -S a=1\\_\\ttool"),
       {},
       one("usr/bin/ttool"),
       two("usr/bin/ttool")},
      {"env with a path of its own",
       3,
       script("/usr/bin/env -S PATH=/opt/bin tool"),
       {},
       one("opt/bin/tool"),
       two("opt/bin/tool")},
      {"env in another folder", 3, script("/usr/bin/env -S -C /opt ./tool"), {}, one("opt/tool"), two("opt/tool")},
      {"env with a preloaded library",
       3,
       script("/usr/bin/env -S LD_PRELOAD=/opt/a.so sh"),
       {},
       one("opt/a.so"),
       two("opt/a.so")},
      {"env with a variable that is set",
       3,
       script("/usr/bin/env -S ${TOOL}"),
       {},
       one("opt/tool"),
       two("opt/tool"),
       variable("TOOL=/opt/tool")},
      {"env with a variable that is not set", 3, script("/usr/bin/env -S ${TOOL}")},
      {"env by another name", 3, script("/opt/e tool"), RawTar().symlink("opt/e", "/usr/bin/env"), one("usr/bin/tool"),
       two("usr/bin/tool")},
      {"another program that runs its argument",
       3,
       script("/usr/bin/sh /opt/tool"),
       {},
       one("opt/tool"),
       two("opt/tool")},
      {"an interpreter with a carriage return",
       3,
       script("/usr/bin/sh\r"),
       {},
       one("usr/bin/sh\r"),
       two("usr/bin/sh\r")},
      {"a plain shell", 0, script("/bin/sh -e")},
  });
}

TEST_CASE("entrypoints that start another program") {
  const auto one = [](const char* path) { return RawTar().file(path, "one", 0755); };
  const auto two = [](const char* path) { return RawTar().file(path, "two", 0755); };
  const auto app = linked({{kElfNeeded, "libx.so"}});
  const auto loader = starts({kGlibcLoader, "/srv/app"});
  expect_statuses({
      {"the loader, and a library", 3, app, {}, one("usr/lib/libx.so"), two("usr/lib/libx.so"), loader},
      {"the loader, and a program of the base", 3, program_of(tiny_elf()),
       RawTar().file("usr/bin/tool", dynamic_elf(kGlibcLoader, kNeedsX), 0755), one("usr/lib/libx.so"),
       two("usr/lib/libx.so"), starts({kGlibcLoader, "/usr/bin/tool"})},
      {"the loader, and a folder for it alone", 3, app, two_libraries(), RawTar().symlink("opt/l", "a"),
       RawTar().symlink("opt/l", "b"), starts({kGlibcLoader, "--library-path", "/none:/opt/l", "/srv/app"})},
      {"the loader, and a library before the program",
       3,
       app,
       {},
       one("opt/p.so"),
       two("opt/p.so"),
       starts({kGlibcLoader, "--preload", "/opt/p.so", "/srv/app"})},
      {"a shell with a program of the base",
       3,
       program_of(tiny_elf()),
       {},
       one("usr/bin/tool"),
       two("usr/bin/tool"),
       starts({"/bin/sh", "-c", "exec tool --all"})},
      {"an init with a program of the base", 3, program_of(tiny_elf()), one("usr/bin/tini"), one("usr/bin/tool"),
       two("usr/bin/tool"), starts({"tini", "--", "tool"})},
      {"a file that the application reads",
       0,
       program_of(tiny_elf()),
       {},
       one("etc/app.conf"),
       two("etc/app.conf"),
       starts({"/srv/app", "--config", "/etc/app.conf"})},
      {"the same behind an init", 0, program_of(tiny_elf()), one("usr/bin/tini"), one("etc/app.conf"),
       two("etc/app.conf"), starts({"tini", "--", "/srv/app", "--config=/etc/app.conf"})},
  });
}

TEST_CASE("of a file whose headers contradict each other nobody can say what it loads") {
  expect_statuses({
      {"a right one", 0, linked({{kElfNeeded, "libc.so.6"}})},
      {"two interpreters", 3, program_of(with_second_interpreter())},
      {"a dynamic section that is loaded elsewhere", 3, program_of(with_moved_dynamic_section())},
      {"two string tables", 3, program_of(with_two_string_tables())},
      {"a dynamic section without an end", 3, program_of(without_end())},
      {"a header that is cut off", 3, program_of(tiny_elf().substr(0, 80))},
      {"a library of the base", 3, linked({{kElfNeeded, "libx.so"}}),
       RawTar().file("usr/lib/libx.so", with_two_string_tables())},
      {"a damaged file among the application's data", 0,
       program_of(tiny_elf()).file("srv/data", tiny_elf().substr(0, 80), 0644)},
      {"an object file among them", 0, program_of(tiny_elf()).file("srv/x.o", tiny_elf().replace(16, 1, "\x01"), 0644)},
      {"a file that nobody starts", 0, program_of(tiny_elf()), RawTar().file("usr/share/x", tiny_elf().substr(0, 80))},
  });
}

TEST_CASE("variables that change how programs start") {
  for (const char* name : {"BASH_FUNC_ls%%=() { x; }",
                           "f=() { x; }",
                           "RUBYLIB=/x",
                           "RUBYOPT=-rx",
                           "NODE_PATH=/x",
                           "NODE_OPTIONS=-r x",
                           "PERLLIB=/x",
                           "PERL5LIB=/x",
                           "PERL5OPT=-Mx",
                           "PYTHONUSERBASE=/x",
                           "PYTHONPATH=/x",
                           "PYTHONWARNINGS=x",
                           "JAVA_TOOL_OPTIONS=-x",
                           "MALLOC_CHECK_=3",
                           "GLIBC_TUNABLES=x",
                           "GODEBUG=x=1",
                           "LD_DEBUG=all",
                           "GCONV_PATH=/x",
                           "IFS=x",
                           "PHPRC=/x",
                           "LUA_INIT_5_3=@x",
                           "OPENSSL_CONF=/x",
                           "ZDOTDIR=/x",
                           "_JAVA_OPTIONS=x",
                           "GUILE_LOAD_PATH=/x"}) {
    CAPTURE(std::string(name));
    CHECK(is_start_variable(name));
    const Start start{name, 3, program_of(tiny_elf()), {}, {}, {}, {}, variable(name)};
    CHECK(status_of(start) == 3);
  }
  for (const char* name :
       {"NODE_ENV=dev", "NODE_VERSION=20", "PYTHON_VERSION=3", "PYTHONUNBUFFERED=1", "RUBY_VERSION=3",
        "JAVA_VERSION=21", "LOG_LEVEL=debug", "HOME=/root", "GOLANG_VERSION=1.24", "TZ=UTC"}) {
    CAPTURE(std::string(name));
    CHECK_FALSE(is_start_variable(name));
    const Start start{name, 0, program_of(tiny_elf()), {}, {}, {}, {}, variable(name)};
    CHECK(status_of(start) == 0);
  }
}

TEST_CASE("volumes lie where links lead") {
  const auto volume = [](const char* path) { return [path](ImageConfig& c) { c.volumes = {path}; }; };
  expect_statuses({
      {"a link to the application in one image",
       3,
       program_of(tiny_elf()),
       {},
       RawTar().symlink("data", "/var"),
       RawTar().symlink("data", "/srv"),
       volume("/data")},
      {"a link to the same folder",
       0,
       program_of(tiny_elf()),
       {},
       RawTar().symlink("data", "/var"),
       RawTar().symlink("data", "var"),
       volume("/data")},
      {"a folder, spelt otherwise", 0, program_of(tiny_elf()), {}, {}, {}, volume("/srv"), volume("/srv/")},
      {"a volume over the libraries", 3, linked({{kElfNeeded, "libc.so.6"}}), {}, {}, {}, {}, volume("/lib")},
      {"a volume over libraries that a static program does not load",
       0,
       program_of(tiny_elf()),
       {},
       {},
       {},
       {},
       volume("/lib")},
  });
}
