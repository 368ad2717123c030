// SPDX-License-Identifier: Apache-2.0
#include "compare/start.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "compare/loaded_libraries.hpp"
#include "compare/start_variables.hpp"

namespace ociassemble {
namespace {

constexpr int kMostInterpreters = 8;
constexpr const char* kLoaderConfig = "etc/ld.so.conf";
constexpr const char* kLoaderConfigs = "etc/ld.so.conf.d";

// What is in a folder of either, links to files followed; the first difference, or nothing.
class FolderComparison {
 public:
  FolderComparison(const StartView& before, const StartView& after) : before_(before), after_(after) {}

  std::optional<std::string> first_difference(const Found& left, const Found& right) const {
    if (!left.is_folder() || !right.is_folder()) return {};
    auto a = left.node->children.begin();
    auto b = right.node->children.begin();
    for (; a != left.node->children.end() && b != right.node->children.end() && (*a).name == (*b).name; ++a, ++b) {
      if (auto found = difference_at(left.path + "/" + std::string((*a).name), (*a).node,
                                     right.path + "/" + std::string((*b).name), (*b).node))
        return found;
    }
    if (a != left.node->children.end()) return left.path + "/" + std::string((*a).name);
    if (b != right.node->children.end()) return right.path + "/" + std::string((*b).name);
    return {};
  }

 private:
  std::optional<std::string> difference_at(const std::string& left_path, const Tree::Node& left,
                                           const std::string& right_path, const Tree::Node& right) const {
    if (!same_file(&left, &right)) return right_path;
    if (left.type == EntryType::directory)
      return first_difference({left_path, left_path, &left}, {right_path, right_path, &right});
    if (left.type != EntryType::symlink) return {};
    const bool is_same = same_file(before_.follow(left_path).node, after_.follow(right_path).node);
    return is_same ? std::nullopt : std::optional(right_path);
  }

  const StartView& before_;
  const StartView& after_;
};

class StartComparison {
 public:
  StartComparison(const StartSide& before, const StartSide& after,
                  const std::function<bool(const std::string&)>& laid_on)
      : programs_(after.programs.begin(), after.programs.end()),
        before_(before),
        after_(after),
        libraries_(before_, after_, [this](std::string line) { add(std::move(line)); }),
        laid_on_(laid_on) {}

  StartDifferences run() {
    take_preloaded();
    compare_entrypoints();
    compare_programs();
    compare_variables();
    compare_loader_files();
    result_.reached_before.insert(libraries_.reached_before().begin(), libraries_.reached_before().end());
    result_.reached_after.insert(libraries_.reached_after().begin(), libraries_.reached_after().end());
    return std::move(result_);
  }

 private:
  void add(std::string line) {
    auto& lines = result_.lines;
    if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(std::move(line));
  }

  // Words of the user to the loader, which may be names of libraries without a path.
  void take_preloaded() {
    for (const auto* side : {&before_, &after_}) {
      for (const auto* name : {"LD_PRELOAD", "LD_AUDIT"}) {
        for (const auto& value : side->values_of(name)) take_preloaded(value);
      }
      const auto file = side->follow(fmt::format("/{}", kPreloadPath));
      if (file.node != nullptr && file.node->contents()) take_preloaded(*file.node->contents());
      if (file.node != nullptr && !file.node->contents() && file.node->size != 0)
        add(fmt::format("cannot judge what /{} names: it is a link, or no file", kPreloadPath));
    }
  }

  void take_preloaded(std::string_view names) {
    constexpr std::string_view kSeparators = " \t\n:";
    while (!names.empty()) {
      const auto end = names.find_first_of(kSeparators);
      if (end != 0) libraries_.add_preloaded(std::string(names.substr(0, end)));
      if (end == std::string_view::npos) return;
      names.remove_prefix(end + 1);
    }
  }

  // An entrypoint that is another in the config is said as such, and a profile may bring its own. Here it is about
  // what one and the same word leads to.
  void compare_entrypoints() {
    const auto left = before_.words();
    const auto right = after_.words();
    std::set<std::string> words;
    if (!left.empty()) words.insert(left.front());
    if (!right.empty()) words.insert(right.front());
    for (const auto& word : words) {
      const auto first = before_.program(word);
      const auto second = after_.program(word);
      const bool is_of_both = words.size() == 1 && !left.empty() && !right.empty();
      if (is_of_both || (first.node != nullptr && second.node != nullptr)) {
        compare_started("the entrypoint " + word, first, second, 0);
      }
    }
    compare_arguments(left, right);
  }

  // Of an entrypoint that starts another program (a loader, a shell, an init): all that its words lead to, up to the
  // application's own program. What stands behind that is the application's to read.
  void compare_arguments(const std::vector<std::string>& left, const std::vector<std::string>& right) {
    if (left.empty() || right.empty()) return;
    const auto first = launcher_words(before_, left);
    const auto second = launcher_words(after_, right);
    for (const auto& word : first) {
      if (std::find(second.begin(), second.end(), word) != second.end())
        compare_word("the entrypoint's words", word, {});
    }
  }

