// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "recipe/recipe_text.hpp"

namespace ociassemble {

struct VariableReference;

// The arguments of a recipe: "args" with what was set from outside. Borrows the text.
class Arguments {
 public:
  // `args` is the member's value; null where the recipe has none. A default may use the arguments before it.
  Arguments(const RecipeText& text, const RecipeNode* args,
            const std::vector<std::pair<std::string, std::string>>& settings);

  // `node` with every "${NAME}" in its texts and its members' names replaced; "$${" is a plain "${". "${NAME:-WORD}" is
  // WORD where the argument is unset or empty, "${NAME:+WORD}" where it is neither; without the colon an empty one
  // counts as set. Of "${base.NAME}" a mark is left (base_variables.hpp). Throws as RecipeText::refuse for an argument
  // that is unset or unknown, for a "${" that is none, and for two members that get one name; Error{unsupported} where
  // arguments in arguments make a text of over 1 MiB, or texts of over 16 MiB in all.
  RecipeNode expand(RecipeNode node) const;
  // The same; nothing where expand() throws.
  std::optional<RecipeNode> try_expand(RecipeNode node) const;

 private:
  std::string expand_text(const std::string& text, std::size_t at) const;
  void check_size(std::string_view argument, std::size_t size, std::size_t at) const;
  void expand_names(RecipeNode::Object& members) const;
  std::string expand_reference(const VariableReference& reference, std::size_t at) const;
  const std::optional<std::string>& find(const std::string& name, std::size_t at) const;
  const std::string& value_of(const std::string& name, std::size_t at) const;

  const RecipeText& text_;
  std::map<std::string, std::optional<std::string>> values_;
  std::string made_;                  // the argument whose value is being made
  mutable std::size_t expanded_ = 0;  // bytes of all texts that arguments were put into
};

// Whether a name is one that arguments may have: letters, digits and "_", no digit first.
bool is_argument_name(std::string_view name);

}  // namespace ociassemble
