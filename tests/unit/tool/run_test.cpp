// SPDX-License-Identifier: Apache-2.0
// The whole tool, run in process.
#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "fake_registry.hpp"
#include "run_tool.hpp"
#include "test_folder.hpp"
#include "tiny_elf.hpp"

using namespace ociassemble;
using test::holds;
using test::run;
using test::TestFolder;

namespace {

// A build that fails may leave a layout, without images.
bool has_image(const std::filesystem::path& index) {
  std::ifstream file(index);
  const std::string json{std::istreambuf_iterator<char>(file), {}};
  return json.find("\"digest\"") != std::string::npos;
}

}  // namespace

TEST_CASE("without a command the tool says how to get help, and that is a usage error") {
  const auto outcome = run({});
  CHECK(outcome.status == 2);
  CHECK(holds(outcome.err, "--help"));
  CHECK(outcome.out.empty());
}

TEST_CASE("help goes to the standard output and teaches by example") {
  for (const char* command : {"build", "diff", "inspect", "verify"}) {
    const auto outcome = run({command, "--help"});
    CHECK(outcome.status == 0);
    CHECK(holds(outcome.out, "Examples:"));
    CHECK(outcome.err.empty());
  }
}

TEST_CASE("an unknown option is a usage error that names it") {
  const auto outcome = run({"build", "--nonsense"});
  CHECK(outcome.status == 2);
  CHECK(holds(outcome.err, "--nonsense"));
}

TEST_CASE("version --json names the layer format and the codecs") {
  const auto outcome = run({"version", "--json"});
  CHECK(outcome.status == 0);
  CHECK(holds(outcome.out, "\"layerFormat\": 1"));
  CHECK(holds(outcome.out, "\"libdeflate\": "));
  CHECK(holds(outcome.out, "\"zstd\": "));
}

TEST_CASE("build, inspect and verify work together on a layout") {
  const TestFolder folder;
  const auto app = folder.write("app", test::tiny_elf()).string();
  const auto layout = "oci:" + (folder / "image").string() + ":v1";
  const auto digest_file = folder / "digest";

  const auto built = run({"build", "-q", "-b", app, "-o", layout, "--digest-file", digest_file.string()});
  REQUIRE_MESSAGE(built.status == 0, built.err);
  CHECK(built.err.empty());
  const auto digest = test::read_bytes(digest_file);
  CHECK(built.out == layout + "@" + digest);

  const auto inspected = run({"inspect", layout});
  CHECK(inspected.status == 0);
  CHECK(holds(inspected.out, digest.substr(0, digest.size() - 1)));
  CHECK(holds(inspected.out, "65532:65532"));
  CHECK(holds(inspected.out, "/usr/local/bin/app"));
  CHECK(holds(run({"inspect", "--files", layout}).out, "-r-xr-xr-x     0/0 "));
  CHECK(holds(run({"inspect", "--config", layout}).out, "\"Entrypoint\":[\"/usr/local/bin/app\"]"));

  const auto verified = run({"verify", layout});
  CHECK(verified.status == 0);
  CHECK(holds(verified.out, "ok: 1 manifest, 2 layers"));
}

TEST_CASE("inspect shows commands as a shell would take them") {
  const TestFolder folder;
  const auto app = folder.write("app", test::tiny_elf()).string();
  const auto layout = "oci:" + (folder / "image").string();
  const auto* words = R"json(["plain", "$(id)", "two words", "it's", ""])json";
  REQUIRE(run({"build", "-q", "-b", app, "--cmd", words, "-o", layout}).status == 0);
  CHECK(holds(run({"inspect", layout}).out, R"text(Cmd          plain '$(id)' 'two words' 'it'\''s' '')text"));
  // Advice to be copied is quoted, too.
  const auto refused = run({"push", "oci:" + (folder / "my image").string(), "oci:other"});
  CHECK(holds(refused.err, "ociassemble copy 'oci:" + (folder / "my image").string() + "' oci:other"));
}