  std::vector<std::string> launcher_words(const StartView& side, const std::vector<std::string>& words) {
    std::vector<std::string> found;
    if (is_of_application(side.program(words.front()))) return found;
    for (std::size_t i = 1; i < words.size(); ++i) {
      for (auto& word : words_of(words[i])) {
        // "--library-path /opt/lib:/usr/lib"
        if (word.find('/') != std::string::npos && side.follow(word).is_folder()) libraries_.add_folders(word);
        found.push_back(std::move(word));
        if (is_of_application(side.program(found.back()))) return found;
      }
    }
    return found;
  }

  bool is_of_application(const Found& found) const {
    return found.node != nullptr && programs_.count(found.path.substr(1)) != 0;
  }

  // Programs are the application's own files, which are the same; what they load need not be.
  void compare_programs() {
    for (const auto& path : programs_) {
      const auto first = before_.follow("/" + path);
      const auto second = after_.follow("/" + path);
      compare_started("/" + path, first, second, 0);
      const std::string name(last_name_of(path));
      const auto left = before_.program(name);
      const auto right = after_.program(name);
      if (!same_file(left.node, right.node) && left.node != nullptr && right.node != nullptr) {
        add(fmt::format("{} is found in PATH as {} in the first image, and as {} in the second", printable(name),
                        left.describe(), right.describe()));
      }
    }
  }

  void compare_started(const std::string& what, const Found& first, const Found& second, int depth) {
    if (!same_file(first.node, second.node)) {
      add(fmt::format("{} is {} in the first image, and {} in the second", printable(what), first.describe(),
                      second.describe()));
      return;
    }
    if (first.links == nullptr || first.node->type != EntryType::regular) return;
    if (!seen_.emplace(first.spelled, second.spelled).second) return;
    if (depth == kMostInterpreters) return add(fmt::format("{} has too many interpreters", printable(what)));
    result_.reached_before.insert(first.path);
    result_.reached_after.insert(second.path);
    libraries_.compare(first, second);
    const auto& facts = *first.links;
    const auto& interpreter = facts.elf ? facts.elf->interpreter : facts.interpreter;
    is_static_ =
        is_static_ && facts.elf && facts.elf->fault.empty() && interpreter.empty() && facts.elf->needed.empty();
    has_program_ = true;
    if (interpreter.empty()) return;
    compare_started(fmt::format("the interpreter {} of {}", interpreter, what), before_.follow(interpreter),
                    after_.follow(interpreter), depth + 1);
    if (!facts.elf) compare_interpreter_words(what, facts, depth);
  }

  // "#!/usr/bin/env -S A=1 -u B app": each word may name what is run, or where it is looked for.
  void compare_interpreter_words(const std::string& what, const FileLinks& facts, int depth) {
    if (facts.interpreter_argument.empty()) return;
    const auto left = before_.expand(facts.interpreter_argument);
    const auto right = after_.expand(facts.interpreter_argument);
    if (!left || !right || *left != *right) {
      return add(fmt::format("cannot judge the interpreter's words of {}: {}", printable(what),
                             printable(facts.interpreter_argument)));
    }
    WordPlaces places;
    const auto words = words_of(*left);
    for (const auto& word : words) {
      if (before_.follow(word).is_folder() || after_.follow(word).is_folder()) places.folders.push_back(word);
    }
    if (const auto path = left->find("PATH="); path != std::string::npos) {
      const auto value = std::string_view(*left).substr(path + 5);
      places.path = value.substr(0, value.find_first_of(" \t\"'"));
    }
    for (const auto& word : words) compare_word(what, word, places, depth);
  }

  struct WordPlaces {
    std::optional<std::string> path;   // to look for programs in, beside PATH
    std::vector<std::string> folders;  // to look for relative paths in, beside the working folder
  };

  void compare_word(const std::string& what, const std::string& word, const WordPlaces& places, int depth = 0) {
    const auto name = fmt::format("{}, for {}", word, what);
    const auto compare = [&](const Found& left, const Found& right) {
      if (!left.is_folder() || !right.is_folder()) compare_started(name, left, right, depth + 1);
    };
    const auto slash = word.find('/');
    compare(before_.program(word), after_.program(word));
    if (slash == std::string::npos) {
      compare(before_.follow(word), after_.follow(word));
      if (places.path) compare(before_.program(word, *places.path), after_.program(word, *places.path));
    } else if (slash != 0) {
      // "-I/opt/lib" and the like.
      const auto rest = word.substr(slash);
      compare(before_.follow(rest), after_.follow(rest));
    }
    if (slash == 0) return;
    for (const auto& folder : places.folders) {
      const auto path = fmt::format("{}/{}", folder, word);
      compare(before_.follow(path), after_.follow(path));
    }
  }

