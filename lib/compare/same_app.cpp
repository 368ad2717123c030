// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/same_app.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "base/text.hpp"
#include "compare/image_tree.hpp"
#include "compare/layer_alignment.hpp"
#include "compare/layer_changes.hpp"
#include "compare/named_images.hpp"
#include "compare/proof_side.hpp"
#include "compare/same_app_subjects.hpp"
#include "compare/start.hpp"
#include "compare/value_changes.hpp"
#include "compare/volumes.hpp"
#include "image/layer_makers.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

[[noreturn]] void cannot_tell(const Image& image, std::string_view cause) {
  throw Error(
      ErrorCode::check_failed,
      fmt::format("cannot tell the application of image {} from its base: {}", image.digest().to_string(), cause),
      "images that ociassemble built say it in their history; others need the annotations "
      "org.opencontainers.image.base.name and org.opencontainers.image.base.digest");
}

std::vector<std::size_t> layers_above_base(const Image& image, const SameAppOptions& options) {
  const auto name = annotation(image, kBaseName);
  const auto digest = annotation(image, kBaseDigest);
  if (name.empty() || digest.empty() || !options.find_base) {
    cannot_tell(image, "neither its history nor its annotations say where the one ends");
  }
  const auto base = options.find_base(name, Digest::parse(digest));
  const auto& below = base.layers();
  const auto same = [](const Layer& left, const Layer& right) { return left.diff_id == right.diff_id; };
  if (below.size() > image.layers().size() || !std::equal(below.begin(), below.end(), image.layers().begin(), same)) {
    cannot_tell(image, fmt::format("its lowest layers are not those of {}", printable(name)));
  }
  std::vector<std::size_t> above(image.layers().size() - below.size());
  std::iota(above.begin(), above.end(), below.size());
  if (above.empty()) cannot_tell(image, fmt::format("it has no layer above {}", printable(name)));
  return above;
}

std::set<Digest> diff_ids_of(const Image& image, const std::vector<std::size_t>& numbers) {
  std::set<Digest> ids;
  for (const auto i : numbers) ids.insert(image.layers()[i].diff_id);
  return ids;
}

// Diff IDs of the layers that one of the images calls the application's. One that says nothing is judged by what the
// other says.
std::set<Digest> claimed_layers(const Image& before, const Image& after, const SameAppOptions& options) {
  auto claimed = diff_ids_of(before, application_layers(before));
  claimed.merge(diff_ids_of(after, application_layers(after)));
  if (!claimed.empty()) return claimed;
  claimed = diff_ids_of(before, layers_above_base(before, options));
  claimed.merge(diff_ids_of(after, layers_above_base(after, options)));
  return claimed;
}

bool is_runnable(const Tree::Node* node) {
  return node != nullptr && node->type == EntryType::regular && (node->mode & 0111U) != 0;
}

// A library of the application's may be loaded by name, whatever its mode is; a damaged file is data.
bool is_library(const ImageTree& files, const Tree::Node* node) {
  if (node == nullptr) return false;
  const auto& elf = files.links_of(*node).elf;
  return elf && elf->fault.empty();
}

class Proof {
 public:
  Proof(const Image& before, const Image& after, const SameAppOptions& options)
      : options_(options), before_(before, "first"), after_(after, "second") {}

  SameApp run() {
    result_.platform = after_.image().config().platform.to_string();
    const auto pairs = align_layers(before_.sides(), after_.sides());
    take_roles(pairs);
    result_.before = before_.accounted();
    result_.after = after_.accounted();
    const auto whole = [this](ProofSide& side) {
      return guard(fmt::format("{} image's", side.name()), [&] { side.read(options_.stop); });
    };
    const bool first = whole(before_);
    const bool second = whole(after_);
    if (first && second) guard("images'", [&] { compare_files(pairs); });
    compare_bases();
    compare_values();
    return std::move(result_);
  }

 private:
  void add(const std::string& subject, std::string text) {
    result_.differences.push_back({subject, is_allowed(options_, subject), std::move(text), {}});
  }
  void add_file(const std::string& subject, bool allowed, const std::string& path, std::string text) {
    if (!allowed) refused_.insert(path);
    result_.differences.push_back({subject, allowed, std::move(text), path});
  }

