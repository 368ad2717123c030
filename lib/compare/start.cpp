// SPDX-License-Identifier: Apache-2.0
#include "compare/start.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "base/text.hpp"
#include "compare/cached_libraries.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

using Node = Tree::Node;

// What runtimes give a container whose image sets none.
constexpr const char* kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr int kMostInterpreters = 8;
constexpr const char* kPreload = "etc/ld.so.preload";
constexpr const char* kLoaderConfig = "etc/ld.so.conf";
constexpr const char* kLoaderConfigs = "etc/ld.so.conf.d";

// What the loaders of glibc and musl read, and what interpreters read before their script.
bool is_loader_variable(std::string_view name) {
  static constexpr std::array<std::string_view, 14> kNames = {
      "GLIBC_TUNABLES", "GCONV_PATH", "LOCPATH",    "BASH_ENV",   "ENV",           "SHELLOPTS",    "BASHOPTS",
      "PERL5OPT",       "PERL5LIB",   "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "NODE_OPTIONS", "RUBYOPT"};
  return name.starts_with("LD_") || std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

std::string_view last_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

struct Found {
  std::string path;
  const Node* node = nullptr;
};

// One image, with what is looked for in it.
class Starter {
 public:
  explicit Starter(const StartSide& side) : config_(side.config), tree_(side.image.tree()) {}

  const Tree& tree() const { return tree_; }

  // A loop of links leads nowhere.
  Found follow(const std::string& path) const {
    try {
      auto resolved = tree_.resolve(path);
      const auto* node = tree_.find(resolved);
      return {"/" + resolved, node};
    } catch (const Error& error) {
      if (error.code() != ErrorCode::corrupt) throw;
      return {path, nullptr};
    }
  }

  std::vector<std::string> words() const {
    auto words = config_.entrypoint.value_or(std::vector<std::string>());
    const auto cmd = config_.cmd.value_or(std::vector<std::string>());
    words.insert(words.end(), cmd.begin(), cmd.end());
    return words;
  }

  // As execvp() in the image's environment and folder.
  Found program(const std::string& name) const {
    if (name.find('/') != std::string::npos) return follow(in_folder(name));
    const auto path = config_.env_value("PATH").value_or(kDefaultPath);
    std::string_view rest = path;
    while (true) {
      const auto colon = rest.find(':');
      auto place = std::string(rest.substr(0, colon));
      if (!place.empty()) place += '/';
      place += name;
      auto found = follow(in_folder(place));
      if (found.node != nullptr && found.node->type == EntryType::regular && (found.node->mode & 0111U) != 0)
        return found;
      if (colon == std::string_view::npos) return {};
      rest.remove_prefix(colon + 1);
    }
  }

  // The values of a variable in their order: who reads the first of several is not who reads the last.
  std::map<std::string, std::vector<std::string>> variables() const {
    std::map<std::string, std::vector<std::string>> all;
    for (const auto& entry : config_.env) {
      const auto name = entry.substr(0, entry.find('='));
      if (name == "PATH" || is_loader_variable(name)) all[name].push_back(entry);
    }
    return all;
  }

  // Every file of these names anywhere, links followed.
  std::map<std::string, std::map<std::string, const Node*>> files_named(const std::set<std::string>& names) const {
    std::map<std::string, std::map<std::string, const Node*>> files;
    std::string path;
    collect(tree_.root(), path, names, files);
    return files;
  }

  std::optional<CachedLibraries> loader_cache() const {
    const auto found = follow(kLoaderCachePath);
    if (found.node == nullptr) return CachedLibraries();
    if (!found.node->contents()) return {};
    return parse_cached_libraries(*found.node->contents());
  }

 private:
  std::string in_folder(const std::string& path) const {
    return path.starts_with('/') ? path : config_.working_dir + "/" + path;
  }

  void collect(const Node& folder, std::string& path, const std::set<std::string>& names,
               std::map<std::string, std::map<std::string, const Node*>>& files) const {
    for (const auto& [name, node] : folder.children) {
      const auto size = path.size();
      path += "/";
      path += name;
      if (node.type == EntryType::directory) {
        collect(node, path, names, files);
      } else if (names.count(std::string(name)) != 0) {
        files[std::string(name)][path] = follow(path).node;
      }
      path.resize(size);
    }
  }

  const ImageConfig& config_;
  const Tree& tree_;
};

class StartComparison {
 public:
  StartComparison(const StartSide& before, const StartSide& after,
                  const std::function<bool(const std::string&)>& laid_on)
      : programs_(after.programs), before_(before), after_(after), laid_on_(laid_on) {}

  std::vector<std::string> run() {
    compare_entrypoints();
    compare_programs();
    compare_libraries();
    compare_variables();
    compare_loader_files();
    return std::move(lines_);
  }

 private:
  void add(std::string line) {
    if (std::find(lines_.begin(), lines_.end(), line) == lines_.end()) lines_.push_back(std::move(line));
  }

  static std::string name_of(const Found& found) {
    return found.node == nullptr ? "nothing" : fmt::format("{} ({})", printable(found.path), describe_file(found.node));
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
  }

  // Programs are the application's own files, which are the same; what they load need not be.
  void compare_programs() {
    for (const auto& path : programs_) {
      const auto first = before_.follow("/" + path);
      const auto second = after_.follow("/" + path);
      compare_started("/" + path, first, second, 0);
      const std::string name(last_name(path));
      const auto left = before_.program(name);
      const auto right = after_.program(name);
      if (!same_file(left.node, right.node) && left.node != nullptr && right.node != nullptr) {
        add(fmt::format("{} is found in PATH as {} in the first image, and as {} in the second", printable(name),
                        name_of(left), name_of(right)));
      }
    }
  }

  void compare_started(const std::string& what, const Found& first, const Found& second, int depth) {
    if (!same_file(first.node, second.node)) {
      add(fmt::format("{} is {} in the first image, and {} in the second", printable(what), name_of(first),
                      name_of(second)));
      return;
    }
    if (first.node == nullptr || first.node->type != EntryType::regular || !first.node->facts) return;
    const auto& facts = *first.node->facts;
    if (!seen_.insert(facts.digest).second) return;
    is_static_ = is_static_ && facts.is_static();
    has_program_ = true;
    const auto& links = facts.links();
    needed_.insert(links.needed.begin(), links.needed.end());
    if (links.interpreter.empty()) return;
    if (depth == kMostInterpreters) return add(fmt::format("{} has too many interpreters", printable(what)));
    compare_started(fmt::format("the interpreter {} of {}", links.interpreter, what), before_.follow(links.interpreter),
                    after_.follow(links.interpreter), depth + 1);
    if (last_name(links.interpreter) != "env") return;
    const auto word = command_of(links.interpreter_argument);
    if (word.empty()) return;
    compare_started(fmt::format("{} in PATH, for {}", word, what), before_.program(word), after_.program(word),
                    depth + 1);
  }

  // The program that env(1) runs: the first word that is neither an option nor a variable.
  static std::string command_of(std::string_view words) {
    while (!words.empty()) {
      const auto blank = words.find_first_of(" \t");
      const auto word = words.substr(0, blank);
      if (!word.empty() && !word.starts_with('-') && word.find('=') == std::string_view::npos) return std::string(word);
      if (blank == std::string_view::npos) return {};
      words.remove_prefix(blank + 1);
    }
    return {};
  }

  // Wherever the loader looks: a library counts as the same when all files of its name are the same.
  void compare_libraries() {
    std::set<std::string> done;
    const auto left_cache = before_.loader_cache();
    const auto right_cache = after_.loader_cache();
    while (done.size() < needed_.size()) {
      std::set<std::string> names;
      for (const auto& name : needed_) {
        if (done.insert(name).second) names.insert(std::string(last_name(name)));
      }
      const auto left = before_.files_named(names);
      const auto right = after_.files_named(names);
      for (const auto& name : names) {
        compare_library(name, find_in(left, name), find_in(right, name));
        if (left_cache && right_cache) compare_cached(name, *left_cache, *right_cache);
      }
    }
    if ((!left_cache || !right_cache) && !is_static_ && has_program_) compare_file(kLoaderCachePath);
  }

  using Places = std::map<std::string, const Node*>;
  static Places find_in(const std::map<std::string, Places>& files, const std::string& name) {
    const auto found = files.find(name);
    return found == files.end() ? Places() : found->second;
  }

  void compare_library(const std::string& name, const Places& left, const Places& right) {
    for (const auto& [path, node] : left) take_needed(node);
    for (const auto& [path, node] : right) take_needed(node);
    if (have_one_content(left, right)) return;
    bool is_same = left.size() == right.size();
    for (const auto& [path, node] : left) {
      const auto other = right.find(path);
      is_same = is_same && other != right.end() && same_file(node, other->second);
    }
    if (!is_same) add(fmt::format("the library {} is not the same in both images", printable(name)));
  }

  void take_needed(const Node* node) {
    if (node == nullptr || !node->facts) return;
    const auto& links = node->facts->links();
    needed_.insert(links.needed.begin(), links.needed.end());
  }

  static bool have_one_content(const Places& left, const Places& right) {
    const Node* any = left.empty() ? nullptr : left.begin()->second;
    if (any == nullptr || right.empty()) return false;
    const auto is_that = [any](const auto& place) { return same_file(any, place.second); };
    return std::all_of(left.begin(), left.end(), is_that) && std::all_of(right.begin(), right.end(), is_that);
  }

  // The cache may lead to a file of another name.
  void compare_cached(const std::string& name, const CachedLibraries& left, const CachedLibraries& right) {
    const auto files = [&](const Starter& side, const CachedLibraries& cache) {
      std::vector<const Node*> nodes;
      const auto found = cache.find(name);
      if (found == cache.end()) return nodes;
      for (const auto& path : found->second) nodes.push_back(side.follow(path).node);
      return nodes;
    };
    const auto first = files(before_, left);
    const auto second = files(after_, right);
    // Of a cache that does not name it the loader goes on to its folders, which were compared.
    const bool is_same =
        first.size() == second.size() && std::equal(first.begin(), first.end(), second.begin(), same_file);
    if (!is_same) add(fmt::format("/{} leads to another {}", kLoaderCachePath, printable(name)));
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
      if (first == second || (name == "PATH" && first.size() <= 1 && second.size() <= 1)) continue;
      add(fmt::format("the variable {} is {} in the first image, and {} in the second", printable(name), shown(first),
                      shown(second)));
    }
  }

  static std::string shown(const std::vector<std::string>& values) {
    std::string text;
    for (const auto& value : values) text += (text.empty() ? "" : ", ") + printable(value);
    return text.empty() ? "not set" : text;
  }

  void compare_loader_files() {
    compare_file(kPreload);
    compare_loader_file(kLoaderConfig);
    std::set<std::string> names;
    for (const auto* side : {&before_, &after_}) {
      const auto* folder = side->follow(kLoaderConfigs).node;
      if (folder != nullptr) {
        for (const auto& [name, node] : folder->children) names.insert(fmt::format("{}/{}", kLoaderConfigs, name));
      }
      const auto* etc = side->follow("etc").node;
      if (etc == nullptr) continue;
      for (const auto& [name, node] : etc->children) {
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
    const auto first = before_.follow(path);
    const auto second = after_.follow(path);
    if (same_file(first.node, second.node)) return;
    add(fmt::format("/{} is {} in the first image, and {} in the second", printable(path), describe_file(first.node),
                    describe_file(second.node)));
  }

  const std::vector<std::string>& programs_;
  const Starter before_;
  const Starter after_;
  const std::function<bool(const std::string&)>& laid_on_;
  std::set<std::array<unsigned char, 32>> seen_;
  std::set<std::string> needed_;
  bool is_static_ = true;
  bool has_program_ = false;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> compare_starts(const StartSide& before, const StartSide& after,
                                        const std::function<bool(const std::string&)>& laid_on) {
  return StartComparison(before, after, laid_on).run();
}

}  // namespace ociassemble
