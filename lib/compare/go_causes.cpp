// SPDX-License-Identifier: Apache-2.0
#include "compare/go_causes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace ociassemble {
namespace {

using CauseChanges = std::vector<CauseChange>;

constexpr std::array<std::string_view, 9> kLevels = {"GO386",    "GOAMD64", "GOARM",     "GOARM64", "GOMIPS",
                                                     "GOMIPS64", "GOPPC64", "GORISCV64", "GOWASM"};
constexpr std::array<std::string_view, 4> kCgoFlags = {"CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_LDFLAGS"};
// A toolchain's own: another one has others, or records more of them.
constexpr std::array<std::string_view, 5> kOfToolchain = {"DefaultGODEBUG", "GOEXPERIMENT", "GOFIPS140", "-buildmode",
                                                          "-compiler"};

template <std::size_t N>
bool is_one_of(std::string_view key, const std::array<std::string_view, N>& keys) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

const GoModuleVersion& linked(const GoModule& module) {
  return module.replacement ? *module.replacement : module.required;
}

// "v1.2.3", "v1.2.3 => ../fork".
std::string version_of(const GoModule& module) {
  auto text = module.required.version;
  if (!module.replacement) return text;
  text += (text.empty() ? "=> " : " => ") + module.replacement->path;
  const auto& version = module.replacement->version;
  if (!version.empty() && version != "(devel)") text += " " + version;  // a folder has no version
  return text;
}

std::string version_with_sum(const GoModule& module) { return version_of(module) + " " + linked(module).sum; }

std::map<std::string, const GoModule*> by_path(const GoBuild& build) {
  std::map<std::string, const GoModule*> modules;
  for (const auto& module : build.dependencies) modules.emplace(module.required.path, &module);
  return modules;
}

// Where the same files lay in two folders: both of them. Nothing where the files are others, or lie where they lay.
std::optional<CauseChange> moved_folder(const std::vector<std::string>& before, const std::vector<std::string>& after) {
  if (before.size() != after.size()) return {};
  std::optional<CauseChange> folders;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const std::string_view left = before[i];
    const std::string_view right = after[i];
    if (left == right) continue;
    if (!folders) {
      const auto shorter = std::min(left.size(), right.size());
      std::size_t same = 0;
      for (std::size_t n = 1; n <= shorter && left[left.size() - n] == right[right.size() - n]; ++n) {
        if (left[left.size() - n] == '/') same = n;
      }
      if (same == 0) return {};
      folders = CauseChange{
          {}, std::string(left.substr(0, left.size() - same)), std::string(right.substr(0, right.size() - same))};
    }
    if (!left.starts_with(folders->before) || !right.starts_with(folders->after)) return {};
    if (left.substr(folders->before.size()) != right.substr(folders->after.size())) return {};
  }
  return folders;
}

class GoComparison {
 public:
  GoComparison(const GoSide& before, const GoSide& after)
      : a_(before), b_(after), left_(before.program.build), right_(after.program.build) {}

  void run(const std::string& path, CauseList& causes) {
    compare_record();
    compare_symbols();
    if (found_.empty()) compare_code();
    for (auto& [kind, changes, is_certain] : found_) causes.add(kind, std::move(changes), path, is_certain);
  }

 private:
  struct Found {
    CauseKind kind;
    CauseChanges changes;
    bool is_certain;
  };

  void add(CauseKind kind, CauseChanges changes = {}, bool is_certain = true) {
    found_.push_back({kind, std::move(changes), is_certain});
  }

  static std::string value(const GoBuild& build, std::string_view key) {
    const auto* found = build.setting(key);
    return found == nullptr ? std::string() : *found;
  }
  bool differs(std::string_view key) const { return value(left_, key) != value(right_, key); }
  bool is_on_both(std::string_view key) const {
    return left_.setting(key) != nullptr && right_.setting(key) != nullptr;
  }
  CauseChange change(std::string_view key) const { return {std::string(key), value(left_, key), value(right_, key)}; }
  void add_if_other(CauseKind kind, std::string_view key) {
    if (differs(key)) add(kind, {change(key)});
  }

