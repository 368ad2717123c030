// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "recipe/import/go_commands.hpp"
#include "recipe/import/stages.hpp"

namespace ociassemble {

// A file or folder that a stage takes from elsewhere.
struct StageCopy {
  std::string from;  // a stage or image; empty: the context
  std::string source, destination;
};

struct StageCommand {
  std::string text;  // on one line
  std::size_t order;
};

// What happens in one stage and those that it is built from, as far as an image can be made of it.
struct BuildStage {
  std::vector<GoCommand> go_commands;
  std::vector<StageCopy> copies;
  std::vector<StageCommand> others;  // that are neither go's nor of no effect on what is made
  std::vector<ShellCommand> accounts;
  std::vector<std::string> folders;  // that mkdir makes
  std::vector<std::string> mounts;   // "--mount=type=cache,target=/go/pkg/mod"
};

// A program that a stage makes.
struct StageProgram {
  GoCommand command;
  std::string package;
  std::string directory;  // of the context, where the command runs; empty where it is not known
  std::size_t stage = 0;
  std::vector<std::size_t> through;  // stages that hand it on, the last first
};

class BuildStages {
 public:
  // All are borrowed.
  BuildStages(const Dockerfile& file, const std::vector<ImportStage>& stages, const ImportVariables& global,
              ImportArguments& arguments)
      : file_(file), stages_(stages), global_(global), arguments_(arguments) {}

  const BuildStage& at(std::size_t index);
  // The program at this path of the stage, also where it has it from another stage.
  std::optional<StageProgram> find_program(std::size_t index, const std::string& path, bool is_run);
  // The file of the context that a copy of the stage lays there under its own or another name.
  std::optional<std::string> find_context_file(std::size_t index, const std::string& path);
  // Where the context has what lies there, when a folder of it is copied; a guess.
  std::optional<std::string> guess_context_file(std::size_t index, const std::string& path);
  // Whether the stage makes an empty folder there, as far as its commands tell.
  bool makes_folder(std::size_t index, const std::string& path);

 private:
  class Walk;

  const Dockerfile& file_;
  const std::vector<ImportStage>& stages_;
  const ImportVariables& global_;
  ImportArguments& arguments_;
  std::map<std::size_t, BuildStage> known_;
};

}  // namespace ociassemble
