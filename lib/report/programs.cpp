// SPDX-License-Identifier: Apache-2.0
#include "report/programs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "base/escape.hpp"
#include "base/text.hpp"
#include "report/counted.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kShownReplacements = 3;

void line(std::string& text, std::string_view name, std::string_view value) {
  if (!value.empty()) text += fmt::format("{:<13}{}\n", name, value);
}

std::string value_of(const GoBuild& build, std::string_view key) {
  const auto* value = build.setting(key);
  return value == nullptr ? std::string() : *value;
}

std::string module_text(const GoModuleVersion& module) {
  return short_text(module.path) + (module.version.empty() ? "" : " " + short_text(module.version));
}

std::string origin_of(const GoBuild& build) {
  auto text = short_text(build.go_version);
  if (build.main) {
    text += ", " + module_text(build.main->required);
    if (build.path != build.main->required.path && !build.path.empty()) text += ", package " + short_text(build.path);
  } else if (!build.path.empty()) {
    text += ", " + short_text(build.path);
  }
  return text;
}

std::string commit_of(const GoBuild& build) {
  const auto revision = value_of(build, "vcs.revision");
  if (revision.empty()) return {};
  auto text = "commit " + short_text(revision);
  if (const auto time = value_of(build, "vcs.time"); !time.empty()) text += " of " + short_text(time);
  if (value_of(build, "vcs.modified") == "true") text += ", with changes that are not committed";
  return text;
}

bool is_told_elsewhere(std::string_view key) {
  return key == "vcs" || key.starts_with("vcs.") || key == "GOOS" || key == "GOARCH";
}

// What else decides over a build; not what every build of this kind has.
std::string settings_of(const GoBuild& build) {
  std::string text;
  for (const auto& [key, value] : build.settings) {
    if (is_told_elsewhere(key) || value.empty() || (key == "-compiler" && value == "gc")) continue;
    text += (text.empty() ? "" : " ") + short_text(key) + "=" + shell_word(short_text(value));
  }
  return text;
}

std::string dependencies_of(const GoBuild& build) {
  if (build.dependencies.empty()) return {};
  std::size_t replaced = 0;
  std::string names;
  for (const auto& module : build.dependencies) {
    if (!module.replacement || ++replaced > kShownReplacements) continue;
    names += (names.empty() ? ": " : ", ") + module_text(module.required) + " => " + module_text(*module.replacement);
  }
  auto text = counted(build.dependencies.size(), "module");
  if (replaced == 0) return text;
  return fmt::format("{}, {} replaced{}{}", text, replaced, names, replaced > kShownReplacements ? ", …" : "");
}

std::string form_of(const GoProgram& program) {
  std::string text = program.is_static ? "static" : "dynamic";
  if (program.is_position_independent) text += ", position-independent";
  if (program.uses_cgo) text += ", uses cgo";
  if (!program.has_symbols) text += ", stripped";
  if (program.has_symbols && !program.has_debug_info) text += ", without debug information";
  return text;
}

// "linux/amd64"; the architecture alone where the system is not recorded.
std::string platform_of(const ImageProgram& program) {
  const auto os = program.go ? value_of(program.go->build, "GOOS") : std::string();
  return os.empty() ? program.architecture : short_text(os) + "/" + program.architecture;
}

void print_module_version(JsonPrinter& json, const GoModuleVersion& module) {
  json.member("path", module.path);
  json.member("version", module.version);
  json.member("sum", module.sum);
}

void print_module(JsonPrinter& json, const GoModule& module) {
  json.begin_object();
  print_module_version(json, module.required);
  if (module.replacement) {
    json.key("replacement").begin_object();
    print_module_version(json, *module.replacement);
    json.end_object();
  }
  json.end_object();
}

void print_build_id(JsonPrinter& json, const GoBuildId& id) {
  json.key("buildId").begin_object();
  json.member("text", id.text);
  json.member("binaryAction", id.binary_action);
  json.member("mainAction", id.main_action);
  json.member("mainContent", id.main_content);
  json.member("binaryContent", id.binary_content);
  json.end_object();
}

void print_go(JsonPrinter& json, const GoProgram& program) {
  const auto& build = program.build;
  json.begin_object();
  json.member("version", build.go_version);
  json.member("path", build.path);
  if (build.main) print_module(json.key("module"), *build.main);
  json.key("dependencies").begin_array();
  for (const auto& module : build.dependencies) print_module(json, module);
  json.end_array();
  // Of a key that is there twice the first counts, as it does to us.
  json.member("settings", std::map<std::string, std::string>(build.settings.begin(), build.settings.end()));
  if (program.build_id) print_build_id(json, *program.build_id);
  json.member("static", program.is_static);
  json.member("positionIndependent", program.is_position_independent);
  json.member("stripped", !program.has_symbols);
  json.member("debugInfo", program.has_debug_info);
  json.member("cgo", program.uses_cgo);
  json.end_object();
}

}  // namespace

std::string describe_programs(const ImagePrograms& programs) {
  std::string text;
  for (const auto& program : programs.programs) {
    line(text, program.go ? "Go program" : "Program",
         fmt::format("/{} ({}, {})", short_text(program.path), platform_of(program), format_size(program.size)));
    if (!program.go) {
      line(text, "", "packed by UPX: nothing can be read of it");
      continue;
    }
    line(text, "", origin_of(program.go->build));
    line(text, "", commit_of(program.go->build));
    line(text, "", settings_of(program.go->build));
    line(text, "", dependencies_of(program.go->build));
    line(text, "", form_of(*program.go));
    if (program.go->build_id) line(text, "", "build ID " + short_text(program.go->build_id->text));
  }
  if (programs.left_out != 0) line(text, "", fmt::format("… {} more are left out", programs.left_out));
  return text;
}

void print_programs(JsonPrinter& json, const ImagePrograms& programs) {
  json.key("programs").begin_array();
  for (const auto& program : programs.programs) {
    json.begin_object();
    json.member("path", "/" + program.path);
    json.member("layer", std::uint64_t{program.layer});
    json.member("mode", fmt::format("{:04o}", program.mode));
    json.member("size", program.size);
    json.member("digest", program.digest.to_string());
    json.member("architecture", program.architecture);
    json.member("packed", !program.go);
    if (program.go) print_go(json.key("go"), *program.go);
    json.end_object();
  }
  json.end_array();
  json.member("programsLeftOut", std::uint64_t{programs.left_out});
}

}  // namespace ociassemble