  void compare_record() {
    other_toolchain_ = left_.go_version != right_.go_version;
    other_target_ = differs("GOOS") || differs("GOARCH");
    if (other_toolchain_) add(CauseKind::go_toolchain, {{{}, left_.go_version, right_.go_version}});
    if (other_target_) {
      const auto target = [](const GoBuild& build) { return value(build, "GOOS") + "/" + value(build, "GOARCH"); };
      add(CauseKind::go_platform, {{{}, target(left_), target(right_)}});
    }
    compare_levels();
    if (left_.path != right_.path) add(CauseKind::go_package, {{{}, left_.path, right_.path}});
    compare_commits();
    compare_modules();
    add_if_other(CauseKind::go_tags, "-tags");
    add_if_other(CauseKind::go_trimpath, "-trimpath");
    compare_flags();
    compare_settings();
  }

  void compare_levels() {
    if (other_target_) return;
    CauseChanges changes;
    for (const auto key : kLevels) {
      if (differs(key) && (!other_toolchain_ || is_on_both(key))) changes.push_back(change(key));
    }
    if (!changes.empty()) add(CauseKind::go_level, std::move(changes));
  }

  void compare_commits() {
    const bool left = left_.setting("vcs.revision") != nullptr;
    const bool right = right_.setting("vcs.revision") != nullptr;
    const auto count = found_.size();
    if (left != right) {
      add(CauseKind::go_vcs_stamp, {change("vcs.revision")});
    } else if (left) {
      if (differs("vcs.revision")) add(CauseKind::go_vcs_revision, {change("vcs.revision"), change("vcs.time")});
      add_if_other(CauseKind::go_vcs_modified, "vcs.modified");
    }
    other_commit_ = found_.size() != count;
  }

  void compare_modules() {
    // GOPATH mode records no modules at all.
    if (left_.main.has_value() != right_.main.has_value()) {
      const auto state = [](const GoBuild& build) { return std::string(build.main ? "recorded" : "not recorded"); };
      return add(CauseKind::go_setting, {{"modules", state(left_), state(right_)}});
    }
    CauseChanges added;
    CauseChanges removed;
    CauseChanges changed;
    // Go 1.24 makes a main module's version of its commit.
    if (left_.main && left_.main->required.path == right_.main->required.path && !other_commit_)
      compare_module(*left_.main, *right_.main, changed);
    const auto before = by_path(left_);
    const auto after = by_path(right_);
    for (const auto& [path, module] : before) {
      if (const auto found = after.find(path); found != after.end()) {
        compare_module(*module, *found->second, changed);
      } else {
        removed.push_back({path, version_of(*module), {}});
      }
    }
    for (const auto& [path, module] : after) {
      if (before.count(path) == 0) added.push_back({path, {}, version_of(*module)});
    }
    if (!added.empty()) add(CauseKind::go_module_added, std::move(added));
    if (!removed.empty()) add(CauseKind::go_module_removed, std::move(removed));
    if (!changed.empty()) add(CauseKind::go_module_changed, std::move(changed));
    if (has_sums_on_one_side_) add(CauseKind::go_module_sums, {{{}, sums_before_, sums_after_}});
  }

  void compare_module(const GoModule& before, const GoModule& after, CauseChanges& changed) {
    const auto& left = linked(before);
    const auto& right = linked(after);
    if (version_of(before) != version_of(after)) {
      changed.push_back({before.required.path, version_of(before), version_of(after)});
    } else if (left.sum.empty() != right.sum.empty()) {
      has_sums_on_one_side_ = true;
      sums_before_ = left.sum.empty() ? "not recorded" : "recorded";
      sums_after_ = right.sum.empty() ? "not recorded" : "recorded";
    } else if (left.sum != right.sum) {
      changed.push_back({before.required.path, version_with_sum(before), version_with_sum(after)});
    }
  }

  // -trimpath keeps flags that may hold paths from being recorded (golang/go#52372).
  bool hides_flags(const GoBuild& build) const { return value(build, "-trimpath") == "true"; }

  void compare_flags() {
    const bool is_hidden = hides_flags(left_) || hides_flags(right_);
    // Go before 1.19 recorded them all the same.
    if (differs("-ldflags") && (!is_hidden || is_on_both("-ldflags")))
      add(CauseKind::go_link_flags, {change("-ldflags")});
    if (differs("CGO_ENABLED") && !other_target_) return add(CauseKind::go_cgo, {change("CGO_ENABLED")});
    CauseChanges changes;
    for (const auto key : kCgoFlags) {
      if (differs(key) && is_on_both(key)) changes.push_back(change(key));
    }
    if (!changes.empty()) add(CauseKind::go_cgo, std::move(changes));
  }

