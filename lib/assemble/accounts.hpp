// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "image/layer_builder.hpp"
#include "inspect/passwd.hpp"
#include "ociassemble/assemble.hpp"
#include "tree/tree.hpp"

namespace ociassemble {

// Who there is: the base's /etc/passwd and /etc/group, and what was added to them. Borrows the tree for its life. One
// thread.
class Accounts {
 public:
  explicit Accounts(const Tree& base);

  // A name or number, 65532:65532 unless given. Throws Error{not_found} for a name that is not there.
  NumericUser user(const std::optional<std::string>& text) const;
  // The owner of an added file: "" is root, a lone number is user and group.
  NumericUser owner(const std::string& text) const;

  // Adds a line for the user and one for its group, each unless it is there, and gives the files as they are now, and
  // the home folder where the base lacks it; nothing when nothing changes. A group that has the number already is taken
  // as it is unless the user's group has a name given. Throws Error{invalid_argument} for a name or number that is
  // somebody else's, and for text that would break the files.
  std::vector<LayerEntry> create(const CreatedUser& user, std::int64_t mtime);

 private:
  bool has_user(const CreatedUser& user) const;
  bool has_group(const std::string& name, const CreatedUser& user) const;
  void add_file(std::vector<LayerEntry>& entries, const char* path, const std::string& text, std::int64_t mtime) const;

  const Tree& base_;
  std::string passwd_;
  std::string group_;
};

}  // namespace ociassemble
