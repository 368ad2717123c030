// SPDX-License-Identifier: Apache-2.0
#include "recipe/import/variables.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "recipe/arguments.hpp"
#include "recipe/import/text.hpp"

namespace ociassemble {
namespace {

bool is_choice(std::string_view operation) {
  return !operation.empty() && (operation.back() == '-' || operation.back() == '+');
}

// Whether the word can stand in "${NAME:-WORD}" of a recipe.
bool fits_recipe(std::string_view word) {
  return word.find_first_of("{}") == std::string_view::npos && !holds_platform(word);
}

std::string_view platform_default(const std::string& word) {
  if (word == "os") return "linux";
  return word == "arch" ? "amd64" : "";
}

}  // namespace

std::optional<std::string> platform_variable(std::string_view name) {
  const std::size_t prefix = name.starts_with("TARGET") ? 6 : name.starts_with("BUILD") ? 5 : name.size();
  const auto kind = name.substr(prefix);
  if (kind == "OS") return platform_mark("os");
  if (kind == "ARCH") return platform_mark("arch");
  if (kind == "VARIANT") return platform_mark("variant");
  if (kind == "PLATFORM") return platform_mark("os") + "/" + platform_mark("arch");
  return {};
}

namespace {

// Whether an ARG without a default has that of another: of the one before the first FROM, or of a stage before.
class DeclaredArguments {
 public:
  void begin_stage(const DockerInstruction& from) {
    finish_stage();
    const auto words = divide_at_blanks(from.text);
    stage_ = of_stages_[to_lower(words.front())];
    name_ = to_lower(words.back());
  }
  bool inherits(const DockerPair& pair) {
    const bool is_known = global_.count(pair.name) != 0 || stage_.count(pair.name) != 0;
    (is_global_ ? global_ : stage_).insert(pair.name);
    return !pair.value && is_known;
  }

 private:
  void finish_stage() {
    if (!is_global_) of_stages_[name_] = stage_;
    is_global_ = false;
  }

  bool is_global_ = true;
  std::string name_;
  std::set<std::string> global_, stage_;
  std::map<std::string, std::set<std::string>> of_stages_;
};

}  // namespace

ImportArguments::ImportArguments(const std::map<std::string, std::string>& given, const Dockerfile& file)
    : given_(given) {
  std::map<std::string, std::optional<std::string>> defaults;
  DeclaredArguments arguments;
  for (const auto& made : file.instructions) {
    if (made.name == "FROM") arguments.begin_stage(made);
    if (made.name != "ARG") continue;
    for (const auto& pair : file.pairs(made)) {
      declared_.insert(pair.name);
      if (arguments.inherits(pair) || given_.count(pair.name) != 0) continue;
      const auto [known, is_new] = defaults.try_emplace(pair.name, pair.value);
      if (!is_new && known->second != pair.value) split_.insert(pair.name);
    }
  }
}

const std::string* ImportArguments::given(const std::string& name) const {
  const auto found = given_.find(name);
  return found == given_.end() ? nullptr : &found->second;
}

std::vector<std::string> ImportArguments::undeclared() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : given_) {
    if (declared_.count(name) == 0) names.push_back(name);
  }
  return names;
}

std::string ImportArguments::remember(const std::string& name, std::optional<std::string> value) {
  // A default may use the arguments before it, and the platform's words stand in paths only.
  auto text = value.value_or("");
  if (!is_argument_name(name) || holds_platform(text) || holds_base(text)) return text;
  const bool is_split = split_.count(name) != 0;
  if (is_split && !fits_recipe(text)) return text;
  if (is_split) value.reset();
  const auto found =
      std::find_if(arguments_.begin(), arguments_.end(), [&](const auto& argument) { return argument.first == name; });
  if (found != arguments_.end() && found->second != value) return text;
  if (found == arguments_.end()) arguments_.insert(arguments_.begin(), {name, std::move(value)});
  return is_split ? argument_mark(name, "-" + text) : argument_mark(name);
}

std::string ImportArguments::plain(std::string_view text) const {
  const MarkValue value_of = [&](MarkKind kind, const std::string& name) -> std::optional<std::string> {
    if (kind == MarkKind::platform) return std::string(platform_default(name));
    if (kind == MarkKind::base) return {};
    const auto found = std::find_if(arguments_.begin(), arguments_.end(),
                                    [&](const auto& argument) { return argument.first == name; });
    if (found == arguments_.end() || !found->second) return {};
    return plain(*found->second);  // of those that were declared before it
  };
  return without_marks(text, value_of);
}