  void compare_settings() {
    std::set<std::string_view> keys;
    for (const auto* build : {&left_, &right_}) {
      for (const auto& [key, unused] : build->settings) keys.insert(key);
    }
    CauseChanges changes;
    for (const auto key : keys) {
      if (differs(key) && !is_told(key)) changes.push_back(change(key));
    }
    const auto mode = [](const GoSide& side) {
      return std::string(side.program.is_position_independent ? "pie" : "exe");
    };
    if (mode(a_) != mode(b_) && (!differs("-buildmode") || is_told("-buildmode")))
      changes.push_back({"-buildmode", mode(a_), mode(b_)});
    if (!changes.empty()) add(CauseKind::go_setting, std::move(changes));
  }

  // Whether a setting has a cause of its own, or follows from one.
  bool is_told(std::string_view key) const {
    if (key == "GOOS" || key == "GOARCH" || key == "-tags" || key == "-trimpath" || key == "-ldflags") return true;
    if (key == "CGO_ENABLED" || is_one_of(key, kCgoFlags) || is_one_of(key, kLevels)) return true;
    if (key == "vcs.time") return other_commit_;
    if (key == "vcs" || key == "vcs.revision" || key == "vcs.modified") return true;
    return other_toolchain_ && is_one_of(key, kOfToolchain) && (!is_on_both(key) || key == "DefaultGODEBUG");
  }

  void compare_symbols() {
    const auto& left = a_.program;
    const auto& right = b_.program;
    if (left.has_symbols == right.has_symbols && (left.has_debug_info == right.has_debug_info || other_toolchain_))
      return;
    // Recorded flags that take them are the cause.
    const auto is_flags = [](const Found& found) { return found.kind == CauseKind::go_link_flags; };
    if (std::any_of(found_.begin(), found_.end(), is_flags)) return;
    const auto state = [](const GoProgram& program) {
      return std::string(program.has_symbols ? program.has_debug_info ? "with symbols" : "without debug information"
                         : program.has_debug_info ? "without symbols"
                                                  : "stripped");
    };
    add(CauseKind::go_stripped, {{{}, state(left), state(right)}});
  }

  // What is recorded is the same.
  void compare_code() {
    const auto& left = a_.program.build_id;
    const auto& right = b_.program.build_id;
    if (a_.code.without_ids == b_.code.without_ids)
      return add(CauseKind::go_build_id, {{{}, left ? left->text : "", right ? right->text : ""}});
    if (left && right && !left->main_action.empty() && left->text == right->text) return add(CauseKind::go_edited);
    const bool same_text = a_.code.text == b_.code.text;
    const bool same_size = a_.code.text_size == b_.code.text_size;
    if (auto folder = moved_folder(a_.code.files, b_.code.files)) {
      add(CauseKind::go_folder, {std::move(*folder)}, same_text);
      if (!same_size) add(CauseKind::go_code);
      return;
    }
    // -trimpath hides the linker's flags. They leave the main package as it is, and all functions.
    const bool is_hidden = hides_flags(left_) && hides_flags(right_);
    const bool has_parts = left && right && !left->main_content.empty() && !right->main_content.empty();
    const bool same_main =
        has_parts && left->main_action == right->main_action && left->main_content == right->main_content;
    if (is_hidden && (same_main || !has_parts) && a_.program.is_static != b_.program.is_static) {
      const auto linkage = [](const GoSide& side) { return side.program.is_static ? "static" : "dynamic"; };
      return add(CauseKind::go_link_flags, {{"linkage", linkage(a_), linkage(b_)}}, has_parts);
    }
    const bool same_functions = same_text || (same_size && a_.code.functions == b_.code.functions);
    const bool may_be_same_code = has_parts ? same_main && same_functions : same_functions;
    if (!is_hidden || !may_be_same_code) return add(CauseKind::go_code);
    add(CauseKind::go_link_flags, {}, same_main && same_text);
  }

  const GoSide& a_;
  const GoSide& b_;
  const GoBuild& left_;
  const GoBuild& right_;
  std::vector<Found> found_;
  bool other_toolchain_ = false;
  bool other_target_ = false;
  bool other_commit_ = false;
  bool has_sums_on_one_side_ = false;
  std::string sums_before_;
  std::string sums_after_;
};

}  // namespace

void compare_go_programs(const std::string& path, const GoSide& before, const GoSide& after, CauseList& causes) {
  GoComparison(before, after).run(path, causes);
}

}  // namespace ociassemble