  void take_roles(const std::vector<LayerComparison>& pairs) {
    const auto application = claimed_layers(before_.image(), after_.image(), options_);
    std::set<std::size_t> before;
    std::set<std::size_t> after;
    for (const auto& pair : pairs) {
      if (!is_in_both(pair)) continue;
      before.insert(pair.before->number);
      after.insert(pair.after->number);
      if (pair.change == LayerChange::moved) {
        add("layers", fmt::format("layer {} of the first image is layer {} of the second", pair.before->number,
                                  pair.after->number));
      }
    }
    before_.take_roles(application, before);
    after_.take_roles(application, after);
  }

  static bool is_in_both(const LayerComparison& pair) {
    return pair.change == LayerChange::same || pair.change == LayerChange::recompressed ||
           pair.change == LayerChange::moved;
  }

  void compare_files(const std::vector<LayerComparison>& pairs) {
    take_proven(pairs);
    check_programs();
    check_application();
    compare_trees(&before_.tree().root(), &after_.tree().root());
    check_start();
    account_for_extras(before_);
    account_for_extras(after_);
    take_unlike(pairs);
  }

  // What cannot be read as it was promised, or leads in circles, is no proof.
  template <class Work>
  bool guard(std::string_view which, const Work& work) {
    try {
      work();
      return true;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::corrupt && error.code() != ErrorCode::not_found) throw;
      add(kApplicationSubject, fmt::format("the {} files cannot be laid out: {}", which, error.what()));
      return false;
    }
  }

  void take_proven(const std::vector<LayerComparison>& pairs) {
    for (const auto& pair : pairs) {
      if (!is_in_both(pair) || result_.after[pair.after->number - 1].role != LayerRole::application) continue;
      result_.layers.push_back({pair.after->diff_id, after_.files().layers()[pair.after->number - 1].size,
                                pair.before->number, pair.after->number,
                                pair.after->created_by.empty() ? pair.before->created_by : pair.after->created_by});
      if (pair.before->descriptor.digest != pair.after->descriptor.digest) {
        add("compression", fmt::format("layer {} is the same by another compressor", pair.after->number));
      }
    }
  }

  // Extra layers may be missing on one side, the program may not.
  void check_programs() {
    if (result_.layers.empty()) add(kApplicationSubject, "the images have no application layer in common");
    check_program(result_.before, "first", "second");
    check_program(result_.after, "second", "first");
  }

  void check_program(const std::vector<AccountedLayer>& layers, const char* here, const char* there) {
    for (const auto& layer : layers) {
      if (!layer.side.created_by.starts_with("ociassemble: binary ")) continue;
      if (layer.role == LayerRole::application) return;
      return add(kApplicationSubject, fmt::format("the program's layer {} of the {} image is not in the {}",
                                                  layer.side.number, here, there));
    }
  }

  // Each file of a layer that both have: where it landed, and where its name leads.
  void check_application() {
    for (const auto& layer : result_.layers) {
      auto before = before_.files().layers()[layer.before - 1].placed.read();
      auto after = after_.files().layers()[layer.after - 1].placed.read();
      bool has_before = before.next();
      while (after.next()) {
        while (has_before && before.key() < after.key()) has_before = before.next();
        if (!has_before || before.key() != after.key()) continue;
        check_file(std::string(after.key()), std::string(place_of(before)), std::string(place_of(after)));
      }
    }
  }

  void check_file(const std::string& path, const std::string& before, const std::string& after) {
    const auto* left = before_.tree().find(before);
    const auto* right = after_.tree().find(after);
    const bool is_folder = left != nullptr && right != nullptr && left->type == EntryType::directory &&
                           right->type == EntryType::directory;
    const auto is_new = [&] { return right != nullptr ? after_.settle(*right) : gone_.insert(after).second; };
    if (is_folder || !is_new()) return;
    if (left != nullptr) before_.settle(*left);
    const bool is_same = same_file(left, right) && same_file(named(before_, path), named(after_, path));
    if (!is_same) {
      return add_application(after, left, right,
                             same_file(left, right) ? "its name leads elsewhere" : "replaced, hidden or removed");
    }
    ++result_.application_files;
    if (is_runnable(right) || is_library(after_.files(), right)) programs_.push_back(after);
  }

  static const Tree::Node* named(const ProofSide& side, const std::string& path) {
    return side.tree().find(side.tree().resolve_parent(path));
  }

  void add_application(const std::string& path, const Tree::Node* left, const Tree::Node* right,
                       std::string_view cause) {
    const bool allowed = is_path_allowed(options_, path) && !is_runnable(left) && !is_runnable(right);
    add_file(kApplicationSubject, allowed, path,
             fmt::format("/{}, a file of the application, is {}: {} in the first image, {} in the second",
                         printable(path), cause, describe_file(left), describe_file(right)));
  }

  // All that is not the application's.
  void compare_trees(const Tree::Node* left, const Tree::Node* right) {
    if (!before_.is_settled(left) && !after_.is_settled(right)) {
      if (!same_file(left, right)) {
        add_other(left, right);
      } else if (right->type != EntryType::directory) {
        ++result_.same_files;
      }
    }
    static const Tree::Children kNone;
    const auto& first = left == nullptr ? kNone : left->children;
    const auto& second = right == nullptr ? kNone : right->children;
    auto a = first.begin();
    auto b = second.begin();
    while (a != first.end() || b != second.end()) {
      const bool takes_first = a != first.end() && (b == second.end() || (*a).name <= (*b).name);
      const bool takes_second = b != second.end() && (a == first.end() || (*b).name <= (*a).name);
      const auto size = path_.size();
      if (size != 0) path_ += '/';
      path_ += takes_first ? (*a).name : (*b).name;
      compare_trees(takes_first ? &(*a).node : nullptr, takes_second ? &(*b).node : nullptr);
      path_.resize(size);
      if (takes_first) ++a;
      if (takes_second) ++b;
    }
  }

  void add_other(const Tree::Node* left, const Tree::Node* right) {
    const auto text = [&] {
      return fmt::format("/{}: {} in the first image, {} in the second", printable(path_), describe_file(left),
                         describe_file(right));
    };
    const bool is_laid_on = before_.is_laid_on(path_) || after_.is_laid_on(path_);
    const bool is_claimed = before_.is_claimed(left) || after_.is_claimed(right);
    if (is_claimed && left != nullptr && right != nullptr) {
      add_application(path_, left, right, "not the same");
    } else if (is_laid_on && is_on_the_way(left, right)) {
      add_file(kApplicationSubject, false, path_, "a folder of the application has other rights: " + text());
    } else if (is_laid_on) {
      add_file("files", is_other_allowed(left, right), path_, text());
    } else {
      if (base_files_++ == 0) first_base_file_ = text();
    }
  }

  bool is_other_allowed(const Tree::Node* left, const Tree::Node* right) const {
    if (is_allowed(options_, "files") || is_allowed(options_, "layers") || is_path_allowed(options_, path_))
      return true;
    // The folders that an allowed file lies in come with it.
    const auto* node = left == nullptr ? right : left;
    return (left == nullptr || right == nullptr) && node->type == EntryType::directory && node->uid == 0 &&
           (node->mode & 07022U) == 0 && is_path_allowed_below(options_, path_);
  }

  // A folder that both have and in which, somewhere, files of the application are.
  bool is_on_the_way(const Tree::Node* left, const Tree::Node* right) const {
    return left != nullptr && right != nullptr && left->type == EntryType::directory &&
           right->type == EntryType::directory && (before_.has_claimed_below(left) || after_.has_claimed_below(right));
  }

  void check_start() {
    const StartSide before{before_.image().config(), before_.files(), programs_};
    const StartSide after{after_.image().config(), after_.files(), programs_};
    const auto laid_on = [this](const std::string& path) {
      return before_.is_laid_on(path) || after_.is_laid_on(path);
    };
    auto start = compare_starts(before, after, laid_on);
    for (auto& line : start.lines) add(kStartSubject, std::move(line));
    for (auto& line : covering_volumes(before_, start.reached_before, after_, start.reached_after))
      add(kApplicationSubject, std::move(line));
  }

  // A layer that one image has above its base and the other has not: allowed as such, or where all that it does is.
  void account_for_extras(const ProofSide& side) {
    for (std::size_t i = 0; i < side.accounted().size(); ++i) {
      const auto& layer = side.accounted()[i];
      if (layer.role != LayerRole::extra) continue;
      has_extras_ = true;
      const auto is_harmless = [this](const std::string& path) {
        const auto below = refused_.lower_bound(path + "/");
        return refused_.count(path) == 0 && (below == refused_.end() || !below->starts_with(path + "/"));
      };
      const bool allowed = is_allowed(options_, "layers") || (has_allowed_paths() && side.touches_only(i, is_harmless));
      all_extras_allowed_ = all_extras_allowed_ && allowed;
      const auto& maker = layer.side.created_by;
      result_.differences.push_back({"layers",
                                     allowed,
                                     fmt::format("layer {} is only in the {} image: {}", layer.side.number, side.name(),
                                                 maker.empty() ? "no history says what made it" : printable(maker)),
                                     {}});
    }
  }

  bool has_allowed_paths() const {
    return std::any_of(options_.allow.begin(), options_.allow.end(),
                       [](const std::string& name) { return name.starts_with(kFilesPrefix); });
  }

  // For people: what differs in application layers of one maker.
  void take_unlike(const std::vector<LayerComparison>& pairs) {
    MetadataBudget budget;
    for (auto pair : pairs) {
      if (pair.change != LayerChange::changed || result_.before[pair.before->number - 1].role != LayerRole::extra ||
          result_.after[pair.after->number - 1].role != LayerRole::extra) {
        continue;
      }
      read_changes(pair, before_.image(), after_.image(), budget, nullptr, options_.stop);
      std::vector<FileChange> refused;
      for (const auto& file : pair.files) {
        if (file.before && file.after && refused_.count(file.path) != 0) refused.push_back(file);
      }
      if (refused.empty()) continue;
      pair.files = FileChanges(std::move(refused));
      result_.unlike.push_back(std::move(pair));
    }
  }

  void compare_bases() {
    bases_differ_ = before_.below() != after_.below();
    if (bases_differ_) {
      add("base",
          fmt::format("other layers below the application: {} and {}", before_.below().size(), after_.below().size()));
    }
    if (base_files_ != 0) {
      add("base", base_files_ == 1 ? first_base_file_
                                   : fmt::format("{} files differ, the first: {}", base_files_, first_base_file_));
    }
  }

  void compare_values() {
    auto changes = compare_configs(before_.image().config(), after_.image().config());
    for (auto& change : compare_manifests(before_.image().manifest(), after_.image().manifest())) {
      changes.push_back(std::move(change));
    }
    for (const auto& change : changes) {
      auto subject = subject_of(change);
      auto text = fmt::format("{}{}{}: {} -> {}", change.member, change.key.empty() ? "" : " ", change.key,
                              change.before.value_or("(none)"), change.after.value_or("(none)"));
      // A history tells of the base and of extra layers, which are allowed or not by themselves.
      if (subject == "history" && bases_differ_) subject = "base";
      if (subject == "history" && has_extras_) {
        result_.differences.push_back({"layers", all_extras_allowed_, std::move(text), {}});
      } else {
        add(subject, std::move(text));
      }
    }
  }

  const SameAppOptions& options_;
  ProofSide before_;
  ProofSide after_;
  std::string path_;                   // of compare_trees()
  std::set<std::string> gone_;         // compared already, and not there in the second image
  std::set<std::string> refused_;      // paths of what is not allowed
  std::vector<std::string> programs_;  // of the application
  std::uint64_t base_files_ = 0;
  std::string first_base_file_;
  bool bases_differ_ = false;
  bool has_extras_ = false;
  bool all_extras_allowed_ = true;
  SameApp result_;
};