std::string ImportArguments::json(std::string_view recipe) const {
  std::string uses(recipe);
  RecipeMembers members;
  for (const auto& [name, value] : arguments_) {
    const auto is_used = [&, &used = name](std::string_view end) {
      return uses.find(fmt::format("${{{}{}", used, end)) != std::string::npos;
    };
    if (!is_used("}") && !is_used(":") && !is_used("-") && !is_used("+")) continue;
    members.insert(members.begin(), {name, value ? json_text(*value) : "null"});
    uses += members.front().second;
  }
  return members.empty() ? std::string() : line_object(members);
}

void ImportVariables::note(const std::string& text) {
  if (notes_ == nullptr) return;
  if (made_ == nullptr) return notes_->add(text);
  notes_->add(made_->line, text);
}

void ImportVariables::begin_stage(const ImportVariables& global) {
  values_.clear();
  environment_.clear();
  global_ = global.values_;
  has_base_ = true;
}

void ImportVariables::set_environment(const std::string& name, const std::string& value) {
  environment_[name] = values_[name] = value;
}

std::optional<std::string> ImportVariables::value_of(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::nullopt : std::optional(found->second);
}

void ImportVariables::declare(const Dockerfile& file, const DockerInstruction& made) {
  at(made);
  for (const auto& pair : file.pairs(made)) {
    if (environment_.count(pair.name) == 0) declare_one(file, made, pair);
  }
}

void ImportVariables::declare_one(const Dockerfile& file, const DockerInstruction& made, const DockerPair& pair) {
  const auto& name = pair.name;
  const auto outer = global_.find(name);
  const auto platform = platform_variable(name);
  if (const auto* given = arguments_.given(name)) {
    values_[name] = arguments_.remember(name, *given);
  } else if (platform) {
    values_[name] = *platform;
    if (has_base_ && name.starts_with("BUILD"))
      note(fmt::format("{} is the building machine's; the image's is taken.", name));
    if (pair.value && name.starts_with("TARGET"))
      note(fmt::format("the default {} of {} is not carried over; the recipe's \"platforms\" say it.", *pair.value,
                       name));
  } else if (pair.value) {
    const auto value = file.expand(made, *pair.value, *this);
    values_[name] = arguments_.remember(name, value);
    if (!holds_marks(values_[name]) && is_argument_name(name))
      note(fmt::format("{} has several defaults; \"{}\" is taken here, and --set does not change it.", name, value));
  } else if (outer != global_.end()) {
    values_[name] = outer->second;
  } else if (values_.count(name) == 0) {  // or as a stage before declares it
    values_[name] = arguments_.remember(name, std::nullopt);
  }
}

std::string ImportVariables::substitute(const VariableForm& form) {
  auto value = value_of(form.name);
  if (!value && !has_base_) value = platform_variable(form.name);  // which FROM knows without an ARG
  if (!value && has_base_ && is_argument_name(form.name)) return of_base(form);
  if (value && holds_marks(*value)) return of_marks(form, *value);
  const bool is_pattern = !form.operation.empty() && !is_choice(form.operation);
  return is_pattern && holds_marks(form.word + form.replacement) ? settled(form, value) : apply_form(form, value);
}

std::string ImportVariables::of_base(const VariableForm& form) {
  if (form.operation.empty() || form.operation.back() == '?') return base_mark(form.name, "");
  if (is_choice(form.operation) && fits_recipe(form.word)) return base_mark(form.name, form.operation + form.word);
  note(fmt::format("the base may set {}, which is not known here; it is taken as unset in {}.", form.name, form.text));
  return settled(form, {});
}

std::string ImportVariables::of_marks(const VariableForm& form, const std::string& value) {
  if (form.operation.empty() || form.operation.back() == '?') return value;
  if (value == argument_mark(form.name) && is_choice(form.operation) && fits_recipe(form.word))
    return argument_mark(form.name, form.operation + form.word);
  // Which are never empty.
  if (is_choice(form.operation) && (value == platform_mark("os") || value == platform_mark("arch")))
    return apply_form(form, value);
  note(fmt::format("{} is worked out with {} as it is now, \"{}\"; --set does not change it.", form.text, form.name,
                   arguments_.plain(value)));
  return settled(form, value);
}

std::string ImportVariables::settled(const VariableForm& form, const std::optional<std::string>& value) {
  auto plain = form;
  plain.word = arguments_.plain(form.word);
  plain.replacement = arguments_.plain(form.replacement);
  return apply_form(plain, value ? std::optional(arguments_.plain(*value)) : std::nullopt);
}

}  // namespace ociassemble
