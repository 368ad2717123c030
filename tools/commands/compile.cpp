// SPDX-License-Identifier: Apache-2.0
#include "commands/compile.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/child_process.hpp"
#include "base/file_status.hpp"
#include "base/placed_error.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble::tool {
namespace {

namespace fs = std::filesystem;

std::string replaced_all(std::string text, std::string_view what, std::string_view by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

std::string filled(const std::string& text, const RecipeBuild& build) {
  auto made = replaced_all(text, "{output}", absolute_path(build.output).lexically_normal().string());
  if (!build.platform) return made;
  made = replaced_all(std::move(made), "{os}", build.platform->os);
  made = replaced_all(std::move(made), "{arch}", build.platform->architecture);
  return replaced_all(std::move(made), "{variant}", build.platform->variant);
}

void set_variable(std::vector<std::string>& environment, const std::string& name, const std::string& value) {
  std::erase_if(environment, [&](const std::string& entry) { return entry.starts_with(name + "="); });
  environment.push_back(fmt::format("{}={}", name, value));
}

// An image's program is Linux's, whatever this machine is.
void set_target(std::vector<std::string>& environment, const std::optional<Platform>& platform) {
  set_variable(environment, "GOOS", platform ? platform->os : "linux");
  if (!platform) return;
  set_variable(environment, "GOARCH", platform->architecture);
  if (!platform->variant.starts_with('v')) return;
  if (platform->architecture == "arm") set_variable(environment, "GOARM", platform->variant.substr(1));
  if (platform->architecture == "amd64") set_variable(environment, "GOAMD64", platform->variant);
}

std::vector<std::string> environment_of(const RecipeBuild& build) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  for (const auto& [name, value] : build.env) set_variable(environment, name, filled(value, build));
  set_target(environment, build.platform);
  return environment;
}

ChildOptions child_of(const RecipeBuild& build, std::vector<std::string> environment) {
  ChildOptions child;
  child.program = filled(build.command.front(), build);
  for (std::size_t i = 1; i < build.command.size(); ++i) child.arguments.push_back(filled(build.command[i], build));
  child.standard_output = child.standard_error = STDERR_FILENO;
  child.directory = build.directory;
  child.environment = std::move(environment);
  return child;
}

// A program that is not there, and a folder that is not there, look alike to who starts it.
void require_directory(const RecipeBuild& build) {
  const auto found = build.directory.empty() ? file_status(".") : file_status(build.directory);
  if (found && S_ISDIR(found->st_mode)) return;
  throw Error(ErrorCode::not_found,
              fmt::format("cannot build {}: {} is no folder", build.output.string(), build.directory.string()),
              "correct the path; a relative one is taken from the recipe's folder");
}

int run_command(const RecipeBuild& build) {
  try {
    return ChildProcess(child_of(build, environment_of(build))).wait();
  } catch (const Error& error) {
    if (!error.hint().empty()) throw;
    throw Error(error.code(), error.what(), "install it, or correct the command; a bare name is looked for in PATH");
  }
}

void run_build(const RecipeBuild& build) {
  const auto status = run_command(build);
  if (status != 0)
    throw Error(
        ErrorCode::io,
        fmt::format("cannot build {}: {} ended with status {}", build.output.string(), build.command.front(), status),
        "the lines above are what it printed");
  const auto made = file_status(build.output);
  if (!made || !S_ISREG(made->st_mode))
    throw Error(ErrorCode::io,
                fmt::format("cannot build {}: {} did not make it", build.output.string(), build.command.front()),
                "write {output} where the command names its result, such as -o {output}");
}

}  // namespace

void compile(const std::vector<RecipeBuild>& builds) {
  for (auto build = builds.begin(); build != builds.end(); ++build) {
    if (std::find(builds.begin(), build, *build) != build) continue;
    const auto same = std::find_if(builds.begin(), build, [&](const auto& one) { return one.output == build->output; });
    at_place(build->place, [&] {
      if (same != build)
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("cannot build {}: two commands or platforms would make it", build->output.string()),
                    "write {os}-{arch} into the binary's \"source\"");
      make_folders(build->output.parent_path());
    });
    at_place(build->directory_place, [&] { require_directory(*build); });
    at_place(build->place, [&] { run_build(*build); });
  }
}

void compile_some(const std::vector<RecipeBuild>& builds) {
  if (builds.empty()) {
    throw Error(ErrorCode::invalid_argument, "cannot compile: no binary of the recipe has a \"build\"",
                R"(add "build": {"command": [...]} to it, or leave --compile out)");
  }
  compile(builds);
}

}  // namespace ociassemble::tool
