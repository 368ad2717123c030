// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/recipe.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "base/file_status.hpp"
#include "base/text.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "recipe/arguments.hpp"
#include "recipe/base_variables.hpp"
#include "recipe/members.hpp"
#include "recipe/merge_patch.hpp"
#include "recipe/recipe_text.hpp"
#include "recipe/shape.hpp"

namespace ociassemble {

struct Recipe::Document {
  std::filesystem::path file;
  RecipeText text;
};

namespace {

namespace fs = std::filesystem;
using Settings = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kMaxFile = std::size_t{8} << 20U;

const RecipeNode::Object& profiles_of(const RecipeText& text) {
  static const RecipeNode::Object kNone;
  const auto* profiles = text.root.find("profiles");
  return profiles == nullptr ? kNone : *profiles->object();
}

std::string profile_remedy(const RecipeText& text, std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto& profile : profiles_of(text)) names.emplace_back(profile.name);
  if (names.empty()) return "add \"profiles\" to the recipe";
  if (const auto near = nearest(name, names)) return fmt::format("did you mean {}?", *near);
  return fmt::format("the profiles are {}", fmt::join(names, ", "));
}

const RecipeNode& profile_named(const RecipeText& text, const std::string& name) {
  for (const auto& profile : profiles_of(text)) {
    if (profile.name == name) return profile.value;
  }
  const auto* profiles = text.root.find("profiles");
  text.refuse(profiles == nullptr ? text.root.at : profiles->at, "profiles",
              fmt::format("no profile is called {}", printable(name)), profile_remedy(text, name));
}

// The profile and those that it extends, the lowest first.
std::vector<const RecipeNode*> chain_of(const RecipeText& text, const std::string& profile) {
  std::vector<const RecipeNode*> chain;
  const auto* node = &profile_named(text, profile);
  while (true) {
    chain.insert(chain.begin(), node);
    const auto* extends = node->find("extends");
    if (extends == nullptr || extends->is_null()) return chain;
    const auto& names = profiles_of(text);
    const auto next =
        std::find_if(names.begin(), names.end(), [&](const auto& member) { return member.name == *extends->string(); });
    if (next == names.end()) {
      text.refuse(extends->at, fmt::format("no profile is called {}", printable(*extends->string())),
                  profile_remedy(text, *extends->string()));
    }
    if (std::find(chain.begin(), chain.end(), &next->value) != chain.end()) {
      text.refuse(extends->at, "the profiles extend each other in a circle", "leave this \"extends\" out");
    }
    node = &next->value;
  }
}

RecipeNode without(RecipeNode recipe, std::initializer_list<std::string_view> names) {
  auto& members = std::get<RecipeNode::Object>(recipe.data);
  std::erase_if(members, [&](const RecipeMember& member) {
    return std::find(names.begin(), names.end(), member.name) != names.end();
  });
  return recipe;
}

// The recipe without a profile, then with each profile of the chain laid over what is before.
std::vector<RecipeNode> stages_of(const RecipeText& text, const std::string& profile) {
  std::vector<RecipeNode> stages = {without(text.root, {"profiles", "$schema"})};
  if (profile.empty()) return stages;
  for (const auto* patch : chain_of(text, profile))
    stages.push_back(merge_patch(stages.back(), without(*patch, {"extends"})));
  return stages;
}

// A setting must be for an argument that somebody declares: of another profile is good enough, since all may be built
// at once.
void check_settings(const RecipeText& text, const Settings& settings) {
  std::set<std::string_view> names;
  const auto collect = [&](const RecipeNode& recipe) {
    const auto* args = recipe.find("args");
    if (args == nullptr || args->is_null()) return;
    for (const auto& member : *args->object()) names.insert(member.name);
  };
  collect(text.root);
  for (const auto& profile : profiles_of(text)) collect(profile.value);
  for (const auto& [name, value] : settings) {
    if (names.count(name) != 0) continue;
    const std::vector<std::string_view> known(names.begin(), names.end());
    const auto near = nearest(name, known);
    throw Error(ErrorCode::invalid_argument,
                fmt::format("cannot set {}: {} has no such argument", printable(name), text.file),
                near            ? fmt::format("did you mean {}?", *near)
                : known.empty() ? "it has none; add \"args\" to it"
                                : fmt::format("it has {}", fmt::join(known, ", ")));
  }
}

std::vector<Platform> narrow(const std::vector<Platform>& named, const std::vector<Platform>& wanted,
                             const std::string& file) {
  if (wanted.empty()) return named;
  std::vector<Platform> chosen;
  for (const auto& platform : wanted) {
    const auto normal = platform.normalised();
    if (!named.empty() && std::find(named.begin(), named.end(), normal) == named.end()) {
      std::vector<std::string> texts;
      texts.reserve(named.size());
      for (const auto& one : named) texts.push_back(one.to_string());
      throw Error(ErrorCode::invalid_argument,
                  fmt::format("cannot make an image for {}: {} does not name it", normal.to_string(), file),
                  fmt::format("it names {}", fmt::join(texts, ", ")));
    }
    if (std::find(chosen.begin(), chosen.end(), normal) == chosen.end()) chosen.push_back(normal);
  }
  return chosen;
}

std::vector<std::optional<Platform>> each_platform(const std::vector<Platform>& platforms) {
  if (platforms.empty()) return {std::nullopt};
  return {platforms.begin(), platforms.end()};
}

// An input that says too little by itself, before a profile completes it, belongs to the profile; so does a member
// whose arguments only the profile has.
RecipeNode complete_members(const RecipeNode& stage, const Arguments& arguments) {
  RecipeNode::Object complete;
  const auto keep = [&](RecipeNode::Object& into, const RecipeMember& member) {
    // With its name, which may hold arguments, too.
    const RecipeNode alone{RecipeNode::Object{member}, member.at};
    if (auto expanded = arguments.try_expand(alone))
      into.push_back(std::move(std::get<RecipeNode::Object>(expanded->data).front()));
  };
  for (const auto& member : *stage.object()) {
    if (member.name != "binaries" && member.name != "files") {
      keep(complete, member);
      continue;
    }
    RecipeNode::Object inputs;
    for (const auto& input : *member.value.object()) {
      const bool is_array = input.value.array() != nullptr;
      if (input.value.string() != nullptr || is_array || input.value.find("source") != nullptr) keep(inputs, input);
    }
    complete.push_back({member.name, member.at, {std::move(inputs), member.value.at}});
  }
  return {std::move(complete), stage.at};
}

// What the base sets is known when the image is made, and stands in the environment's values only.
void check_base_variables(const RecipeText& text, const RecipeNode& node, bool may_hold) {
  const auto refuse = [&](std::size_t at) {
    text.refuse(at, "a variable of the base, which is known for values of \"env\" only", "write its value");
  };
  if (node.string() != nullptr && !may_hold && holds_base_variable(*node.string())) refuse(node.at);
  if (node.array() != nullptr) {
    for (const auto& element : *node.array()) check_base_variables(text, element, false);
  }
  if (node.object() == nullptr) return;
  for (const auto& member : *node.object()) {
    if (holds_base_variable(member.name)) refuse(member.at);
    check_base_variables(text, member.value, may_hold);
  }
}

std::optional<std::string> place_in(const RecipeText& text, const Members::Places& places, ValueKind kind,
                                    const std::string& value) {
  const auto found = places.find(std::pair(kind, value));
  if (found == places.end()) return {};
  return fmt::format("{}: {}", text.place(found->second), text.member_at(found->second));
}

// Of "files" those inputs that are taken from images, with no member but what says so.
RecipeNode taken_inputs(const RecipeNode& files, const Arguments& arguments) {
  RecipeNode::Array taken;
  const auto take = [&](const RecipeNode& input) {
    if (input.object() == nullptr || input.find("from") == nullptr) return;
    RecipeNode::Object members;
    for (const auto& member : *input.object()) {
      if (member.name == "from" || member.name == "source")
        members.push_back({member.name, member.at, arguments.expand(member.value)});
    }
    taken.push_back({std::move(members), input.at});
  };
  for (const auto& member : *files.object()) {
    if (member.value.array() == nullptr) take(member.value);
    if (member.value.array() == nullptr) continue;
    for (const auto& one : *member.value.array()) take(one);
  }
  return {RecipeNode::Object{{std::string(), files.at, {std::move(taken), files.at}}}, files.at};
}

// What the gate on needs does while the image is made. It knows no exceptions: where there are some, the policy's rule
// judges the finished image.
Severity needs_level(const Policy& policy) {
  const bool has_exceptions = std::any_of(policy.exceptions.begin(), policy.exceptions.end(),
                                          [](const PolicyException& one) { return one.rule == "needs"; });
  return has_exceptions ? Severity::off : policy.level("needs");
}

}  // namespace

