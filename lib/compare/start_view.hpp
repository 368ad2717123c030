// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "compare/image_tree.hpp"

namespace ociassemble {

// An image as the kernel and the loader see it. Borrows both.
struct StartSide {
  const ImageConfig& config;
  const ImageTree& image;
  // Where files of the application are that can be run or loaded.
  std::vector<std::string> programs;
};

// What a path leads to: through all links, inside the root.
struct Found {
  std::string spelled;  // absolute, as it was looked for
  std::string path;     // without links
  const Tree::Node* node = nullptr;
  const FileLinks* links = nullptr;  // of a file whose bytes were read

  bool is_folder() const noexcept { return node != nullptr && node->type == EntryType::directory; }
  // The links of an ELF file; null for any other.
  const ElfLinks* elf() const noexcept { return links == nullptr ? nullptr : links->elf.get(); }
  std::string describe() const;
};

// Looks for files in an image as its programs do. Borrows the image. One thread.
class StartView {
 public:
  explicit StartView(const StartSide& side) : config_(side.config), image_(side.image), tree_(side.image.tree()) {}

  const Tree& tree() const { return tree_; }
  const ImageConfig& config() const { return config_; }

  // From the working folder, where it is not absolute. A loop of links leads nowhere.
  Found follow(std::string_view path) const;
  // As execvp() does, with the image's PATH or another.
  Found program(const std::string& name) const;
  Found program(const std::string& name, std::string_view path) const;

  // Entrypoint and command.
  std::vector<std::string> words() const;
  // PATH and all that is_start_variable(), by name, each with its entries in their order: who reads the first of
  // several is not who reads the last.
  std::map<std::string, std::vector<std::string>> variables() const;
  // The values of all entries of a name.
  std::vector<std::string> values_of(std::string_view name) const;
  // With "$NAME" and "${NAME}" replaced by the environment; nothing where one is not set, or a shell would run
  // something.
  std::optional<std::string> expand(std::string_view text) const;

 private:
  const ImageConfig& config_;
  const ImageTree& image_;
  const Tree& tree_;
};

std::string_view last_name_of(std::string_view path);

}  // namespace ociassemble
