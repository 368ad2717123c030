// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/same_app.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/text.hpp"
#include "compare/hidden_files.hpp"
#include "compare/layer_alignment.hpp"
#include "compare/layer_changes.hpp"
#include "compare/named_images.hpp"
#include "compare/same_app_subjects.hpp"
#include "compare/value_changes.hpp"
#include "image/layer_makers.hpp"
#include "image/layer_reader.hpp"
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

// An image and which of its layers are the application's.
struct Side {
  const Image& image;
  std::vector<std::size_t> application;
  std::vector<LayerSide> layers;

  std::vector<LayerSide> application_sides() const {
    std::vector<LayerSide> sides;
    for (const auto i : application) sides.push_back(layers[i]);
    return sides;
  }
  // The number of the first program's layer; 0 without one.
  std::size_t program() const {
    for (const auto i : application) {
      if (layers[i].created_by.starts_with("ociassemble: binary ")) return i + 1;
    }
    return 0;
  }
};

Side make_side(const Image& image, const SameAppOptions& options) {
  auto application = application_layers(image);
  if (application.empty()) application = layers_above_base(image, options);
  return {image, std::move(application), layer_sides(image)};
}

class Proof {
 public:
  Proof(const Image& before, const Image& after, const SameAppOptions& options)
      : options_(options), before_(make_side(before, options)), after_(make_side(after, options)) {}

  SameApp run() {
    result_.platform = after_.image.config().platform.to_string();
    auto pairs = align_layers(before_.application_sides(), after_.application_sides());
    // What stands above the last layer that both have is laid upon the application: a profile's.
    const auto last = std::find_if(pairs.rbegin(), pairs.rend(), [](const LayerComparison& pair) {
      return pair.change != LayerChange::added && pair.change != LayerChange::removed;
    });
    const auto top = static_cast<std::size_t>(pairs.rend() - last);
    for (std::size_t i = 0; i < pairs.size(); ++i) take(pairs[i], i >= top);
    check_programs();
    check_hidden(before_, [](const ProvenLayer& layer) { return layer.before; });
    check_hidden(after_, [](const ProvenLayer& layer) { return layer.after; });
    compare_bases();
    compare_values();
    return std::move(result_);
  }

 private:
  void add(const std::string& subject, std::string text) {
    result_.differences.push_back({subject, is_allowed(options_, subject), std::move(text)});
  }

  void take(LayerComparison& pair, bool is_on_top) {
    if (pair.change == LayerChange::same || pair.change == LayerChange::recompressed) return prove(pair);
    if (is_on_top) {
      const auto& side = pair.after ? *pair.after : *pair.before;
      has_extra_layers_ = true;
      return add("layers", fmt::format("layer {} of the {} is laid upon the application: {}", side.number,
                                       pair.after ? "second" : "first", side.created_by));
    }
    guard([&] { read_changes(pair, before_.image, after_.image, budget_, options_.stop); });
    result_.unlike.push_back(std::move(pair));
  }

  // What cannot be read as it was promised is no proof, and must not hide what else there is to say.
  template <class Work>
  void guard(const Work& work) {
    try {
      work();
    } catch (const Error& error) {
      if (error.code() != ErrorCode::corrupt && error.code() != ErrorCode::not_found) throw;
      add(kApplicationSubject, error.what());
    }
  }

  // From the bytes: the labels of both said that they are equal.
  void prove(const LayerComparison& pair) {
    guard([&] {
      ProvenLayer proven{pair.after->diff_id, 0, pair.before->number, pair.after->number, pair.after->created_by};
      for_each_entry(before_.image.layers().at(proven.before - 1), options_.stop, [&](const ReadEntry& read) {
        if (read.entry.type == EntryType::directory) return;
        budget_.take(100 + read.entry.path.size());
        paths_.insert(read.entry.path);
      });
      proven.size = for_each_entry(after_.image.layers().at(proven.after - 1), options_.stop, [](const ReadEntry&) {});
      result_.layers.push_back(std::move(proven));
    });
    if (pair.change == LayerChange::recompressed) {
      add("compression", fmt::format("layer {} is the same by another compressor", pair.after->number));
    }
  }

  bool is_proven(std::size_t number, std::size_t ProvenLayer::*side) const {
    return std::any_of(result_.layers.begin(), result_.layers.end(),
                       [&](const ProvenLayer& layer) { return layer.*side == number; });
  }

  // Extra layers may be missing on one side, the program may not.
  void check_programs() {
    if (result_.layers.empty()) add(kApplicationSubject, "the images have no application layer in common");
    if (const auto number = before_.program(); number != 0 && !is_proven(number, &ProvenLayer::before)) {
      add(kApplicationSubject, fmt::format("the program's layer {} of the first image is not in the second", number));
    }
    if (const auto number = after_.program(); number != 0 && !is_proven(number, &ProvenLayer::after)) {
      add(kApplicationSubject, fmt::format("the program's layer {} of the second image is not in the first", number));
    }
  }

  template <class Number>
  void check_hidden(const Side& side, const Number& number) {
    std::set<std::size_t> proven;
    for (const auto& layer : result_.layers) proven.insert(number(layer));
    if (proven.empty()) return;
    for (auto i = *proven.begin(); i < side.layers.size(); ++i) {
      if (proven.count(i + 1) != 0) continue;
      guard([&] {
        const auto hidden = find_hidden(side.image.layers()[i], paths_, options_.stop);
        if (!hidden) return;
        add(kApplicationSubject, fmt::format("layer {} of the {} image hides /{}, a file of the application", i + 1,
                                             &side == &before_ ? "first" : "second", *hidden));
      });
    }
  }

  void compare_bases() {
    const auto base = [](const Side& side) {
      std::vector<Digest> ids;
      for (std::size_t i = 0; i < side.application.front(); ++i) ids.push_back(side.layers[i].diff_id);
      return ids;
    };
    bases_differ_ = base(before_) != base(after_);
    if (bases_differ_) {
      add("base", fmt::format("other layers below the application: {} and {}", before_.application.front(),
                              after_.application.front()));
    }
  }

  void compare_values() {
    auto changes = compare_configs(before_.image.config(), after_.image.config());
    for (auto& change : compare_manifests(before_.image.manifest(), after_.image.manifest())) {
      changes.push_back(std::move(change));
    }
    for (const auto& change : changes) {
      // A history tells of the base and of the layers on top, which are allowed or not by themselves.
      auto subject = subject_of(change);
      const auto text = fmt::format("{}{}{}: {} -> {}", change.member, change.key.empty() ? "" : " ", change.key,
                                    change.before.value_or("(none)"), change.after.value_or("(none)"));
      if (subject == "history" && bases_differ_) subject = "base";
      if (subject == "history" && has_extra_layers_) subject = "layers";
      add(subject, text);
    }
  }

  const SameAppOptions& options_;
  const Side before_;
  const Side after_;
  MetadataBudget budget_;
  std::set<std::string> paths_;  // of the application's files
  bool bases_differ_ = false;
  bool has_extra_layers_ = false;
  SameApp result_;
};

bool all_allowed(const std::vector<SameAppDifference>& differences) {
  return std::all_of(differences.begin(), differences.end(),
                     [](const SameAppDifference& difference) { return difference.is_allowed; });
}

}  // namespace

bool SameApp::is_proven() const { return !layers.empty() && unlike.empty() && all_allowed(differences); }

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
  for (const auto& image : pairs.only_before) missing(image, "first");
  for (const auto& image : pairs.only_after) missing(image, "second");
  return report;
}

}  // namespace ociassemble