TEST_CASE("a damaged blob makes verify say no") {
  const TestFolder folder;
  const auto app = folder.write("app", test::tiny_elf()).string();
  const auto layout = "oci:" + (folder / "image").string();
  REQUIRE(run({"build", "-q", "-b", app, "-o", layout}).status == 0);
  for (const auto& blob : std::filesystem::directory_iterator(folder / "image/blobs/sha256")) {
    auto bytes = test::read_bytes(blob.path());
    if (bytes.substr(0, 2) != "\x1f\x8b") continue;
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    std::ofstream(blob.path(), std::ios::binary) << bytes;
  }
  const auto verified = run({"verify", layout});
  CHECK(verified.status == 3);
  CHECK(holds(verified.err, "sha256:"));
}

TEST_CASE("SOURCE_DATE_EPOCH is the created time, and nonsense in it is a usage error") {
  const TestFolder folder;
  const auto app = folder.write("app", test::tiny_elf()).string();
  const auto layout = "oci:" + (folder / "image").string();
  REQUIRE(run({"build", "-q", "-b", app, "-o", layout}, {{"SOURCE_DATE_EPOCH", "1700000000"}}).status == 0);
  CHECK(holds(run({"inspect", "--config", layout}).out, "\"created\":\"2023-11-14T22:13:20Z\""));
  // After 2038, also where the processor's words have 32 bits.
  REQUIRE(run({"build", "-q", "-b", app, "--compression", "none", "--file-times", "4102444800", "-o",
               "oci:" + (folder / "later").string()},
              {{"SOURCE_DATE_EPOCH", "4102444800"}})
              .status == 0);
  CHECK(holds(run({"inspect", "--config", "oci:" + (folder / "later").string()}).out,
              "\"created\":\"2100-01-01T00:00:00Z\""));
  // As tar has it, in octal digits.
  std::size_t with_time = 0;
  for (const auto& blob : std::filesystem::directory_iterator(folder / "later/blobs/sha256"))
    with_time += holds(test::read_bytes(blob.path()), "36441453400") ? 1U : 0U;
  CHECK(with_time > 0);
  CHECK(run({"build", "-q", "-b", app, "-o", layout}, {{"SOURCE_DATE_EPOCH", "yesterday"}}).status == 2);
}

TEST_CASE("each bad command line is a usage error that says what is wrong, and writes nothing") {
  const TestFolder folder;
  const auto app = folder.write("app", test::tiny_elf()).string();
  const auto layout = "oci:" + (folder / "image").string();
  struct Row {
    std::vector<std::string> arguments;
    const char* says;
  };
  const std::vector<Row> rows = {
      {{"-b", app}, "no output"},
      {{"-o", layout}, "nothing to put in the image: give --binary or --add"},
      {{"-b", app, "-o", "scratch"}, "scratch"},
      {{"-b", app, "-o", layout, "--push", "oci:x"}, "no registry"},
      {{"-b", app + ":/../x", "-o", layout}, "\"..\""},
      {{"-b", app + ":/a", "-b", app + ":/a", "-o", layout}, "two inputs"},
      {{"-b", app, "--add", "x", "-o", layout}, "SRC:/DEST"},
      {{"-b", app, "--add", app + ":/x,mode=99", "-o", layout}, "octal"},
      {{"-b", app, "--add", app + ":/x,colour=red", "-o", layout}, "mode=OCTAL"},
      {{"-b", app, "-e", "NOVALUE", "-o", layout}, "NAME=VALUE"},
      {{"-b", app, "--expose", "70000", "-o", layout}, "65535"},
      {{"-b", app, "--stop-signal", "term", "-o", layout}, "SIGTERM"},
      {{"-b", app, "--workdir", "x", "-o", layout}, "begin with /"},
      {{"-b", app, "--compression", "lzma", "-o", layout}, "lzma"},
      {{"-b", app, "--compression", "gzip:13", "-o", layout}, "13"},
      {{"-b", app, "--format", "zip", "-o", layout}, "zip"},
      {{"-b", app, "--base", "UPPER", "-o", layout}, "UPPER"},
      {{"-b", app, "--cap", "nothing", "-o", layout}, "nothing"},
  };
  for (const auto& row : rows) {
    auto arguments = row.arguments;
    arguments.insert(arguments.begin(), {"build", "-q"});
    const auto outcome = run(arguments);
    CAPTURE(outcome.err);
    CAPTURE(row.says);
    CHECK(outcome.status == 2);
    CHECK(holds(outcome.err, row.says));
    CHECK(outcome.err.rfind("ociassemble: ", 0) == 0);
    CHECK(outcome.out.empty());
    CHECK_FALSE(has_image(folder / "image/index.json"));
  }
}

