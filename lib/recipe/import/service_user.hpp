// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "recipe/import/import_state.hpp"

namespace ociassemble {

// USER, and the accounts that it and the owners of files name.
class UserImport {
 public:
  explicit UserImport(ImportState& state) : state_(state) {}

  void take(const DockerInstruction& made);
  // The last USER holds.
  void settle();
  // When everything has its owner.
  void finish();
  // Whether `owner`, "USER[:GROUP]", is the image's user.
  bool is_service(const std::string& owner) const;

 private:
  std::string created_user(const DockerInstruction& made, NewUser user);
  void add_group(const DockerInstruction& made, const NewUser& user, const std::string& uid, RecipeMembers& members);
  void note_defaults(const DockerInstruction& made, const NewUser& given, const NewUser& made_user);
  void finish_owner(DraftFile& file);

  ImportState& state_;
  std::string created_;  // the user that the recipe creates
  std::string text_, name_, uid_;
  const DockerInstruction* made_ = nullptr;  // the last USER
};

}  // namespace ociassemble
