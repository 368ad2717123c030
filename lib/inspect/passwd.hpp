// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ociassemble {

// passwd(5) and group(5), read leniently: lines that do not parse are skipped, as C libraries do.
struct PasswdEntry {
  std::string name;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string home;
  std::string shell;
};
struct GroupEntry {
  std::string name;
  std::uint32_t gid = 0;
};
std::vector<PasswdEntry> parse_passwd(std::string_view text);
std::vector<GroupEntry> parse_group(std::string_view text);

struct NumericUser {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string home;  // of the passwd entry; empty when the user has none

  std::string to_string() const;  // "65532:65532"
};

// "USER", "UID", "USER:GROUP", "UID:GID" in any mix, as Docker's USER; a number needs no entry. Without a group: the
// passwd entry's, else 0 … as runtimes do; a bare unknown UID therefore gets group 0. Throws Error{not_found} for an
// unknown name, listing the nearest or all names there are; Error{invalid_argument} for empty or malformed text, and
// numbers over 2^32-2.
NumericUser lookup_user(std::string_view user, std::string_view passwd, std::string_view group);

}  // namespace ociassemble
