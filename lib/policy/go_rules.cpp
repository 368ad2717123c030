// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "policy/go_version.hpp"
#include "policy/patterns.hpp"
#include "policy/rule_judges.hpp"
#include "policy/unpacked_image.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kLargestGoSum = std::size_t{64} << 20U;

// Calls for each Go program; one that is packed is not judged.
template <class Use>
void for_each_go_program(const RuleContext& context, const Use& use) {
  const auto& files = context.facts().files();
  files.for_each_program([&](const std::string& path, const Tree::Node& node) {
    const auto& program = files.detail_of(node).program;
    if (program->elf && program->elf->traits.is_packed) {
      context.not_judged(path, fmt::format("how {} was built is not known: it is packed by UPX", printable(path)),
                         "take the program as it was linked: layers are compressed");
    } else if (program->go) {
      use(path, *program->go);
    }
  });
}

std::string setting_of(const GoProgram& program, std::string_view key) {
  const auto* value = program.build.setting(key);
  return value == nullptr ? std::string() : *value;
}

// Settings are recorded from Go 1.18 on.
bool records_settings(const GoProgram& program) {
  const auto version = GoVersion::parse(program.build.go_version);
  return !program.build.settings.empty() || !version || version->major > 1 || version->minor >= 18;
}

void settings_not_judged(const RuleContext& context, const std::string& path) {
  context.not_judged(path, fmt::format("how {} was built is not known: its Go records no settings", printable(path)),
                     "build it with Go 1.18 or later");
}

// What was linked: the replacement where there is one.
const GoModuleVersion& linked_version(const GoModule& module) {
  return module.replacement ? *module.replacement : module.required;
}

bool has_module_list(const GoProgram& program) { return program.build.main.has_value(); }

void modules_not_judged(const RuleContext& context, const std::string& path) {
  context.not_judged(path, fmt::format("{} does not say which modules are in it", printable(path)),
                     "build it in module mode (GO111MODULE=on, with a go.mod)");
}

std::string name_of_module(const GoModuleVersion& module) {
  return module.version.empty() ? module.path : module.path + " " + module.version;
}

// "PATH VERSION" -> "h1:…" of a go.sum; lines about go.mod files are left out.
std::map<std::string, std::string> read_go_sum(const std::string& file) {
  const auto text = read_file(file, kLargestGoSum);
  std::map<std::string, std::string> sums;
  for (std::string_view rest = text; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto first = line.find(' ');
    const auto second = first == std::string_view::npos ? first : line.find(' ', first + 1);
    if (second == std::string_view::npos || line.substr(0, second).ends_with("/go.mod")) continue;
    auto sum = line.substr(second + 1);
    if (sum.ends_with('\r')) sum.remove_suffix(1);
    sums.emplace(line.substr(0, second), sum);
  }
  return sums;
}

std::string words_of_version(const GoVersion& version) {
  auto text = fmt::format("go{}.{}", version.major, version.minor);
  if (version.stage != 2) return text + (version.stage == 0 ? "beta" : "rc") + std::to_string(version.stage_number);
  // Before 1.21 a first release had no patch.
  return version.patch == 0 && version.minor < 21 ? text : text + "." + std::to_string(version.patch);
}

unsigned amd64_level(std::string_view text) {
  return text.size() == 2 && text[0] == 'v' && text[1] >= '1' && text[1] <= '4' ? static_cast<unsigned>(text[1] - '0')
                                                                                : 0;
}

GoVersion wanted_version(const std::string& text, std::string_view option) {
  const auto version = GoVersion::parse(text);
  if (version) return *version;
  throw Error(ErrorCode::invalid_argument,
              fmt::format("cannot use the rule go-version: {} {} is no version of Go", option, printable(text)),
              "write it as 1.24.6");
}

}  // namespace