TEST_CASE("a binary that the image could not run is refused with status 3") {
  const TestFolder folder;
  const auto layout = "oci:" + (folder / "image").string();
  const auto elf = test::tiny_elf();
  struct Row {
    std::string bytes;
    std::vector<std::string> more;
    const char* says;
  };
  const std::vector<Row> rows = {
      {"", {}, "empty"},
      {"#!/bin/sh\necho\n", {}, "script"},
      {"hello world, this is no program at all", {}, "ELF"},
      {elf.substr(0, 40), {}, "truncated"},
      {elf, {"--platform", "linux/arm64"}, "arm64"},
      {test::tiny_elf("/lib64/ld-linux-x86-64.so.2"), {}, "/lib64/ld-linux-x86-64.so.2"},
  };
  for (const auto& row : rows) {
    const auto app = folder.write("app", row.bytes).string();
    std::vector<std::string> arguments{"build", "-q", "-b", app, "-o", layout};
    arguments.insert(arguments.end(), row.more.begin(), row.more.end());
    const auto outcome = run(arguments);
    CAPTURE(outcome.err);
    CAPTURE(row.says);
    CHECK(outcome.status == 3);
    CHECK(holds(outcome.err, row.says));
    CHECK_FALSE(has_image(folder / "image/index.json"));
  }
}

TEST_CASE("inputs that are not there are status 1") {
  const TestFolder folder;
  const auto app = folder.write("app", test::tiny_elf()).string();
  const auto layout = "oci:" + (folder / "image").string();
  CHECK(run({"build", "-q", "-b", (folder / "missing").string(), "-o", layout}).status == 1);
  CHECK(run({"build", "-q", "-b", app, "--add", (folder / "missing").string() + ":/x", "-o", layout}).status == 1);
  CHECK(run({"build", "-q", "-b", app, "--user", "nosuchuser", "-o", layout}).status == 1);
  CHECK(run({"build", "-q", "-b", app, "--base", "oci:" + (folder / "none").string(), "-o", layout}).status == 1);
  CHECK(run({"inspect", "oci:" + (folder / "none").string()}).status == 1);
  CHECK_FALSE(has_image(folder / "image/index.json"));
}

TEST_CASE("--any-binary takes a script as it is") {
  const TestFolder folder;
  const auto app = folder.write("app", "#!/bin/sh\n").string();
  const auto layout = "oci:" + (folder / "image").string();
  CHECK(run({"build", "-q", "--any-binary", "-b", app, "-o", layout}).status == 0);
}

TEST_CASE("a depfile names output and inputs in make's words") {
  const TestFolder folder;
  const auto app = folder.write("my app", test::tiny_elf()).string();
  const auto archive = (folder / "out.tar").string();
  const auto depfile = folder / "out.d";
  REQUIRE(
      run({"build", "-q", "-b", app + ":/app", "-o", "oci-archive:" + archive, "--depfile", depfile.string()}).status ==
      0);
  CHECK(test::read_bytes(depfile) ==
        archive + ": \\\n  " + (folder / "my\\ app").string() + "\n\n" + (folder / "my\\ app").string() + ":\n");
}

TEST_CASE("a depfile has added folders among its inputs, so that a new file rebuilds") {
  const TestFolder folder;
  const auto web = folder.write("web/sub/a", "a").parent_path().parent_path().string();
  const auto archive = (folder / "out.tar").string();
  const auto depfile = (folder / "out.d").string();
  REQUIRE(run({"build", "-q", "--add", web + ":/srv", "-o", "oci-archive:" + archive, "--depfile", depfile}).status ==
          0);
  const auto rule = test::read_bytes(depfile);
  CHECK(rule.substr(0, rule.find("\n\n")) ==
        archive + ": \\\n  " + web + " \\\n  " + web + "/sub \\\n  " + web + "/sub/a");
}

