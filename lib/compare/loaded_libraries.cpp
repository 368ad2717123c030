// SPDX-License-Identifier: Apache-2.0
#include "compare/loaded_libraries.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMostLoaded = 20000;

std::set<std::string> triplets_of_both(const StartView& before, const StartView& after) {
  auto triplets = triplets_of(before);
  triplets.merge(triplets_of(after));
  return triplets;
}

}  // namespace

LoadedLibraries::LoadedLibraries(const StartView& before, const StartView& after, Report report)
    : before_(before, triplets_of_both(before, after)),
      after_(after, triplets_of_both(before, after)),
      report_(std::move(report)) {}

void LoadedLibraries::add_folders(const std::string& list) {
  before_.add_folders(list);
  after_.add_folders(list);
}

void LoadedLibraries::compare(const Found& before, const Found& after) {
  push(before, after, {});
  while (!waiting_.empty()) {
    const auto pair = waiting_.back();
    waiting_.pop_back();
    follow(pair);
  }
}

void LoadedLibraries::push(const Found& before, const Found& after, const Pair& by) {
  if (seen_.size() == kMostLoaded || !seen_.emplace(before.spelled, after.spelled).second) return;
  if (seen_.size() == kMostLoaded) report_(fmt::format("more than {} libraries: cannot judge the start", kMostLoaded));
  reached_before_.insert(before.path);
  reached_after_.insert(after.path);
  waiting_.push_back({std::make_shared<Requester>(Requester{before, by.before}),
                      std::make_shared<Requester>(Requester{after, by.after})});
}

void LoadedLibraries::follow(const Pair& pair) {
  const auto* links = pair.after->file.elf();
  if (links == nullptr) return;
  if (!links->fault.empty()) {
    return report_(fmt::format("cannot judge what {} loads: {}", printable(pair.after->file.path), links->fault));
  }
  for (const auto& name : links->needed) compare_library(name, pair);
  has_dynamic_ = has_dynamic_ || !links->needed.empty() || !links->interpreter.empty();
  if (links->interpreter.empty()) return;
  for (const auto& name : preloaded_) compare_library(name, pair);
}

void LoadedLibraries::compare_library(const std::string& name, const Pair& by) {
  bool is_same = true;
  if (name.find('/') != std::string::npos) {
    is_same = take(before_.find_path(name, *by.before), after_.find_path(name, *by.after), by);
  } else {
    for (std::size_t i = 0; i < before_.kinds().size(); ++i) {
      is_same = take(before_.find(name, *by.before, before_.kinds()[i]),
                     after_.find(name, *by.after, after_.kinds()[i]), by) &&
                is_same;
    }
  }
  if (!is_same) {
    report_(fmt::format("the library {} of {} is not the same in both images", printable(name),
                        printable(by.after->file.path)));
  }
}

bool LoadedLibraries::take(const std::vector<LibraryHit>& before, const std::vector<LibraryHit>& after,
                           const Pair& by) {
  const auto is_same_hit = [](const LibraryHit& left, const LibraryHit& right) {
    return left.condition == right.condition && same_file(left.file.node, right.file.node);
  };
  if (!std::equal(before.begin(), before.end(), after.begin(), after.end(), is_same_hit)) return false;
  for (std::size_t i = 0; i < before.size(); ++i) {
    push(before[i].file, after[i].file, by);
  }
  return true;
}

}  // namespace ociassemble
