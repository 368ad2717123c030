// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "imported.hpp"
#include "recipe/import/go_commands.hpp"

using namespace ociassemble;
using test::holds;
using test::imported;
using test::members_of;

namespace {

// Of a stage whose working directory is /src, with the context in it.
std::string imported_program(const std::string& run, const std::string& copy, const std::string& more = {}) {
  return imported("FROM golang AS build\nWORKDIR /src\nCOPY . .\nRUN " + run + "\nFROM scratch\nCOPY --from=build " +
                  copy + "\n" + more);
}

std::string go_package(const std::string& script, const std::string& path, bool is_run = false) {
  const auto commands = shell_commands(script, [](const std::string&) { return std::nullopt; });
  auto command = go_command_of(commands.at(0));
  REQUIRE(command);
  command->directory = "/src";
  if (command->installs) command->output = "/go/bin";
  return package_of(*command, path, is_run).value_or("none");
}

}  // namespace

TEST_CASE("a program is what a go command of the stage writes there") {
  CHECK(go_package("go build -o /out/api ./cmd/api", "/out/api") == "./cmd/api");
  CHECK(go_package("go build -o=/out/api -ldflags '-s -w' example.com/api", "/out/api") == "example.com/api");
  CHECK(go_package("CGO_ENABLED=0 go build -v -o bin/ ./cmd/api ./cmd/tool", "/src/bin/tool") == "./cmd/tool");
  CHECK(go_package("go build -o /out/ ./cmd/...", "/out/api") == "./cmd/api");
  CHECK(go_package("go build -o /out ./cmd/api", "/out/api") == "./cmd/api");
  CHECK(go_package("go build ./cmd/api", "/src/api") == "./cmd/api");
  CHECK(go_package("go install example.com/tool/v2@v2.1.0", "/go/bin/tool") == "example.com/tool/v2@v2.1.0");
  CHECK(go_package("GOARCH=arm64 go install ./tool", "/go/bin/linux_arm64/tool") == "./tool");
}

TEST_CASE("what no go command writes there is no program") {
  CHECK(go_package("go build -o /out/api ./cmd/api", "/out/worker") == "none");
  CHECK(go_package("go build -o /out/api ./cmd/api", "/src/LICENSE") == "none");
  CHECK(go_package("go build ./cmd/api", "/src/migrations") == "none");
  CHECK(go_package("go build -o /out/ ./...", "/out/LICENSE") == "none");
  CHECK(go_package("go install ./tool", "/go/bin/other") == "none");
}

TEST_CASE("the program of a module itself is known by what the image runs") {
  CHECK(go_package("go build", "/src/server") == "none");
  CHECK(go_package("go build", "/src/server", true) == ".");
  CHECK(go_package("go build .", "/src/src") == ".");
}

TEST_CASE("the recipe says how the program is built, with all flags") {
  const auto recipe = imported_program(
      "--mount=type=cache,target=/go/pkg GOOS=linux CGO_ENABLED=0 go build -trimpath -tags a,b -ldflags=\"-s -w\" -o "
      "/out/api "
      "./cmd/api",
      "/out/api /api");
  CHECK(holds(
      recipe,
      "\"/api\": {\"source\": \"api\", \"build\": {\"command\": [\"go\", \"build\", \"-trimpath\", \"-tags=a,b\", "
      "\"-ldflags=-s -w\", \"-o\", \"{output}\", \"./cmd/api\"], \"env\": {\"CGO_ENABLED\": \"0\"}}}"));
  CHECK(holds(recipe, "// Line 4: the stage's mounts have no counterpart here: --mount=type=cache,target=/go/pkg"));
}

TEST_CASE("a build runs in the context's folder, with the recipe's arguments and the stage's environment") {
  const auto recipe = imported(
      "FROM golang AS build\nARG VERSION=dev\nENV CGO_ENABLED=0\nCOPY services /src\nWORKDIR /src/api\n"
      "RUN go generate ./... && go build -ldflags \"-X main.v=$VERSION\" -o /out/api\nFROM scratch\nCOPY --from=build "
      "/out/api /\n");
  CHECK(holds(recipe,
              "\"-ldflags=-X main.v=${VERSION}\", \"-o\", \"{output}\", \".\"], \"directory\": \"services/api\""));
  CHECK(holds(recipe, "\"env\": {\"CGO_ENABLED\": \"0\"}"));
  CHECK(holds(recipe, "\"args\": {\"VERSION\": \"dev\"}"));
  CHECK(holds(recipe, "the stage also runs, which nothing here does: go generate ./..."));
}

