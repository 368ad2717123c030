// SPDX-License-Identifier: Apache-2.0
#include "attest/go_components.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "attest/purl.hpp"
#include "ociassemble/error.hpp"
#include "spec/timestamp.hpp"

namespace ociassemble {
namespace {

constexpr std::string_view kDevelopment = "(devel)";
constexpr std::size_t kRevisionInVersion = 12;
// Hosts whose repositories belong to accounts.
constexpr std::array<std::string_view, 5> kForges{"github.com", "gitlab.com", "bitbucket.org", "codeberg.org",
                                                  "git.sr.ht"};

// Who publishes a module, by its path: "github.com/spf13", "golang.org"; empty for a path that begins with no host.
std::string publisher_of(std::string_view path) {
  const auto host = path.substr(0, path.find('/'));
  if (host.find('.') == std::string_view::npos) return {};
  if (std::find(kForges.begin(), kForges.end(), host) == kForges.end()) return std::string(host);
  return std::string(path.substr(0, path.find('/', std::min(host.size() + 1, path.size()))));
}

BomComponent module_component(std::string_view path, std::string_view version, std::string_view sum,
                              std::string_view owner) {
  if (version == kDevelopment) version = {};
  BomComponent component{.kind = BomComponent::Kind::go_module,
                         .name = std::string(path),
                         .version = std::string(version),
                         .purl = make_purl("golang", path, version),
                         .supplier = publisher_of(path),
                         .go_sum = std::string(sum)};
  component.id = bom_id("GoModule", path, fmt::format("{}\n{}\n{}", component.purl, sum, owner));
  return component;
}

// "2024-05-06T07:08:09Z" -> "20240506070809"; empty for what is no time.
std::string digits_of_time(const std::string& text) {
  try {
    std::string digits;
    for (const char c : format_timestamp(parse_time(text))) {
      if (c >= '0' && c <= '9') digits += c;
    }
    return digits;
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

std::string main_module_version(const GoBuild& build) {
  if (!build.main) return {};
  const auto& version = build.main->required.version;
  if (version != kDevelopment) return version;
  const auto* revision = build.setting("vcs.revision");
  const auto* time = build.setting("vcs.time");
  if (revision == nullptr || time == nullptr || revision->size() < kRevisionInVersion) return {};
  const auto digits = digits_of_time(*time);
  return digits.empty() ? std::string() : fmt::format("v0.0.0-{}-{}", digits, revision->substr(0, kRevisionInVersion));
}

std::string go_release(std::string_view go_version) {
  constexpr std::string_view kUnreleased = "devel ";
  if (go_version.starts_with(kUnreleased)) go_version.remove_prefix(kUnreleased.size());
  if (go_version.starts_with("go")) go_version.remove_prefix(2);
  go_version = go_version.substr(0, go_version.find(' '));
  return std::string(go_version.substr(0, go_version.find("-X:")));
}

void GoComponents::add(const InstalledProgram& program) {
  const auto path = "/" + program.path;
  BomComponent component{.kind = BomComponent::Kind::go_program,
                         .id = bom_program_id(path),
                         .name = path.substr(path.rfind('/') + 1),
                         .version = main_module_version(*program.build),
                         .path = path,
                         .sha256 = program.digest.hex()};
  const auto id = component.id;
  contains_.emplace_back(whole_, id);
  components_.emplace(id, std::move(component));
  const auto main = add_main(program);
  if (!main.empty()) contains_.emplace_back(id, main);
  const auto& user = main.empty() ? id : main;
  for (const auto& module : program.build->dependencies) depends_on_.emplace_back(user, add_module(module));
  depends_on_.emplace_back(user, add_standard_library(*program.build));
}

void GoComponents::take(Bom& bom) && {
  for (auto& [id, component] : components_) bom.components.push_back(std::move(component));
  bom.contains.insert(bom.contains.end(), contains_.begin(), contains_.end());
  bom.depends_on.insert(bom.depends_on.end(), depends_on_.begin(), depends_on_.end());
}

// Each program has a main module of its own: two builds of one version may be linked from other modules.
std::string GoComponents::add_main(const InstalledProgram& program) {
  if (!program.build->main || program.build->main->required.path.empty()) return {};
  auto component = module_component(program.build->main->required.path, main_module_version(*program.build),
                                    program.build->main->required.sum, program.path);
  return components_.emplace(component.id, component).first->first;
}

// What was linked: the replacement where that is a module, else the module itself, whose version a local folder hides.
std::string GoComponents::add_module(const GoModule& module) {
  const auto& replacement = module.replacement;
  const bool is_local = replacement && replacement->version.empty();
  const auto& linked = replacement && !is_local ? *replacement : module.required;
  auto component = is_local ? module_component(linked.path, {}, {}, {})
                            : module_component(linked.path, linked.version, linked.sum, {});
  return components_.emplace(component.id, component).first->first;
}

std::string GoComponents::add_standard_library(const GoBuild& build) {
  const auto version = go_release(build.go_version);
  auto component = module_component("stdlib", version, {}, {});
  component.supplier = "Go";
  component.license = "BSD-3-Clause";
  const bool is_plain = version.find_first_not_of("0123456789.abcdefghijklmnopqrstuvwxyz") == std::string::npos;
  if (is_plain && !version.empty()) component.cpe = fmt::format("cpe:2.3:a:golang:go:{}:-:*:*:*:*:*:*", version);
  return components_.emplace(component.id, component).first->first;
}

}  // namespace ociassemble
