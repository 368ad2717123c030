// SPDX-License-Identifier: Apache-2.0
#include "gates/runs.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <set>
#include <utility>

#include "gates/glibc_version.hpp"
#include "gates/library_search.hpp"
#include "gates/musl_names.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMostLoaded = 2000;
constexpr std::size_t kMostObstacles = 50;

std::string last_name(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

// One start of a program: what is loaded so far, and what is found wrong.
class ProgramStartJudge {
 public:
  ProgramStartJudge(const ProgramStart& program, const RootFiles& root, const RootFile& loader, LoaderKind kind,
                    StartVerdict& verdict)
      : loader_(*loader.library), kind_(kind), search_(program, root, kind, loader_), verdict_(verdict) {
    loaded_.push_back({program.path, std::make_shared<const LibraryFacts>(program.facts), nullptr});
    by_path_[loader.path] = nullptr;
    if (loader_.dynamic.soname) by_name_[*loader_.dynamic.soname] = nullptr;
    by_name_[last_name(program.interpreter)] = nullptr;
    by_name_[program.interpreter] = nullptr;
  }

  void judge() {
    verdict_.default_folders = search_.default_folders();
    load_all();
    const bool is_complete = verdict_.obstacles.empty();
    for (const auto& file : loaded_) verdict_.x86_level = std::max(verdict_.x86_level, file.facts->x86_level);
    if (kind_ == LoaderKind::musl) return check_musl_symbols();
    verdict_.glibc_version = version_of_glibc();
    if (!is_complete) return;  // ld.so ends before it looks at versions
    for (const auto& file : loaded_) check_versions(file);
  }

 private:
  void report(StartFailure kind, std::string name, std::string library, const LoadedFile& by, std::string found) {
    if (verdict_.obstacles.size() == kMostObstacles) return;
    verdict_.obstacles.push_back({kind, std::move(name), std::move(library), by.path, std::move(found)});
  }

  // Breadth first, as loaders do. References to members of a deque stay.
  void load_all() {
    for (std::size_t i = 0; i < loaded_.size() && loaded_.size() < kMostLoaded; ++i) {
      for (const auto& name : loaded_[i].facts->dynamic.needed) load(name, loaded_[i]);
    }
  }

  void load(const std::string& name, const LoadedFile& by) {
    if (kind_ == LoaderKind::musl && is_musl_itself(name)) return;
    if (by_name_.count(name) != 0) return;
    auto result = search_.find(name, by);
    if (!result.unusable.empty()) report(StartFailure::bad_library, result.unusable, {}, by, result.cause);
    if (result.unusable.empty() && !result.file) report(StartFailure::no_library, name, {}, by, {});
    if (!result.file) {
      by_name_[name] = nullptr;  // said once
      return;
    }
    add(name, *result.file, by);
  }

  void add(const std::string& name, const RootFile& file, const LoadedFile& by) {
    const auto known = by_path_.find(file.path);
    if (known != by_path_.end()) {
      by_name_[name] = known->second;
      return;
    }
    if (file.library == nullptr) {
      verdict_.not_judged.push_back(file.path);
      opaque_.insert(name);
      by_name_[name] = nullptr;
      return;
    }
    loaded_.push_back({file.path, file.library, &by});
    const auto* added = &loaded_.back();
    by_path_[file.path] = added;
    by_name_[name] = added;
    if (added->facts->dynamic.soname) by_name_.try_emplace(*added->facts->dynamic.soname, added);
  }

  // The facts of the file that a version table names; null where it is not loaded or was not looked into.
  const LibraryFacts* facts_named(const std::string& name) const {
    const auto found = by_name_.find(name);
    if (found == by_name_.end() || opaque_.count(name) != 0) return nullptr;
    return found->second == nullptr ? &loader_ : found->second->facts.get();
  }

  std::string version_of_glibc() const {
    const auto* libc = facts_named("libc.so.6");
    return libc != nullptr ? libc->glibc_release : std::string();
  }

  void check_versions(const LoadedFile& file) {
    bool has_libc = false;
    bool knows_relr = false;
    for (const auto& need : file.facts->dynamic.version_needs) {
      has_libc = has_libc || need.library == "libc.so.6";
      knows_relr = knows_relr || need.version == "GLIBC_ABI_DT_RELR";
      check_version(file, need);
    }
    if (file.facts->dynamic.has_relative_relocations && has_libc && !knows_relr)
      report(StartFailure::no_version, "GLIBC_ABI_DT_RELR", file.path, file, {});
  }

  void check_version(const LoadedFile& file, const ElfVersionNeed& need) {
    const auto* target = facts_named(need.library);
    if (target == nullptr || need.is_weak) return;
    const auto& definitions = target->dynamic.version_definitions;
    if (!definitions) {
      // Without any versions ld.so only warns; without the table of the symbols' versions it gives up.
      if (!target->dynamic.has_symbol_versions) report(StartFailure::no_version, need.version, need.library, file, {});
      return;
    }
    if (std::find(definitions->begin(), definitions->end(), need.version) != definitions->end()) return;
    report(StartFailure::no_version, need.version, need.library, file,
           highest_version(*definitions, family_of_version(need.version)));
  }

  // A symbol whose version says that it comes from what is musl itself, or any where nothing else is loaded.
  void check_musl_symbols() {
    if (!verdict_.not_judged.empty()) return;
    const bool is_alone = loaded_.size() == 1;
    for (const auto& symbol : loaded_[0].facts->undefined) {
      if (!is_alone && (symbol.library.empty() || !is_musl_itself(symbol.library))) continue;
      if (musl_offers(loader_.musl_symbols, symbol.name)) continue;
      report(StartFailure::no_symbol, symbol.name, symbol.library, loaded_[0], {});
    }
  }

  const LibraryFacts& loader_;
  LoaderKind kind_;
  LibrarySearch search_;
  StartVerdict& verdict_;
  std::deque<LoadedFile> loaded_;
  std::map<std::string, const LoadedFile*, std::less<>> by_name_;  // null: the loader, or nothing that could be read
  std::map<std::string, const LoadedFile*, std::less<>> by_path_;
  std::set<std::string, std::less<>> opaque_;
};

// What is wrong with a file as the program's interpreter; empty where it can be.
std::string fault_of_interpreter(const ProgramStart& program, const RootFile& file) {
  if (file.library == nullptr) return {};
  if ((file.mode & 0111U) == 0) return "it is not executable";
  if (!file.library->is_elf) return kNoElfFile;
  if (file.library->machine != program.facts.machine || file.library->is_64_bit != program.facts.is_64_bit)
    return "it is for another machine";
  return {};
}

LoaderKind kind_of_loader(const RootFile& file) {
  if (file.library == nullptr) return LoaderKind::other;
  if (file.library->is_musl_loader()) return LoaderKind::musl;
  return file.library->is_glibc_loader() ? LoaderKind::glibc : LoaderKind::other;
}

}  // namespace

StartVerdict judge_start(const ProgramStart& program, const RootFiles& root) {
  StartVerdict verdict;
  verdict.x86_level = program.facts.x86_level;
  if (program.interpreter.empty()) return verdict;
  const auto loader = root.find(program.interpreter);
  if (!loader) {
    verdict.obstacles.push_back({StartFailure::no_interpreter, program.interpreter, {}, program.path, {}});
    return verdict;
  }
  if (auto fault = fault_of_interpreter(program, *loader); !fault.empty()) {
    verdict.obstacles.push_back(
        {StartFailure::bad_interpreter, program.interpreter, {}, program.path, std::move(fault)});
    return verdict;
  }
  verdict.loader = kind_of_loader(*loader);
  if (verdict.loader == LoaderKind::other) {
    verdict.not_judged.push_back(loader->path);
    return verdict;
  }
  ProgramStartJudge(program, root, *loader, verdict.loader, verdict).judge();
  return verdict;
}

}  // namespace ociassemble
