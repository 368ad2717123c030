// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ociassemble {

// A user that a command of a Dockerfile makes; an empty text is what the command does not say.
struct NewUser {
  std::string name, uid, group, home, shell;
  std::string command;            // that makes it: "adduser"
  std::vector<std::string> lost;  // its options that a recipe has no word for
  bool is_system = false;         // takes a number of the system's range where none is said
  bool makes_home = true;
};

// What adduser, addgroup (busybox's and Debian's), useradd and groupadd make.
struct NewAccounts {
  std::vector<NewUser> users;
  std::map<std::string, std::string> groups;  // and their numbers, as far as they are said

  // The last of that name or number.
  const NewUser* find(std::string_view user) const;
  // Reads the commands of one RUN, divided into words at blanks.
  void read(const std::vector<std::string>& words);
};

bool is_number(std::string_view text);
// A number as JSON has it, since commands take 0100, too, and mean 100; other texts as they are.
std::string plain_number(const std::string& text);

}  // namespace ociassemble