Recipe Recipe::parse(std::string_view text, const fs::path& file) {
  auto document = std::make_shared<Document>(Document{file, read_recipe_text(text, file.string())});
  check_shape(document->text);
  for (const auto& profile : profiles_of(document->text)) chain_of(document->text, profile.name);
  return Recipe(std::move(document));
}

Recipe Recipe::read(const fs::path& file) { return parse(read_file(file, kMaxFile), file); }

const fs::path& Recipe::file() const noexcept { return document_->file; }

std::vector<std::string> Recipe::profiles() const {
  std::vector<std::string> names;
  for (const auto& profile : profiles_of(document_->text)) names.push_back(profile.name);
  return names;
}

std::vector<std::string> Recipe::arguments() const {
  std::set<std::string> names;
  const auto add = [&](const RecipeNode& recipe) {
    const auto* args = recipe.find("args");
    if (args == nullptr || args->object() == nullptr) return;
    for (const auto& member : *args->object()) names.insert(member.name);
  };
  add(document_->text.root);
  for (const auto& profile : profiles_of(document_->text)) add(profile.value);
  return {names.begin(), names.end()};
}

void require_named_files(const AssembleOptions& options, const ResolvedRecipe& recipe) {
  const auto require = [&](const fs::path& path, std::string_view remedy) {
    if (path.empty() || !options.place_of || is_there(path)) return;
    const auto place = options.place_of(ValueKind::path, path.string());
    if (!place) return;
    throw Error(ErrorCode::not_found, fmt::format("{}: {} does not exist", *place, path.string()), std::string(remedy));
  };
  constexpr std::string_view kCorrect = "correct the path; a relative one is taken from the recipe's folder";
  const auto is_built = [&](const fs::path& path) {
    return std::ranges::any_of(recipe.builds, [&](const RecipeBuild& build) { return build.output == path; });
  };
  for (const auto& binary : options.contents.binaries) {
    require(binary.source,
            is_built(binary.source)
                ? "add --compile, which builds it, or build it first"
                : "build it first, or correct the path; a relative one is taken from the recipe's folder");
  }
  for (const auto& add : options.contents.adds) {
    require(add.image ? add.image->path : add.source, kCorrect);
    if (add.ignore) require(*add.ignore, kCorrect);
  }
  if (options.contents.ca_certificates) require(*options.contents.ca_certificates, kCorrect);
  if (options.contents.tzdata) require(*options.contents.tzdata, kCorrect);
  require(options.base.path, kCorrect);
}

