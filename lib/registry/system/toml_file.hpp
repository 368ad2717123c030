// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the readers of this folder have in common. Sources include it, headers do not: it is the only one that sees
// toml++.

// What toml++ asserts of a file, and hostile ones do not keep, is an error of the file, and not the process's end.
namespace ociassemble {
[[noreturn]] void throw_not_toml();
}
#define TOML_ASSERT(expr) ((expr) ? void() : ::ociassemble::throw_not_toml())
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ENABLE_UNRELEASED_FEATURES 0
#include <toml++/toml.h>

#include <string>
#include <string_view>
#include <vector>

namespace ociassemble {

// A TOML file with names for its errors: Error{corrupt} "FILE:LINE: cause".
class TomlFile {
 public:
  // Throws for what is no TOML, and for keys nested deeper than any such file has them.
  TomlFile(std::string_view text, std::string name);

  const toml::table& root() const noexcept { return root_; }
  const std::string& name() const noexcept { return name_; }
  // Members of a table. Absent ones are empty; those of another type throw.
  std::string text(const toml::table& table, std::string_view key) const;
  bool flag(const toml::table& table, std::string_view key) const;
  // A string, or an array of them.
  std::vector<std::string> texts(const toml::table& table, std::string_view key) const;
  std::vector<const toml::table*> tables(const toml::table& table, std::string_view key) const;
  const toml::table* table(const toml::table& parent, std::string_view key) const;
  // "FILE:LINE"
  std::string place(const toml::node& node) const;
  [[noreturn]] void refuse(const toml::node& node, std::string_view cause) const;

 private:
  std::string name_;
  toml::table root_;
};

}  // namespace ociassemble
