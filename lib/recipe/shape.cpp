// SPDX-License-Identifier: Apache-2.0
#include "recipe/shape.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "base/text.hpp"
#include "recipe/arguments.hpp"

namespace ociassemble {
namespace {

std::string_view type_name(const RecipeNode& node) {
  constexpr std::array<std::string_view, 6> kTypeNames{"null", "true or false", "a number",
                                                       "text", "an array",      "an object"};
  return kTypeNames.at(node.data.index());
}

class Checker;
struct Rule {
  std::string_view name;
  void (Checker::*check)(const RecipeNode&) const;
};

class Checker {
 public:
  Checker(const RecipeText& text, bool is_profile) : text_(text), is_profile_(is_profile) {}

  void recipe(const RecipeNode& node) const;
  void profile(const RecipeNode& node) const;

 private:
  [[noreturn]] void wrong_type(const RecipeNode& node, std::string_view expected, std::string hint) const {
    if (node.is_null()) {
      text_.refuse(node.at, fmt::format("null where {} is expected", expected),
                   "leave the member out; null removes a member, and only in a profile");
    }
    text_.refuse(node.at, fmt::format("{} where {} is expected", type_name(node), expected), std::move(hint));
  }

  bool removed(const RecipeNode& node) const { return is_profile_ && node.is_null(); }

  void text(const RecipeNode& node) const {
    if (removed(node) || node.string() != nullptr) return;
    wrong_type(node, "text", "write it in double quotes");
  }
  void flag(const RecipeNode& node) const {
    if (removed(node) || std::holds_alternative<bool>(node.data)) return;
    wrong_type(node, "true or false", "write true or false, without quotes");
  }
  void number(const RecipeNode& node) const {
    if (removed(node) || std::holds_alternative<RecipeNode::Number>(node.data)) return;
    wrong_type(node, "a number", "write digits, without quotes");
  }
  void texts(const RecipeNode& node) const {
    if (removed(node)) return;
    if (node.array() == nullptr) wrong_type(node, "an array of texts", "write [\"ONE\", \"ANOTHER\"]");
    for (const auto& element : *node.array()) {
      if (element.string() == nullptr) wrong_type(element, "text", "write every element in double quotes");
    }
  }
  void command(const RecipeNode& node) const {
    if (removed(node) || node.string() != nullptr) return;
    if (node.array() == nullptr) {
      wrong_type(node, "a command",
                 R"(write ["/app", "--name", "VALUE"], or words without quotes: "/app --name VALUE")");
    }
    texts(node);
  }
  const RecipeNode::Object* object(const RecipeNode& node, std::string_view expected, std::string hint) const {
    if (removed(node)) return nullptr;
    if (node.object() == nullptr) wrong_type(node, expected, std::move(hint));
    return node.object();
  }
  void text_map(const RecipeNode& node) const {
    const auto* members = object(node, "an object of texts", R"(write {"NAME": "VALUE"})");
    if (members == nullptr) return;
    for (const auto& member : *members) text(member.value);
  }
  void args(const RecipeNode& node) const;
  enum class Each { one, one_or_more };
  void inputs(const RecipeNode& node, std::span<const Rule> rules, std::string_view example, Each each) const;
  void input(const RecipeNode& node, std::span<const Rule> rules, std::string_view example) const;
  void build(const RecipeNode& node) const;
  void binaries(const RecipeNode& node) const;
  void files(const RecipeNode& node) const;
  void user(const RecipeNode& node) const;
  void healthcheck(const RecipeNode& node) const;
  void sbom(const RecipeNode& node) const;
  void sign(const RecipeNode& node) const;
  void policy(const RecipeNode& node) const;
  void mounts(const RecipeNode& node) const;
  void profiles(const RecipeNode& node) const;
  void members(const RecipeNode& node, std::span<const Rule> rules) const;
  [[noreturn]] void unknown(const RecipeMember& member, std::span<const Rule> rules) const;

  static const std::vector<Rule> kImage;