TEST_CASE("the context's folder is also known from copies that keep its names") {
  const auto directory_of = [](const std::string& copies) {
    const auto recipe = imported("FROM golang AS b\nWORKDIR /w\n" + copies +
                                 "\nRUN go build -o /x ./x\nFROM scratch\nCOPY --from=b /x /x\n");
    const auto begin = recipe.find("\"directory\": \"");
    if (begin != std::string::npos) return recipe.substr(begin + 14, recipe.find('"', begin + 14) - begin - 14);
    return std::string(holds(recipe, "\"build\"") && !holds(recipe, "no \"build\"") ? "." : "none");
  };
  CHECK(directory_of("COPY go.mod go.sum ./\nCOPY cmd/ cmd/") == ".");
  CHECK(directory_of("COPY go.mod go.mod") == ".");
  CHECK(directory_of("COPY services/a ./") == "services/a");
  CHECK(directory_of("COPY services /w/services\nWORKDIR services/a") == "services/a");
  CHECK(directory_of("COPY go.mod ./\nCOPY sub /w\nCOPY . /w") == ".");
  CHECK(directory_of("COPY . /elsewhere") == "none");
}

TEST_CASE("a command that needs a shell, or no folder of the context, has no build") {
  const auto shell = imported_program("go build -ldflags \"-X main.v=$(git describe)\" -o /api ./cmd/api", "/api /api");
  CHECK(holds(shell, "\"/api\": \"api\""));
  CHECK(holds(shell, "it has no \"build\" here: a shell must run it"));
  CHECK(holds(imported("FROM golang AS b\nRUN go build -o /x ./x\nFROM scratch\nCOPY --from=b /x /x\n"),
              "its folder is none of the context"));
}

TEST_CASE("a processor that the command names is the recipe's platform") {
  const auto platforms_of = [](const std::string& variables) {
    const auto recipe = imported_program(variables + " go build -o /x ./x", "/x /x");
    const auto begin = recipe.find("\"platforms\": ");
    return begin == std::string::npos ? "none" : recipe.substr(begin + 13, recipe.find('\n', begin) - begin - 14);
  };
  CHECK(platforms_of("GOARCH=arm64") == "[\"linux/arm64\"]");
  CHECK(platforms_of("GOOS=linux GOARCH=amd64") == "[\"linux/amd64\"]");
  CHECK(platforms_of("GOARCH=arm GOARM=6") == "[\"linux/arm/v6\"]");
  CHECK(platforms_of("GOOS=linux") == "none");
  CHECK(holds(imported_program("GOAMD64=v3 go build -o /x ./x", "/x /x"), "// Line 4: GOAMD64=v3 is not carried over"));
  const auto two = imported(
      "FROM golang AS b\nWORKDIR /s\nCOPY . .\nRUN GOARCH=arm64 go build -o /x ./x\nRUN GOARCH=386 go build -o /y "
      "./y\nFROM scratch\nCOPY --from=b /x /x\nCOPY --from=b /y /y\n");
  CHECK(holds(two, "\"platforms\": [\"linux/arm64\"]"));
  CHECK(holds(two, "// Line 5: the program is for linux/386, which is not the image's platform here"));
  CHECK(holds(imported_program("GOARCH=$ARCH go build -o /x ./x", "/x /x"), "a shell must run it"));
  CHECK(holds(imported("FROM golang AS b\nARG ARCH=arm64\nENV GOARCH=$ARCH\nWORKDIR /s\nCOPY . .\nRUN go build -o /x "
                       "./x\nFROM scratch\nCOPY --from=b /x /x\n"),
              "\"platforms\": [\"linux/${ARCH}\"]"));
}

TEST_CASE("a program is found through the stages that hand it on") {
  const auto recipe = imported(
      "FROM golang AS base\nWORKDIR /src\nCOPY . .\nFROM base AS build\nRUN go build -o /out/api ./cmd/api\n"
      "FROM alpine AS pack\nCOPY --from=BUILD /out/api /packed/\nRUN upx /packed/api\nFROM scratch\nCOPY --from=pack "
      "/packed/api /api\n");
  CHECK(holds(recipe, "\"/api\": {\"source\": \"api\", \"build\""));
  CHECK(
      holds(recipe, "// Line 5: stage pack, which hands /api on, also runs, which nothing here does: upx /packed/api"));
}

