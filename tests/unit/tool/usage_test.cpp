// SPDX-License-Identifier: Apache-2.0
// Help texts and usage errors, of the whole tool in process.
#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "run_tool.hpp"
#include "test_folder.hpp"
#include "tiny_elf.hpp"

using namespace ociassemble;
using test::holds;
using test::run;
using test::TestFolder;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// Of the tool's own help: the words under "Commands:".
std::vector<std::string> commands() {
  const auto lines = lines_of(run({"--help"}).out);
  std::vector<std::string> names;
  auto line = std::find(lines.begin(), lines.end(), "Commands:");
  REQUIRE(line != lines.end());
  for (++line; line != lines.end() && !line->empty(); ++line) names.push_back(line->substr(2, line->find(' ', 2) - 2));
  REQUIRE(names.size() >= 18);
  return names;
}

std::size_t characters(const std::string& line) {
  return static_cast<std::size_t>(
      std::count_if(line.begin(), line.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

TEST_CASE("every help text fits 100 columns, gives the usage with the tool's name, and has no debris of the parser") {
  for (const auto& command : commands()) {
    CAPTURE(command);
    for (const auto* form : {"--help", "--help-all"}) {
      const auto help = run({command, form});
      CHECK(help.status == 0);
      CHECK(help.err.empty());
      CHECK(holds(help.out, "\nUsage: ociassemble " + command));
      for (const auto* debris : {"Excludes:", "Needs:", ":INT", "[Option Group", "REQUIRED", " ...", "TEXT", "(1x)"})
        CHECK_FALSE_MESSAGE(holds(help.out, debris), debris);
      for (const auto& line : lines_of(help.out)) CHECK_MESSAGE(characters(line) <= 100, line);
    }
  }
}

TEST_CASE("--help leaves rare options out and says how many, and --help-all has them") {
  const auto common = run({"build", "--help"}).out;
  const auto all = run({"build", "--help-all"}).out;
  CHECK(holds(common, "--binary"));
  CHECK_FALSE(holds(common, "--trace-http"));
  CHECK(holds(common, "ociassemble build --help-all shows "));
  CHECK(holds(all, "--trace-http"));
  CHECK_FALSE(holds(all, "more options"));
}

TEST_CASE("help COMMAND is COMMAND --help, and help alone is --help") {
  CHECK(run({"help", "lock"}).out == run({"lock", "--help"}).out);
  CHECK(run({"help", "lock", "--help-all"}).out == run({"lock", "--help-all"}).out);
  CHECK(run({"help"}).out == run({"--help"}).out);
  CHECK(run({"-q", "help", "lock"}).out == run({"lock", "--help"}).out);
}

TEST_CASE("each wrong command line is a usage error that names the word and the next step") {
  const TestFolder folder;
  const auto app = folder.write("app", test::tiny_elf()).string();
  struct Row {
    std::vector<std::string> arguments;
    std::string message;
    std::string hint;
  };
  const std::vector<Row> rows{
      {{"bulid"}, "unknown command \"bulid\"; did you mean \"build\"?", "ociassemble --help lists the commands"},
      {{"nosuch", "--help"}, "unknown command \"nosuch\"", "ociassemble --help lists the commands"},
      {{"help", "insepct"},
       "unknown command \"insepct\"; did you mean \"inspect\"?",
       "ociassemble --help lists the commands"},
      {{"-q", "pusch"}, "unknown command \"pusch\"; did you mean \"push\"?", "ociassemble --help lists the commands"},
      {{"build", "--tga", "x"},
       "unknown option --tga; did you mean --tag?",
       "ociassemble build --help-all lists its options"},
      {{"build", "--plattform=linux/arm64"},
       "unknown option --plattform; did you mean --platform?",
       "ociassemble build --help-all lists its options"},
      {{"build", "-b", "a", "--qqqqqq"}, "unknown option --qqqqqq", "ociassemble build --help-all lists its options"},
      {{"--binary", "a", "build"},
       "unexpected option --binary before the command",
       "options follow the command: ociassemble COMMAND [OPTIONS]"},
      {{"build", "-b"}, "option --binary needs a value: PATH[:DEST]", "ociassemble build --help-all lists its options"},
      {{"build", app},
       "unexpected argument \"" + app + "\"",
       "name a program with --binary " + app + ", other files with --add"},
      {{"build", "push"}, "unexpected argument \"push\"", "usage: ociassemble build [OPTIONS]"},
      {{"push", "oci:a"}, "no REF given", "usage: ociassemble push [OPTIONS] LOCATION REF"},
      {{"push", "a", "b", "c"}, "unexpected argument \"c\"", "usage: ociassemble push [OPTIONS] LOCATION REF"},
      {{"build", "--jobs", "x"},
       "cannot parse --jobs \"x\": not in range 1 to 1024",
       "ociassemble build --help-all lists its options"},
      {{"build", "--progress", "fast"},
       "cannot parse --progress \"fast\": not one of plain|bar|none",
       "ociassemble build --help-all lists its options"},
      {{"build", "--user", "1", "--user", "2"}, "--user is given more than once", "give it once"},
      {{"build", "--healthcheck-timeout", "1s"},
       "--healthcheck-timeout needs --healthcheck",
       "ociassemble build --help-all lists its options"},
      {{"diff", "--all", "--no-files", "a", "b"},
       "--all cannot be given together with --no-files",
       "ociassemble diff --help-all lists its options"},
      {{"attest", "oci:a", "--predicate", "f"},
       "option --type is required",
       "add --type spdx|cyclonedx|slsaprovenance|vuln|openvex|URI"},
      {{"build", "-b", app},
       "no output: add -o or --push",
       "for example -o oci:image:v1, or --push REGISTRY/REPOSITORY:TAG"},
      {{"build", "-b", app, "-t", "team/app:v1", "-o", "oci:x"},
       "cannot parse --tag \"team/app:v1\": a tag holds no '/', ':' or '@'",
       "write --push team/app:v1 to push there, or -o docker-archive:FILE:team/app:v1 for a file to load"},
      {{"build", "-b", app, "-t", "v1", "-o", "oci:" + (folder / "x").string() + ":v2"},
       "cannot use --tag v1: every output has a tag already",
       "leave --tag out, or the tags of -o and --push"},
      {{"build", "-b", app, "--create-user", "app", "-o", "oci:" + (folder / "x").string()},
       "cannot parse --create-user \"app\": it needs a name and a user ID",
       "write --create-user NAME:UID[:GID][,home=PATH][,shell=PATH], such as app:1001"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.arguments);
    const auto outcome = run(row.arguments);
    CHECK(outcome.status == 2);
    CHECK(outcome.out.empty());
    CHECK(outcome.err == "ociassemble: " + row.message + "\n  " + row.hint + "\n");
  }
}

TEST_CASE("-q stands before the command or after it, and every command knows it") {
  CHECK(run({"-q", "version"}).out == run({"version", "-q"}).out);
  for (const auto& command : commands()) {
    CAPTURE(command);
    if (command != "help") CHECK(holds(run({command, "--help"}).out, "-q, --quiet"));
  }
}

TEST_CASE("--tag names outputs that have no tag, in the place of a recipe's tags") {
  const TestFolder folder;
  const auto app = folder.write("app", test::tiny_elf()).string();
  const auto layout = "oci:" + (folder / "image").string();
  const auto archive = "oci-archive:" + (folder / "image.tar").string();
  const auto both = run({"build", "-q", "-b", app, "-t", "v1", "--tag", "latest", "-o", layout});
  REQUIRE_MESSAGE(both.status == 0, both.err);
  const auto lines = lines_of(both.out);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].starts_with(layout + ":v1@sha256:"));
  CHECK(lines[1].starts_with(layout + ":latest@sha256:"));
  CHECK(run({"build", "-q", "-b", app, "-t", "v2", "-o", archive}).out.starts_with(archive + ":v2@sha256:"));
  CHECK(run({"build", "-q", "-b", app, "-t", "v2", "-t", "v3", "-o", archive}).status == 2);
}

TEST_CASE("--create-user writes the account and runs as it, and --healthcheck sets Docker's member") {
  const TestFolder folder;
  const auto app = folder.write("app", test::tiny_elf()).string();
  const auto layout = "oci:" + (folder / "image").string();
  const auto built =
      run({"build", "-q", "-b", app, "--create-user", "app:1001:1002,home=/home/app", "--healthcheck",
           "/usr/local/bin/app health", "--healthcheck-interval", "1m30s", "--healthcheck-retries", "2", "-o", layout});
  REQUIRE_MESSAGE(built.status == 0, built.err);
  const auto config = run({"inspect", "--config", layout}).out;
  CHECK(holds(config, "\"User\":\"1001:1002\""));
  CHECK(holds(config,
              R"("Healthcheck":{"Interval":90000000000,"Retries":2,"Test":["CMD","/usr/local/bin/app","health"]})"));
  CHECK(holds(run({"inspect", "--files", layout}).out, " /home/app"));
  const auto second = "oci:" + (folder / "off").string();
  const auto off = run({"build", "-q", "-b", app, "--healthcheck", "none", "-o", second});
  REQUIRE_MESSAGE(off.status == 0, off.err);
  CHECK(holds(run({"inspect", "--config", second}).out, R"("Healthcheck":{"Test":["NONE"]})"));
}

TEST_CASE("--env-file sets variables in its order, --env goes over them, and make rebuilds when the file changes") {
  const TestFolder folder;
  const auto app = folder.write("app", test::tiny_elf()).string();
  const auto file = folder.write("app.env", "# comment\n\nA=1\r\n  B=two words\nC=\"quoted\"\nD=a=b\n").string();
  const auto layout = "oci:" + (folder / "image").string();
  const auto depfile = (folder / "d").string();
  const auto built =
      run({"build", "-q", "-b", app, "--env-file", file, "-e", "A=2", "-o", layout, "--depfile", depfile});
  REQUIRE_MESSAGE(built.status == 0, built.err);
  const auto config = run({"inspect", "--config", layout}).out;
  CHECK(holds(config, R"("A=2")"));
  CHECK(holds(config, R"("B=two words","C=\"quoted\"","D=a=b")"));
  CHECK(holds(test::read_bytes(depfile), file));

  const auto unset = folder.write("unset.env", "A=1\nHOME\n").string();
  const auto refused = run({"build", "-q", "-b", app, "--env-file", unset, "-o", layout});
  CHECK(refused.status == 2);
  CHECK(refused.err ==
        "ociassemble: " + unset +
            ":2: HOME has no value\n  write HOME=VALUE: variables of this machine would make the image differ\n");
  const auto missing = run({"build", "-q", "-b", app, "--env-file", (folder / "none").string(), "-o", layout});
  CHECK(missing.status == 1);
}