void judge_go_version(const RuleContext& context) {
  std::optional<GoVersion> least;
  if (const auto text = context.text("atLeast")) least = wanted_version(*text, "atLeast");
  const auto exact = context.text("exactly");
  if (const auto file = context.text("goMod")) {
    const auto text = context.with_file_of("goMod", [&] { return read_file(*file, kLargestGoSum); });
    const auto version = version_in_go_mod(text);
    if (!version) {
      throw Error(ErrorCode::invalid_argument,
                  fmt::format("cannot use {}: it has no line \"go\" or \"toolchain\"", *file), "name a go.mod file");
    }
    if (!least || *least < *version) least = version;
  }
  for_each_go_program(context, [&](const std::string& path, const GoProgram& program) {
    const auto& text = program.build.go_version;
    const auto version = GoVersion::parse(text);
    if (!version) {
      return context.not_judged(
          path, fmt::format("{} was built with {}, which is no release", printable(path), printable(text)),
          "build it with a release of Go");
    }
    if (exact && *version != wanted_version(*exact, "exactly")) {
      return context.fail_file(path, fmt::format("{} was built with {}", printable(path), printable(text)),
                               fmt::format("build it with Go {}", printable(*exact)));
    }
    if (least && *version < *least)
      context.fail_file(path, fmt::format("{} was built with {}", printable(path), printable(text)),
                        fmt::format("build it with {} or later", words_of_version(*least)));
  });
}

void judge_go_cgo(const RuleContext& context) {
  for_each_go_program(context, [&](const std::string& path, const GoProgram& program) {
    if (program.uses_cgo)
      return context.fail_file(path, fmt::format("{} uses cgo", printable(path)), "build it with CGO_ENABLED=0");
    if (setting_of(program, "CGO_ENABLED") == "1")
      return context.fail_file(
          path, fmt::format("{} was built with CGO_ENABLED=1, though nothing in it uses cgo", printable(path)),
          "build it with CGO_ENABLED=0");
    if (!records_settings(program)) settings_not_judged(context, path);
  });
}

void judge_go_trimpath(const RuleContext& context) {
  for_each_go_program(context, [&](const std::string& path, const GoProgram& program) {
    if (!records_settings(program)) return settings_not_judged(context, path);
    if (setting_of(program, "-trimpath") != "true")
      context.fail_file(path, fmt::format("{} was built without -trimpath", printable(path)),
                        "build it with -trimpath, so that the folder that it is built in does not count");
  });
}

void judge_go_vcs(const RuleContext& context) {
  for_each_go_program(context, [&](const std::string& path, const GoProgram& program) {
    if (!records_settings(program)) return settings_not_judged(context, path);
    if (setting_of(program, "vcs.modified") == "true")
      return context.fail_file(path, fmt::format("{} was built with changes that are not committed", printable(path)),
                               "commit them, and build from a clean work tree");
    const bool has_version = program.build.main && !program.build.main->required.version.empty() &&
                             program.build.main->required.version != "(devel)";
    if (setting_of(program, "vcs.revision").empty() && !has_version)
      context.fail_file(path, fmt::format("{} does not say which commit it was built from", printable(path)),
                        "build it in its repository, with -buildvcs=true");
  });
}

void judge_go_sums(const RuleContext& context) {
  const auto file = context.text("goSum");
  const auto sums =
      file ? context.with_file_of("goSum", [&] { return read_go_sum(*file); }) : std::map<std::string, std::string>();
  for_each_go_program(context, [&](const std::string& path, const GoProgram& program) {
    if (!has_module_list(program)) return modules_not_judged(context, path);
    for (const auto& dependency : program.build.dependencies) {
      const auto& module = linked_version(dependency);
      const auto name = printable(name_of_module(module));
      const auto add = [&](std::string reason, std::string remedy) {
        context.add({.subject = module.path, .reason = std::move(reason), .remedy = std::move(remedy), .path = path});
      };
      if (dependency.replacement && module.version.empty()) {
        add(fmt::format("{} has {} from a folder, in the place of {}", printable(path), name,
                        printable(name_of_module(dependency.required))),
            "publish the module, and replace it by a version");
      } else if (!module.sum.starts_with("h1:")) {
        add(fmt::format("{} has {} without a checksum", printable(path), name),
            "build it with modules of a proxy (not -mod=vendor), so that go.sum is checked");
      } else if (file) {
        const auto known = sums.find(module.path + " " + module.version);
        if (known == sums.end()) {
          add(fmt::format("{} has {}, which {} does not name", printable(path), name, printable(*file)),
              "build it with this go.sum");
        } else if (known->second != module.sum) {
          add(fmt::format("{} has {} with another checksum than {}", printable(path), name, printable(*file)),
              "find out where the module came from: its contents are not those of go.sum");
        }
      }
    }
  });
}