  void compare_variables() {
    const auto left = before_.variables();
    const auto right = after_.variables();
    std::set<std::string> names;
    for (const auto& [name, values] : left) names.insert(name);
    for (const auto& [name, values] : right) names.insert(name);
    for (const auto& name : names) {
      const auto first = left.count(name) != 0 ? left.at(name) : std::vector<std::string>();
      const auto second = right.count(name) != 0 ? right.at(name) : std::vector<std::string>();
      // Another PATH alone is no other start: what is found in it was compared.
      if (name == "PATH" && first.size() <= 1 && second.size() <= 1) continue;
      if (first == second) {
        for (const auto& entry : first) compare_named_by_variable(name, entry);
        continue;
      }
      add(fmt::format("the variable {} is {} in the first image, and {} in the second", printable(name), shown(first),
                      shown(second)));
    }
  }

  // The files and folders that a value names, the same in both. Which libraries LD_LIBRARY_PATH leads to was compared.
  void compare_named_by_variable(const std::string& name, const std::string& entry) {
    if (name == "PATH" || name == "LD_LIBRARY_PATH") return;
    const auto value = entry.substr(std::min(entry.size(), name.size() + 1));
    if (value.starts_with("() {")) return;
    const bool is_of_loader = name.starts_with("LD_");  // which knows "$ORIGIN" and no variables
    const auto left = is_of_loader ? value : before_.expand(value);
    const auto right = is_of_loader ? value : after_.expand(value);
    if (!left || !right || *left != *right) {
      return add(fmt::format("cannot judge what the variable {} names: {}", printable(name), printable(entry)));
    }
    for (const auto& word : words_of(*left)) {
      const auto what = fmt::format("{}, for the variable {}", word, name);
      const auto slash = word.find('/');
      const auto first = before_.follow(word);
      const auto second = after_.follow(word);
      // A word without a slash is hardly the name of a folder.
      if (slash != std::string::npos || !first.is_folder() || !second.is_folder()) compare_named(what, first, second);
      if (slash == std::string::npos || slash == 0) continue;
      const auto rest = word.substr(slash);
      compare_named(what, before_.follow(rest), after_.follow(rest));
    }
  }

  void compare_named(const std::string& what, const Found& left, const Found& right) {
    if (!left.is_folder() || !right.is_folder()) return compare_started(what, left, right, 0);
    const auto difference = FolderComparison(before_, after_).first_difference(left, right);
    if (difference) {
      add(fmt::format("{} is a folder in which {} is not the same in both images", printable(what),
                      printable(*difference)));
    }
  }

  static std::string shown(const std::vector<std::string>& values) {
    std::string text;
    for (const auto& value : values) text += (text.empty() ? "" : ", ") + printable(value);
    return text.empty() ? "not set" : text;
  }

  void compare_loader_files() {
    compare_file(kPreloadPath);
    compare_loader_file(kLoaderConfig);
    if (libraries_.has_dynamic() && libraries_.has_unreadable_cache()) compare_file(kLoaderCachePath);
    std::set<std::string> names;
    for (const auto* side : {&before_, &after_}) {
      const auto folder = side->follow(fmt::format("/{}", kLoaderConfigs));
      if (folder.node != nullptr) {
        for (const auto& [name, node] : folder.node->children) names.insert(fmt::format("{}/{}", kLoaderConfigs, name));
      }
      const auto etc = side->follow("/etc");
      if (etc.node == nullptr) continue;
      for (const auto& [name, node] : etc.node->children) {
        if (name.starts_with("ld-musl-")) names.insert(fmt::format("etc/{}", name));
      }
    }
    for (const auto& name : names) compare_loader_file(name);
  }

  // Two bases may tell their loaders other things; to a static program nobody listens.
  void compare_loader_file(const std::string& path) {
    if ((has_program_ && !is_static_) || laid_on_(path)) compare_file(path);
  }

  void compare_file(const std::string& path) {
    const auto first = before_.follow("/" + path);
    const auto second = after_.follow("/" + path);
    result_.reached_before.insert(first.path);
    result_.reached_after.insert(second.path);
    if (same_file(first.node, second.node)) return;
    add(fmt::format("/{} is {} in the first image, and {} in the second", printable(path), describe_file(first.node),
                    describe_file(second.node)));
  }

  const std::set<std::string> programs_;
  const StartView before_;
  const StartView after_;
  LoadedLibraries libraries_;
  const std::function<bool(const std::string&)>& laid_on_;
  std::set<std::pair<std::string, std::string>> seen_;
  bool is_static_ = true;
  bool has_program_ = false;
  StartDifferences result_;
};

}  // namespace

StartDifferences compare_starts(const StartSide& before, const StartSide& after,
                                const std::function<bool(const std::string&)>& laid_on) {
  return StartComparison(before, after, laid_on).run();
}

}  // namespace ociassemble