  const RecipeText& text_;
  bool is_profile_;
};

const std::vector<Rule> Checker::kImage = {
    {"base", &Checker::text},
    {"baseName", &Checker::text},
    {"platforms", &Checker::texts},
    {"args", &Checker::args},
    {"binaries", &Checker::binaries},
    {"files", &Checker::files},
    {"caCertificates", &Checker::text},
    {"tzdata", &Checker::text},
    {"user", &Checker::user},
    {"entrypoint", &Checker::command},
    {"cmd", &Checker::command},
    {"env", &Checker::text_map},
    {"labels", &Checker::text_map},
    {"inheritLabels", &Checker::flag},
    {"annotations", &Checker::text_map},
    {"annotate", &Checker::texts},
    {"sbom", &Checker::sbom},
    {"ports", &Checker::texts},
    {"workdir", &Checker::text},
    {"volumes", &Checker::texts},
    {"writable", &Checker::texts},
    {"readOnly", &Checker::flag},
    {"stopSignal", &Checker::text},
    {"healthcheck", &Checker::healthcheck},
    {"compression", &Checker::text},
    {"format", &Checker::text},
    {"tags", &Checker::texts},
    {"created", &Checker::text},
    {"fileTimes", &Checker::text},
    {"policy", &Checker::policy},
    {"writableVolumes", &Checker::flag},
    {"provenance", &Checker::flag},
    {"sign", &Checker::sign},
    {"mounts", &Checker::mounts},
    {"debug", &Checker::flag},
    {"devcontainer", &Checker::flag},
};

void Checker::unknown(const RecipeMember& member, std::span<const Rule> rules) const {
  std::vector<std::string_view> names;
  for (const auto& rule : rules) names.push_back(rule.name);
  const auto near = nearest(member.name, names);
  text_.refuse(member.at, "no such member",
               near ? fmt::format("did you mean \"{}\"?", *near)
                    : fmt::format("the members here are {}", fmt::join(names, ", ")));
}

void Checker::members(const RecipeNode& node, std::span<const Rule> rules) const {
  for (const auto& member : *node.object()) {
    const auto rule = std::find_if(rules.begin(), rules.end(), [&](const Rule& r) { return r.name == member.name; });
    if (rule == rules.end()) unknown(member, rules);
    (this->*rule->check)(member.value);
  }
}

void Checker::args(const RecipeNode& node) const {
  const auto* members = object(node, "an object of arguments", R"(write {"NAME": "DEFAULT"}, or null for no default)");
  if (members == nullptr) return;
  for (const auto& member : *members) {
    if (!is_argument_name(member.name)) {
      text_.refuse(member.at, "not a name for an argument", "use letters, digits and _, and no digit first");
    }
    if (!member.value.is_null()) text(member.value);
  }
}

void Checker::inputs(const RecipeNode& node, std::span<const Rule> rules, std::string_view example, Each each) const {
  const auto* destinations = object(node, "an object of destinations", fmt::format("write {{{}}}", example));
  if (destinations == nullptr) return;
  for (const auto& member : *destinations) {
    if (!member.name.starts_with('/') && !member.name.starts_with("${")) {
      text_.refuse(member.at, "a destination that does not begin with /", fmt::format("write {}", example));
    }
    const auto* several = member.value.array();
    if (removed(member.value)) continue;
    if (several == nullptr || each == Each::one) {
      input(member.value, rules, example);
      continue;
    }
    if (several->empty()) text_.refuse(member.value.at, "no source", "name at least one, or leave the member out");
    for (const auto& one : *several) input(one, rules, example);
  }
}

void Checker::input(const RecipeNode& node, std::span<const Rule> rules, std::string_view example) const {
  if (node.string() != nullptr) return;
  if (node.object() == nullptr) {
    wrong_type(node, "a path or an object", fmt::format("write {}, or {{\"source\": ...}}", example));
  }
  members(node, rules);
}

void Checker::build(const RecipeNode& node) const {
  static const std::vector<Rule> kRules = {
      {"command", &Checker::command}, {"directory", &Checker::text}, {"env", &Checker::text_map}};
  if (object(node, "an object", R"(write {"command": ["go", "build", "-o", "{output}", "./cmd/server"]})") != nullptr)
    members(node, kRules);
}

void Checker::binaries(const RecipeNode& node) const {
  static const std::vector<Rule> kRules = {{"source", &Checker::text},    {"capabilities", &Checker::texts},
                                           {"anyBinary", &Checker::flag}, {"mode", &Checker::text},
                                           {"owner", &Checker::text},     {"build", &Checker::build}};
  inputs(node, kRules, R"("/usr/local/bin/server": "bin/server")", Each::one);
}

void Checker::files(const RecipeNode& node) const {
  static const std::vector<Rule> kRules = {{"from", &Checker::text},
                                           {"source", &Checker::text},
                                           {"mode", &Checker::text},
                                           {"owner", &Checker::text},
                                           {"ignore", &Checker::text}};
  inputs(node, kRules, R"("/etc/server/": "config/")", Each::one_or_more);
}

void Checker::user(const RecipeNode& node) const {
  static const std::vector<Rule> kRules = {
      {"name", &Checker::text}, {"uid", &Checker::number}, {"gid", &Checker::number}, {"group", &Checker::text},
      {"home", &Checker::text}, {"shell", &Checker::text}, {"create", &Checker::flag}};
  if (removed(node) || node.string() != nullptr) return;
  if (node.object() == nullptr) {
    wrong_type(node, "a user", R"(write "1001:1001", or {"name": "app", "uid": 1001, "create": true})");
  }
  members(node, kRules);
}

void Checker::healthcheck(const RecipeNode& node) const {
  static const std::vector<Rule> kRules = {{"test", &Checker::command},
                                           {"interval", &Checker::text},
                                           {"timeout", &Checker::text},
                                           {"startPeriod", &Checker::text},
                                           {"retries", &Checker::number}};
  if (removed(node) || (node.string() != nullptr && *node.string() == "NONE")) return;
  if (node.object() == nullptr) {
    wrong_type(node, "a health check", R"(write {"test": ["CMD", "/app", "health"], "interval": "30s"}, or "NONE")");
  }
  members(node, kRules);
}

void Checker::mounts(const RecipeNode& node) const {
  static const std::vector<Rule> kRules = {{"source", &Checker::text}, {"writable", &Checker::flag}};
  const auto* example = R"(write {"/src": "FOLDER"}, or {"/src": {"source": "FOLDER", "writable": true}})";
  const auto* targets = object(node, "an object of folders", example);
  if (targets == nullptr) return;
  for (const auto& target : *targets) {
    if (removed(target.value) || target.value.string() != nullptr) continue;
    if (object(target.value, "a folder, or an object", example) != nullptr) members(target.value, kRules);
  }
}

void Checker::sbom(const RecipeNode& node) const {
  static const std::vector<Rule> kRules = {{"formats", &Checker::texts},
                                           {"author", &Checker::text},
                                           {"supplier", &Checker::text},
                                           {"name", &Checker::text},
                                           {"attestations", &Checker::text}};
  if (node.array() != nullptr) return texts(node);
  const auto* example = R"(write ["spdx"], or {"formats": ["spdx"], "supplier": "Organization: NAME"})";
  if (object(node, "an array of formats, or an object", example) != nullptr) members(node, kRules);
}

void Checker::sign(const RecipeNode& node) const {
  static const std::vector<Rule> kRules = {{"key", &Checker::text}, {"passphraseFile", &Checker::text}};
  if (removed(node) || node.string() != nullptr) return;
  const auto* example = R"(write "release.key", "env:NAME", or {"key": "release.key", "passphraseFile": "FILE"})";
  if (object(node, "a key's file, or an object", example) != nullptr) members(node, kRules);
}

// What is in it is checked where policies are.
void Checker::policy(const RecipeNode& node) const {
  if (removed(node) || node.string() != nullptr) return;
  object(node, "a policy's file, or an object", R"(write "policy.json", or {"level": "recommended"})");
}

void Checker::profiles(const RecipeNode& node) const {
  const auto* profiles = object(node, "an object of profiles", R"(write {"dev": {...}, "prod": {...}})");
  const auto is_odd = [](char c) {
    return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
             c == '.');
  };
  for (const auto& member : *profiles) {
    const auto& name = member.name;
    if (name.empty() || name.size() > 64 || name.front() == '.' || name.front() == '-' ||
        std::any_of(name.begin(), name.end(), is_odd)) {
      text_.refuse(member.at, "not a name for a profile", "use up to 64 letters, digits, _, - and .");
    }
    Checker(text_, true).profile(member.value);
  }
}

void Checker::profile(const RecipeNode& node) const {
  if (node.object() == nullptr) wrong_type(node, "an object", "write what the profile changes as {...}; {} is nothing");
  auto rules = kImage;
  rules.push_back({"extends", &Checker::text});
  members(node, rules);
}

void Checker::recipe(const RecipeNode& node) const {
  if (node.object() == nullptr) wrong_type(node, "an object", R"(begin with {"base": "static", "binaries": {...}})");
  auto rules = kImage;
  rules.push_back({"$schema", &Checker::text});
  rules.push_back({"profiles", &Checker::profiles});
  members(node, rules);
}

}  // namespace

void check_shape(const RecipeText& text) { Checker(text, false).recipe(text.root); }

}  // namespace ociassemble