bool all_allowed(const std::vector<SameAppDifference>& differences) {
  return std::all_of(differences.begin(), differences.end(),
                     [](const SameAppDifference& difference) { return difference.is_allowed; });
}

}  // namespace

bool SameApp::is_proven() const { return !layers.empty() && all_allowed(differences); }

bool SameAppReport::is_proven() const {
  return !platforms.empty() && all_allowed(differences) &&
         std::all_of(platforms.begin(), platforms.end(), [](const SameApp& app) { return app.is_proven(); });
}

SameApp prove_same_app(const Image& before, const Image& after, const SameAppOptions& options) {
  check_allowances(options);
  return Proof(before, after, options).run();
}

SameAppReport prove_same_app(const Document& before, const Document& after, const std::optional<Platform>& platform,
                             const SameAppOptions& options) {
  check_allowances(options);
  SameAppReport report;
  const auto pairs = pair_images(before, after, platform);
  for (const auto& [left, right] : pairs.both) report.platforms.push_back(prove_same_app(left, right, options));
  const auto missing = [&](const std::string& name, std::string_view which) {
    report.differences.push_back({kPlatformSubject, false, fmt::format("{} is only in the {}", name, which)});
  };
  for (const auto& doubt : pairs.doubts) report.differences.push_back({kPlatformSubject, false, doubt, {}});
  for (const auto& image : pairs.only_before) missing(image, "first");
  for (const auto& image : pairs.only_after) missing(image, "second");
  return report;
}

}  // namespace ociassemble
