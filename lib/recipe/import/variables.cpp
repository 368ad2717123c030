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
  return word.find_first_of("{}") == std::string_view::npos && !holds_platform(word) && !holds_base(word);
}

std::string_view platform_default(const std::string& word) {
  if (word == "os") return "linux";
  return word == "arch" ? "amd64" : "";
}

bool is_variable_name(std::string_view name) { return is_argument_name(name); }

}  // namespace

std::string on_one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool is_blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!is_blank) line += c;
    if (is_blank && !line.empty() && line.back() != ' ') line += ' ';
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return terminal_text(line);
}

std::string shortened(std::string_view text) {
  constexpr std::size_t kMost = 90;
  auto line = on_one_line(text);
  if (line.size() <= kMost) return line;
  auto end = kMost;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U) --end;
  return line.substr(0, end) + " ...";
}

void ImportNotes::add(std::string_view text) {
  auto line = terminal_text(text);
  if (std::find(lines_.begin(), lines_.end(), line) == lines_.end()) lines_.push_back(std::move(line));
}

void ImportNotes::add_text(std::string_view line) { lines_.push_back(terminal_text(line)); }

void ImportNotes::add(const DockerInstruction& made, std::string_view text) {
  std::string flags;
  for (const auto& [name, value] : made.flags) flags += fmt::format("--{}{}{} ", name, value.empty() ? "" : "=", value);
  add(fmt::format("Line {}: {} {}: {}.", made.line, made.name, shortened(flags + made.text), text));
}

std::optional<std::string> platform_variable(std::string_view name) {
  if (name == "TARGETOS") return platform_mark("os");
  if (name == "TARGETARCH") return platform_mark("arch");
  if (name == "TARGETVARIANT") return platform_mark("variant");
  if (name == "TARGETPLATFORM") return platform_mark("os") + "/" + platform_mark("arch");
  return {};
}

const std::string* ImportArguments::given(const std::string& name) const {
  const auto found = given_.find(name);
  return found == given_.end() ? nullptr : &found->second;
}

std::string ImportArguments::remember(const std::string& name, std::optional<std::string> value) {
  const auto found =
      std::find_if(arguments_.begin(), arguments_.end(), [&](const auto& argument) { return argument.first == name; });
  const bool is_other = found != arguments_.end() && found->second != value;
  // A default may use the arguments before it, and the platform's words stand in paths only.
  auto text = value.value_or("");
  if (!is_argument_name(name) || is_other || holds_platform(text) || holds_base(text)) return text;
  if (found == arguments_.end()) arguments_.insert(arguments_.begin(), {name, std::move(value)});
  return argument_mark(name);
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
  notes_->add(made_ == nullptr ? text : fmt::format("Line {}: {}", made_->line, text));
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
    const auto& name = pair.name;
    if (environment_.count(name) != 0) continue;
    const auto outer = global_.find(name);
    if (const auto* given = arguments_.given(name)) {
      values_[name] = arguments_.remember(name, *given);
    } else if (pair.value) {
      values_[name] = arguments_.remember(name, file.expand(made, *pair.value, *this));
    } else if (const auto platform = platform_variable(name)) {
      values_[name] = *platform;
    } else if (name.starts_with("BUILD") && platform_variable("TARGET" + name.substr(5))) {
      values_[name] = *platform_variable("TARGET" + name.substr(5));
      note(fmt::format("{} is the building machine's; the image's is taken.", name));
    } else if (outer != global_.end()) {
      values_[name] = outer->second;
    } else if (values_.count(name) == 0) {  // or as a stage before declares it
      values_[name] = arguments_.remember(name, std::nullopt);
    }
  }
}

std::string ImportVariables::substitute(const VariableForm& form) {
  const auto value = value_of(form.name);
  if (!value && has_base_ && is_variable_name(form.name)) return of_base(form);
  if (value && holds_marks(*value)) return of_marks(form, *value);
  const bool is_pattern = !form.operation.empty() && !is_choice(form.operation);
  return is_pattern && holds_marks(form.word + form.replacement) ? settled(form, value) : apply_form(form, value);
}

std::string ImportVariables::of_base(const VariableForm& form) {
  const auto mark = [&](const std::string& choice) {
    note(fmt::format("the base may set {}, which this file does not; the recipe takes it from the base.", form.name));
    return base_mark(form.name, choice);
  };
  if (form.operation.empty() || form.operation.back() == '?') return mark("");
  if (is_choice(form.operation) && fits_recipe(form.word)) return mark(form.operation + form.word);
  note(fmt::format("the base may set {}, which is not known here; it is taken as unset in {}.", form.name, form.text));
  return settled(form, {});
}

std::string ImportVariables::of_marks(const VariableForm& form, const std::string& value) {
  if (form.operation.empty() || form.operation.back() == '?') return value;
  const bool is_argument = value == argument_mark(form.name);
  if (is_choice(form.operation) && is_argument && fits_recipe(form.word))
    return argument_mark(form.name, form.operation + form.word);
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
