// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "policy/image_user.hpp"
#include "policy/rule_judges.hpp"
#include "policy/unpacked_image.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMostDetails = 10;
constexpr std::size_t kMostParts = 5;

using Sizes = std::map<std::string, std::uint64_t>;

std::uint64_t compressed_size(const Image& image) {
  std::uint64_t size = 0;
  for (const auto& layer : image.layers()) size += layer.descriptor.size;
  return size;
}

Sizes file_sizes(const UnpackedImage& files) {
  Sizes sizes;
  files.for_each([&](const std::string& path, const Tree::Node& node) {
    if (node.type == EntryType::regular) sizes[path] = node.size;
  });
  return sizes;
}

std::string growth_words(std::uint64_t before, std::uint64_t after) {
  return fmt::format("{} -> {} (+{})", format_size(before), format_size(after), format_size(after - before));
}

struct Growth {
  std::string name;
  std::uint64_t before = 0;
  std::uint64_t after = 0;
};

// What is larger now, most first.
std::vector<Growth> growth_between(const Sizes& before, const Sizes& after) {
  std::vector<Growth> grown;
  for (const auto& [name, size] : after) {
    const auto old = before.find(name);
    const auto old_size = old == before.end() ? 0 : old->second;
    if (size > old_size) grown.push_back({name, old_size, size});
  }
  std::stable_sort(grown.begin(), grown.end(), [](const Growth& left, const Growth& right) {
    return left.after - left.before > right.after - right.before;
  });
  return grown;
}

// What is in an image: by file, and of Go programs the code by module and package.
class Growths {
 public:
  Growths(const UnpackedImage& before, const UnpackedImage& after) : before_(before), after_(after) {}

  // Lines about the files that grew, those of one path alone where it is given.
  std::vector<std::string> lines(const std::string& path = {}) const {
    std::vector<std::string> lines;
    const auto grown = growth_between(file_sizes(before_), file_sizes(after_));
    std::size_t shown = 0;
    for (const auto& file : grown) {
      if (!path.empty() && file.name != path) continue;
      if (++shown > kMostDetails) break;
      lines.push_back(fmt::format("{} {}", printable(file.name), growth_words(file.before, file.after)));
      add_parts(file.name, lines);
    }
    if (path.empty() && grown.size() > kMostDetails)
      lines.push_back(fmt::format("and {} more files", grown.size() - kMostDetails));
    return lines;
  }

 private:
  void add_parts(const std::string& path, std::vector<std::string>& lines) const {
    const auto* before = code_at(before_, path);
    const auto* after = code_at(after_, path);
    if (before == nullptr || after == nullptr) return;
    for (const auto& [what, old_sizes, new_sizes] : {std::tuple("module", &before->modules, &after->modules),
                                                     std::tuple("package", &before->packages, &after->packages)}) {
      const auto grown = growth_between(*old_sizes, *new_sizes);
      for (std::size_t i = 0; i < std::min(grown.size(), kMostParts); ++i)
        lines.push_back(fmt::format("  {} {} {} of code", what, printable(grown[i].name),
                                    growth_words(grown[i].before, grown[i].after)));
    }
  }

  static const GoCodeSizes* code_at(const UnpackedImage& files, const std::string& path) {
    const auto found = files.look_up(path);
    if (!found) return nullptr;
    const auto& program = files.detail_of(*found->node).program;
    return program && program->code ? &*program->code : nullptr;
  }

  const UnpackedImage& before_;
  const UnpackedImage& after_;
};

// One budget of the rule: a limit on a size, or on how much it grew.
class BudgetJudge {
 public:
  explicit BudgetJudge(const RuleContext& context) : context_(context) {
    if (context.inputs().against)
      against_.emplace(*context.inputs().against, context.inputs(), FactWants{{false, true}});
  }

  void judge() {
    judge_image();
    judge_layers();
    judge_programs();
  }

 private:
  void judge_image() {
    const auto size = compressed_size(context_.image());
    const auto old_size = against_ ? std::optional(compressed_size(against_->image())) : std::nullopt;
    judge_one("image", "the image", "", size, old_size, {});
  }

  void judge_layers() {
    const auto most = context_.number("layer");
    if (!most) return;
    std::size_t number = 0;
    for (const auto& layer : context_.image().layers()) {
      ++number;
      if (layer.descriptor.size <= *most) continue;
      fail(fmt::format("layer {}", number),
           fmt::format("layer {} has {}; {} are allowed", number, format_size(layer.descriptor.size),
                       format_size(*most)),
           {}, {});
    }
  }

  void judge_programs() {
    if (!context_.number("program") && !context_.number("programGrowth")) return;
    const auto& files = context_.facts().files();
    files.for_each_program([&](const std::string& path, const Tree::Node& node) {
      if (!files.detail_of(node).program->go) return;
      std::optional<std::uint64_t> old_size;
      if (against_) {
        const auto old = against_->files().look_up(path);
        old_size = old && old->node->type == EntryType::regular ? std::optional(old->node->size) : std::nullopt;
      }
      judge_one("program", printable(path), path, node.size, old_size, path);
    });
  }

  void judge_one(const std::string& name, const std::string& words, const std::string& path, std::uint64_t size,
                 const std::optional<std::uint64_t>& old_size, const std::string& detail_path) {
    const auto subject = path.empty() ? name : path;
    if (const auto most = context_.number(name); most && size > *most)
      fail(subject, fmt::format("{} has {}; {} are allowed", words, format_size(size), format_size(*most)), path,
           details(detail_path));
    const auto growth = context_.number(name + "Growth");
    if (!growth) return;
    if (!against_) {
      return context_.not_judged(subject, fmt::format("how much {} grew is not known without another image", words),
                                 "name the image before: --against IMAGE");
    }
    if (!old_size || size <= *old_size || size - *old_size <= *growth) return;
    fail(subject,
         fmt::format("{} grew: {}; {} are allowed", words, growth_words(*old_size, size), format_size(*growth)), path,
         details(detail_path));
  }

  std::vector<std::string> details(const std::string& path) {
    if (!against_) return {};
    return Growths(against_->files(), context_.facts().files()).lines(path);
  }

  void fail(std::string subject, std::string reason, std::string path, std::vector<std::string> details) const {
    context_.add({.subject = std::move(subject),
                  .reason = std::move(reason),
                  .remedy = "find out what grew, and leave it out; or raise the budget",
                  .path = std::move(path),
                  .details = std::move(details)});
  }

  const RuleContext& context_;
  std::optional<ImageFacts> against_;
};

}  // namespace

void judge_budget(const RuleContext& context) { BudgetJudge(context).judge(); }

}  // namespace ociassemble
