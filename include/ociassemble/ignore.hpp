// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ociassemble/export.hpp"

namespace ociassemble {

// One line of an ignore file that says something.
struct IgnoreRule {
  std::size_t line;  // from 1
  std::string text;  // without the blanks around it
};

// What rules say of one path.
struct IgnoreDecision {
  bool excluded = false;
  std::optional<IgnoreRule> rule;  // the one that decided; none: no rule matches, the path stays in
  // Of an excluded directory: an exception may include something below it.
  bool may_include_below = false;
};

// The rules of a .dockerignore file, as Docker's reference defines them ("Dockerfile reference", ".dockerignore file"):
// a pattern excludes what it matches and all that is below, "!" makes an exception, also below an excluded directory,
// and the last line that matches decides. A value; any thread.
class OCIASSEMBLE_EXPORT IgnoreRules {
 public:
  IgnoreRules();  // none: all is in

  // `name` is what errors name: "cannot parse NAME:3: …". Throws Error{invalid_argument} for a "!" alone, a malformed
  // pattern, one over 4096 bytes, over 10000 rules.
  static IgnoreRules parse(std::string_view text, std::string_view name);

  // `path` is relative to the rules' root, with '/' between its components, neither "." nor "..".
  IgnoreDecision decide(std::string_view path) const;

  std::size_t size() const noexcept;

 private:
  struct Compiled;
  std::shared_ptr<const std::vector<Compiled>> rules_;
};

// The rules that hold for one folder that is added to an image, and where they come from.
class OCIASSEMBLE_EXPORT FolderIgnore {
 public:
  // `choice`: a file of rules, or "none"; when not set, the folder's own .dockerignore, if there is one. Patterns of a
  // named file are relative to the file's own folder where the added one is in it (a project's .dockerignore), else to
  // the added folder. Throws Error{not_found} for a named file that is not there, Error{io}, and as IgnoreRules::parse.
  static FolderIgnore read(const std::filesystem::path& folder, const std::optional<std::string>& choice);

  // Empty: no file, so that all is in.
  const std::filesystem::path& file() const noexcept { return file_; }
  // `path` is relative to the added folder; "" is the folder itself.
  IgnoreDecision decide(std::string_view path) const;

 private:
  std::filesystem::path file_;
  std::string prefix_;  // the added folder within the rules' root; empty or with a '/' at its end
  IgnoreRules rules_;
};

}  // namespace ociassemble
