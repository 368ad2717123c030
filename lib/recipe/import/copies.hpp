// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "recipe/import/folders.hpp"

namespace ociassemble {

// COPY and ADD: files of the context, programs of stages, certificates, zone data and users of other images.
class CopyImport {
 public:
  // Both are borrowed.
  CopyImport(ImportState& state, FolderImport& folders) : state_(state), folders_(folders) {}

  void take(const DockerInstruction& made);
  // A program that the last stage builds for itself and runs.
  void take_own_program(std::size_t stage);
  // Whether the go command of this line makes one of the recipe's programs.
  bool is_built(std::size_t line) const { return built_lines_.count(line) != 0; }
  // The program that the image runs belongs in "binaries", also where it comes from the context.
  void move_programs();

 private:
  bool holds_place(const std::string& place) const;
  void note_text(const DockerInstruction& made);
  void take_one(const DockerInstruction& made, const std::string& source, const std::string& destination);
  void add_flags(const DockerInstruction& made, DraftFile& file);
  void take_from(const DockerInstruction& made, const std::string& from, const std::string& source,
                 const std::string& destination);
  void take_from_image(const DockerInstruction& made, const std::string& image, const std::string& source,
                       const std::string& destination);
  bool take_from_stage(const DockerInstruction& made, std::size_t stage, const std::string& path,
                       const std::string& destination);
  bool take_system_files(const DockerInstruction& made, const std::string& source, const std::string& destination);
  void take_program(const DockerInstruction& made, const StageProgram& program, const std::string& name,
                    const std::string& destination);
  void note_program(const StageProgram& program, const std::string& destination, const std::string& why_not_built);
  void note_stages(const StageProgram& program, const std::string& destination);
  void take_platform(const StageProgram& program, const std::string& platform);
  void add_program_flags(const DockerInstruction& made, DraftFile& binary);
  std::string change_by_stage(std::size_t stage, const std::string& path);
  std::string base_of_stage(std::size_t stage) const;
  std::string name_of_stage(std::size_t index) const;
  std::string commands_of(std::size_t stage, std::size_t from, std::size_t to);

  ImportState& state_;
  FolderImport& folders_;
  std::set<std::size_t> built_lines_;
};

}  // namespace ociassemble
