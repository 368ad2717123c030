// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/programs.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "../compare/compare_support.hpp"
#include "raw_go_program.hpp"

using namespace ociassemble;
using namespace ociassemble::test;

namespace {

const std::string kOne = raw_go_program("go1.24.1", "path\texample.com/one\n");
const std::string kTwo = raw_go_program("go1.24.2", "path\texample.com/two\n");

// "PATH layer VERSION" of each.
std::vector<std::string> found(const std::vector<RawTar>& tars, ProgramLayers layers = ProgramLayers::all,
                               const std::vector<std::string>& makers = {}) {
  const Images images;
  std::vector<Images::Made> made;
  for (std::size_t i = 0; i < tars.size(); ++i)
    made.emplace_back(images.layer(tars[i]), makers.empty() ? "x" : makers[i]);
  std::vector<std::string> lines;
  const auto programs = read_programs(Images::image(made), {.layers = layers, .stop = {}});
  for (const auto& program : programs.value().programs) {
    lines.push_back(program.path + " " + std::to_string(program.layer) + " " +
                    (program.go ? program.go->build.go_version : "packed"));
  }
  return lines;
}
using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("Go programs are found among other files, with their digests") {
  const Images images;
  const auto layer = images.layer(RawTar()
                                      .folder("bin")
                                      .file("bin/one", kOne, 0755)
                                      .file("note",
                                            "\x7f"
                                            "ELF")
                                      .file("a"));
  const auto programs = read_programs(Images::image({{layer, "x"}}), {.layers = ProgramLayers::all, .stop = {}});
  REQUIRE(programs);
  REQUIRE(programs->programs.size() == 1);
  const auto& program = programs->programs[0];
  CHECK(program.path == "bin/one");
  CHECK(program.mode == 0755);
  CHECK(program.size == kOne.size());
  CHECK(program.digest == Digest::of(kOne));
  CHECK(program.go->build.path == "example.com/one");
  CHECK(programs->left_out == 0);
}

TEST_CASE("a program of an upper layer replaces one, whiteouts and other entries remove it") {
  const auto below = RawTar().file("bin/a", kOne).file("bin/b", kOne).file("c", kOne);
  CHECK(found({below, RawTar().file("bin/a", kTwo)}) == Lines{"bin/a 2 go1.24.2", "bin/b 1 go1.24.1", "c 1 go1.24.1"});
  CHECK(found({below, RawTar().file("bin/.wh.a")}) == Lines{"bin/b 1 go1.24.1", "c 1 go1.24.1"});
  CHECK(found({below, RawTar().file(".wh.bin")}) == Lines{"c 1 go1.24.1"});
  CHECK(found({below, RawTar().file("bin/.wh..wh..opq").file("bin/d", kTwo)}) ==
        Lines{"bin/d 2 go1.24.2", "c 1 go1.24.1"});
  CHECK(found({below, RawTar().file("bin/d", kTwo).file("bin/.wh..wh..opq")}) ==
        Lines{"bin/d 2 go1.24.2", "c 1 go1.24.1"});
  CHECK(found({below, RawTar().symlink("bin", "c")}) == Lines{"c 1 go1.24.1"});
  CHECK(found({below, RawTar().folder("c")}) == Lines{"bin/a 1 go1.24.1", "bin/b 1 go1.24.1"});
  CHECK(found({below, RawTar().folder("bin")}).size() == 3);
  CHECK(found({RawTar().file("a", kOne).file("a", "text")}).empty());
}

TEST_CASE("only the application's layers are read, unless all are asked for") {
  const Images images;
  auto base = images.layer(RawTar().file("base", kOne));
  base.blobs = std::make_shared<Untouchable>();
  const auto app = images.layer(RawTar().file("app", kTwo));
  const auto programs =
      read_programs(Images::image({{base, "ociassemble: base static"}, {app, "ociassemble: binary /app"}}));
  REQUIRE(programs);
  REQUIRE(programs->programs.size() == 1);
  CHECK(programs->programs[0].layer == 2);
  CHECK_FALSE(read_programs(Images::image({{base, "COPY"}})));
}