void judge_go_modules(const RuleContext& context) {
  const auto allowed = context.texts("allow");
  const auto denied = context.texts("deny");
  for_each_go_program(context, [&](const std::string& path, const GoProgram& program) {
    if (!has_module_list(program)) return modules_not_judged(context, path);
    for (const auto& dependency : program.build.dependencies) {
      const auto& module = linked_version(dependency);
      const auto matches = [&](const std::string& pattern) {
        return matches_pattern(pattern, module.path) || matches_pattern(pattern, module.path + "@" + module.version);
      };
      const bool is_denied = std::any_of(denied.begin(), denied.end(), matches);
      const bool is_allowed = allowed.empty() || std::any_of(allowed.begin(), allowed.end(), matches);
      if (is_allowed && !is_denied) continue;
      context.add({.subject = module.path,
                   .reason = fmt::format("{} has {}, which {}", printable(path), printable(name_of_module(module)),
                                         is_denied ? "is denied" : "is not allowed"),
                   .remedy = "do without the module, or let the policy allow it",
                   .path = path});
    }
  });
}

void judge_go_buildmode(const RuleContext& context) {
  auto allowed = context.texts("allow");
  if (allowed.empty()) allowed = {"exe", "pie"};
  for_each_go_program(context, [&](const std::string& path, const GoProgram& program) {
    auto mode = setting_of(program, "-buildmode");
    if (mode.empty()) mode = program.is_position_independent ? "pie" : "exe";  // Go before 1.21 does not record it
    if (std::find(allowed.begin(), allowed.end(), mode) != allowed.end()) return;
    context.fail_file(path, fmt::format("{} was built with -buildmode={}", printable(path), printable(mode)),
                      fmt::format("build it with -buildmode={}", printable(allowed.front())));
  });
}

void judge_go_cpu(const RuleContext& context) {
  const auto amd64 = amd64_level(context.text("amd64").value_or("v1"));
  if (amd64 == 0)
    throw Error(ErrorCode::invalid_argument, "cannot use the rule go-cpu: amd64 is not v1, v2, v3 or v4",
                "write \"amd64\": \"v2\"");
  for_each_go_program(context, [&](const std::string& path, const GoProgram& program) {
    const auto wanted = amd64_level(setting_of(program, "GOAMD64"));
    if (wanted > amd64)
      context.fail_file(path, fmt::format("{} needs processors of GOAMD64=v{}", printable(path), wanted),
                        fmt::format("build it with GOAMD64=v{}", amd64));
  });
}

void judge_go_stripped(const RuleContext& context) {
  const bool wants_stripped = context.text("stripped").value_or("true") == "true";
  for_each_go_program(context, [&](const std::string& path, const GoProgram& program) {
    const bool is_stripped = !program.has_symbols && !program.has_debug_info;
    if (is_stripped == wants_stripped) return;
    context.fail_file(
        path,
        fmt::format("{} {}", printable(path),
                    wants_stripped ? "has symbols or debug information" : "has no symbols or no debug information"),
        wants_stripped ? "link it with -ldflags='-s -w'" : "link it without -ldflags='-s -w'");
  });
}

}  // namespace ociassemble