ResolvedRecipe Recipe::resolve(const RecipeSettings& settings) const {
  const auto& text = document_->text;
  check_settings(text, settings.arguments);
  const auto stages = stages_of(text, settings.profile);
  const Arguments arguments(text, stages.back().find("args"), settings.arguments);
  const auto recipe = arguments.expand(without(stages.back(), {"args"}));
  for (const auto& member : *recipe.object()) check_base_variables(text, member.value, member.name == "env");
  const Members members(text, recipe, document_->file.parent_path());

  std::vector<RecipeNode> below;
  for (std::size_t i = 0; i + 1 < stages.size(); ++i) {
    const auto& stage = stages[i];
    below.push_back(
        complete_members(without(stage, {"args"}), Arguments(text, stage.find("args"), settings.arguments)));
  }
  ResolvedRecipe resolved;
  resolved.profile = settings.profile;
  resolved.tags = members.tags();
  resolved.sbom = members.sbom();
  resolved.policy = members.policy();
  resolved.provenance = members.provenance();
  resolved.signing = members.signing();
  resolved.platforms = narrow(members.platforms(), settings.platforms, text.file);
  for (const auto& platform : each_platform(resolved.platforms)) {
    const auto places = std::make_shared<Members::Places>();
    resolved.images.push_back(members.options(platform, *places));
    resolved.mounts = members.mounts(*places);
    resolved.images.back().place_of = [document = document_, places](ValueKind kind, const std::string& value) {
      return place_in(document->text, *places, kind, value);
    };
    if (resolved.policy) resolved.images.back().needs = needs_level(*resolved.policy);
    const auto builds = members.builds(platform);
    resolved.builds.insert(resolved.builds.end(), builds.begin(), builds.end());
    for (const auto& stage : below) {
      resolved.images.back().foundations.push_back(
          Members(text, stage, document_->file.parent_path()).contents(platform));
    }
  }
  return resolved;
}

RecipeNeeds Recipe::needs(const RecipeSettings& settings) const {
  constexpr std::array<std::string_view, 6> kNeeds{"base",        "baseName",       "platforms",
                                                   "compression", "caCertificates", "tzdata"};
  const auto& text = document_->text;
  check_settings(text, settings.arguments);
  const auto stage = stages_of(text, settings.profile).back();
  const Arguments arguments(text, stage.find("args"), settings.arguments);
  RecipeNode recipe{RecipeNode::Object{}, stage.at};
  for (const auto& member : *stage.object()) {
    auto& members = std::get<RecipeNode::Object>(recipe.data);
    if (member.name == "files") members.push_back({member.name, member.at, taken_inputs(member.value, arguments)});
    if (std::find(kNeeds.begin(), kNeeds.end(), member.name) == kNeeds.end()) continue;
    members.push_back({member.name, member.at, arguments.expand(member.value)});
  }
  const Members members(text, recipe, document_->file.parent_path());
  const auto platforms = narrow(members.platforms(), settings.platforms, text.file);
  RecipeNeeds needs{.compression = members.compression(),
                    .host_certificates = members.takes_from_host("caCertificates"),
                    .host_zones = members.takes_from_host("tzdata")};
  auto& bases = needs.bases;
  for (const auto& platform : each_platform(platforms)) {
    const auto location = members.base(platform);
    auto found = std::find_if(bases.begin(), bases.end(), [&](const auto& base) { return base.location == location; });
    if (found == bases.end())
      found = bases.insert(bases.end(), {location, {}, members.base_name(), members.base_place()});
    if (platform) found->platforms.push_back(*platform);
    for (auto& taken : members.taken_paths(platform)) {
      if (platform) taken.platforms = {*platform};
      needs.taken.push_back(std::move(taken));
    }
  }
  return needs;
}

}  // namespace ociassemble