TEST_CASE("what the stage runs before and after a program is told apart") {
  const auto recipe = imported_program(
      "go generate ./... && go build -o /out/api ./cmd/api && upx /out/api && export A=1", "/out/api /api");
  CHECK(holds(recipe,
              "// Line 4: before /api is built the stage also runs, which nothing here does: go generate ./...\n"));
  CHECK(holds(recipe, "// Line 4: after /api is built the stage also runs, which nothing here does: upx /out/api\n"));
}

TEST_CASE("a library is no program, and xx-go builds for the image's platform") {
  CHECK(go_package("go build -buildmode=c-shared -o /out/a.so ./a", "/out/a.so") == "none");
  CHECK(go_package("go build -buildmode=pie -o /out/a ./a", "/out/a") == "./a");
  CHECK(holds(imported_program("xx-go build -o /x ./x", "/x /x"), "\"source\": \"bin/{os}-{arch}/x\""));
}

TEST_CASE("a package by its path in the stage is one of the folder where the command runs") {
  CHECK(holds(imported_program("go build -o /x /src/cmd/x", "/x /x"), "\"{output}\", \"./cmd/x\"]"));
  CHECK(holds(imported_program("go build -o /x /src", "/x /x"), "\"{output}\", \".\"]"));
  CHECK(holds(imported_program("go build -o /x /elsewhere/x", "/x /x"), "its package is a path of the stage"));
}

TEST_CASE("a program that the last stage builds for itself and runs is a binary") {
  const auto recipe = imported(
      "FROM golang\nWORKDIR /src\nCOPY . .\nRUN go mod download && go build -o /usr/local/bin/app ./...\nCMD "
      "[\"app\"]\n");
  CHECK(holds(recipe, "\"/usr/local/bin/app\": \"app\""));
  CHECK(holds(
      recipe,
      "// Line 4: RUN go mod download && go build -o /usr/local/bin/app ./...: not carried over: go mod download ("));
  const auto other = imported("FROM golang\nCOPY . .\nRUN go build -o /tool ./tool\nCMD [\"/app\"]\n");
  CHECK(holds(other, "not carried over: go build -o /tool ./tool (build the program before"));
}

TEST_CASE("everything else of a stage is a comment that names it") {
  const auto recipe = imported_program("go build -o /out/api ./cmd/api", "/src/LICENSE /LICENSE",
                                       "COPY --from=build /out/* /bin/\nCOPY --from=krallin/tini /tini* /tini\n");
  CHECK(holds(recipe,
              "// Line 6: COPY --from=build /src/LICENSE /LICENSE: what stage build makes there is not known here"));
  CHECK(holds(recipe, "\"binaries\"; if no command makes it, it is LICENSE of the context."));
  CHECK(holds(recipe, "// Line 7: COPY --from=build /out/* /bin/: what stage build makes there"));
  CHECK(holds(recipe,
              "// Line 8: COPY --from=krallin/tini /tini* /tini: patterns are not carried over; bring the files of "
              "the image krallin/tini here"));
  CHECK_FALSE(holds(members_of(recipe), "binaries"));
}

TEST_CASE("owners and modes of a program are carried over, the usual ones are not needed") {
  const auto odd = imported(
      "FROM golang AS b\nRUN go build -o /x ./x\nFROM scratch\nCOPY --from=b --chown=5:5 --chmod=4755 /x /x\n");
  CHECK(holds(odd, "\"/x\": {\"source\": \"x\", \"owner\": \"5:5\", \"mode\": \"4755\"}"));
  CHECK(holds(imported("FROM golang AS b\nRUN go build -o /x ./x\nFROM scratch\nCOPY --from=b --chmod=u+s /x /x\n"),
              "--chmod is not carried over"));
  const auto usual = imported(
      "FROM golang AS b\nRUN go build -o /x ./x\nFROM scratch\nCOPY --from=b --chown=0:0 --chmod=755 --link /x /x\n");
  CHECK(holds(usual, "\"/x\": \"x\""));
  CHECK_FALSE(holds(usual, "not carried over"));
}