TEST_CASE("a depfile is about the stamp, the digest file of a push, or what it is told") {
  const TestFolder folder;
  const auto app = folder.write("app", test::tiny_elf()).string();
  const auto archive = "oci-archive:" + (folder / "out.tar").string();
  const auto depfile = (folder / "out.d").string();
  const auto stamp = (folder / "stamp").string();
  const auto digest = (folder / "digest").string();
  test::FakeRegistry registry;
  const auto push = registry.host() + "/app:v1";
  struct Row {
    std::vector<std::string> more;
    std::string target;
  };
  const Row rows[] = {
      {{"-o", archive}, (folder / "out.tar").string()},
      {{"-o", archive, "--stamp", stamp}, stamp},
      {{"-o", archive, "--stamp", stamp, "--depfile-target", "image"}, "image"},
      {{"--push", push, "--digest-file", digest}, digest},
      {{"--push", push, "--digest-file", digest, "--depfile-target", "image"}, "image"},
  };
  for (const auto& row : rows) {
    std::vector<std::string> command = {"build", "-q", "-b", app, "--depfile", depfile};
    command.insert(command.end(), row.more.begin(), row.more.end());
    const auto outcome = run(command);
    REQUIRE_MESSAGE(outcome.status == 0, outcome.err);
    const auto rule = test::read_bytes(depfile);
    CHECK(rule.substr(0, rule.find(": \\\n")) == row.target);
  }
}

TEST_CASE("a stamp is written by every successful build, and outputs are not touched when nothing changed") {
  const TestFolder folder;
  const auto app = folder.write("app", test::tiny_elf()).string();
  const auto stamp = folder / "stamp";
  const auto archive = folder / "out.tar";
  const std::vector<std::string> command = {
      "build", "-q", "-b", app, "-o", "oci-archive:" + archive.string(), "--stamp", stamp.string()};
  REQUIRE(run(command).status == 0);
  const auto long_ago = std::filesystem::last_write_time(app) - std::chrono::hours(48);
  for (const auto& file : {stamp, archive}) std::filesystem::last_write_time(file, long_ago);
  REQUIRE(run(command).status == 0);
  CHECK(std::filesystem::last_write_time(archive) == long_ago);
  CHECK(std::filesystem::last_write_time(stamp) > long_ago);
  std::filesystem::last_write_time(stamp, long_ago);
  auto failing = command;
  failing[3] = (folder / "none").string();
  CHECK(run(failing).status == 1);
  CHECK(std::filesystem::last_write_time(stamp) == long_ago);
}

TEST_CASE("what does not end within --timeout is an error that says so") {
  test::FakeRegistry registry;
  registry.add_fault({.times = -1, .delay = std::chrono::seconds(20)});
  const auto outcome = run({"tags", "--timeout", "1", registry.host() + "/app"});
  CHECK(outcome.status == 1);
  CHECK(outcome.err == "ociassemble: the work did not end within the 1 s of --timeout\n");
}

TEST_CASE("output that nobody reads any more ends the command without a word") {
  const TestFolder folder;
  const auto app = folder.write("app", test::tiny_elf()).string();
  const auto layout = "oci:" + (folder / "image").string();
  REQUIRE(run({"build", "-q", "-b", app, "-o", layout}).status == 0);
  for (const bool has_reader : {true, false}) {
    std::ostringstream out;
    std::ostringstream err;
    out.setstate(std::ios::badbit);
    const tool::Streams streams{.out = out,
                                .err = err,
                                .stop = {},
                                .environment = [](const char*) { return std::optional<std::string>(); },
                                .out_has_no_reader = [=] { return !has_reader; }};
    const std::vector<const char*> words{"inspect", layout.c_str()};
    CHECK(tool::run(words, streams) == (has_reader ? 1 : tool::kNobodyReads));
    CHECK(err.str() == (has_reader ? "ociassemble: cannot write to the standard output\n" : ""));
  }
}

TEST_CASE("the same inputs give the same bytes whatever the output's kind, jobs and order of options") {
  const TestFolder folder;
  const auto app = folder.write("app", test::tiny_elf()).string();
  const auto a = folder.write("a", "a").string() + ":/a";
  const auto b = folder.write("b", "b").string() + ":/b";
  const auto one = "oci:" + (folder / "one").string();
  const auto two = "oci-archive:" + (folder / "two.tar").string();
  const auto first = run({"build", "-q", "-b", app, "--add", a, "--add", b, "-j", "1", "-o", one});
  const auto second =
      run({"build", "-q", "--label", "x=y", "--label", "x=z", "-o", two, "-j", "8", "--add", b, "--add", a, "-b", app});
  REQUIRE(first.status == 0);
  REQUIRE(second.status == 0);
  const auto layers = [&](const std::string& location) {
    const auto json = run({"inspect", "--manifest", location}).out;
    return json.substr(json.find("\"layers\""), json.find("\"annotations\"") - json.find("\"layers\""));
  };
  CHECK(layers(one) == layers(two));
}

TEST_CASE("diff says what differs with status 3, and what is the same with 0") {
  const TestFolder folder;
  const auto app = folder.write("app", test::tiny_elf()).string();
  const auto one = "oci:" + (folder / "one").string();
  const auto two = "oci:" + (folder / "two").string();
  REQUIRE(run({"build", "-q", "-b", app, "-o", one}).status == 0);
  REQUIRE(run({"build", "-q", "-b", app, "-e", "A=1", "-o", two}).status == 0);
  const auto same = run({"diff", one, one});
  CHECK(same.status == 0);
  CHECK(holds(same.out, "same: sha256:"));
  const auto different = run({"diff", one, two});
  CHECK(different.status == 3);
  CHECK(holds(different.out, "config changed"));
  CHECK(holds(different.out, "config.Env A: (none) -> \"1\""));
  CHECK(holds(run({"diff", "--json", one, two}).out, "\"verdict\": \"different\""));
  CHECK(run({"diff", "-q", one, two}).out.empty());
  CHECK(run({"diff", one}).status == 2);
}

TEST_CASE("verify --same-app proves the application, and takes two locations") {
  const TestFolder folder;
  const auto app = folder.write("app", test::tiny_elf()).string();
  const auto one = "oci:" + (folder / "one").string();
  const auto two = "oci:" + (folder / "two").string();
  REQUIRE(run({"build", "-q", "-b", app, "-o", one}).status == 0);
  REQUIRE(run({"build", "-q", "-b", app, "-e", "A=1", "-o", two}).status == 0);
  const auto proven = run({"verify", "--same-app", one, two});
  CHECK(proven.status == 0);
  CHECK(holds(proven.out, "the same application"));
  CHECK(holds(proven.out, "allowed     env          config.Env A"));
  const auto strict = run({"verify", "--same-app", "--strict", one, two});
  CHECK(strict.status == 3);
  CHECK(holds(strict.out, "NOT ALLOWED env"));
  CHECK(run({"verify", "--same-app", "--strict", "--allow", "env", one, two}).status == 0);
  CHECK(holds(run({"verify", "--same-app", "--json", one, two}).out, "\"proven\": true"));
  CHECK(run({"verify", "--same-app", "--strict", "--allow", "colour", one, two}).status == 2);
  CHECK(run({"verify", "--same-app", one}).status == 2);
  CHECK(run({"verify", one, two}).status == 2);
}

TEST_CASE("an error shows no control characters of names, and keeps its lines") {
  const auto outcome = run({"build", "--base", "oci:a\x1b]0;x\xe2\x80\xae", "--binary", "b", "-o", "oci:c"});
  CHECK(outcome.status != 0);
  CHECK(outcome.err.find('\x1b') == std::string::npos);
  CHECK(outcome.err.find("\xe2\x80\xae") == std::string::npos);
  CHECK(holds(outcome.err, "ociassemble: "));
}
