// SPDX-License-Identifier: Apache-2.0
#include "assemble/start_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.hpp"
#include "gates/glibc_version.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::string_view kGlibcFamily = "GLIBC_2.";
constexpr std::size_t kGlibcPrefix = 6;  // "GLIBC_"

struct GlibcRelease {
  std::string_view base;
  std::string_view version;
};
constexpr std::array kGlibcReleases{GlibcRelease{"debian:11", "2.31"}, GlibcRelease{"debian:12", "2.36"},
                                    GlibcRelease{"debian:13", "2.41"}};

bool is_glibc_version(const StartObstacle& obstacle) {
  return obstacle.kind == StartFailure::no_version && family_of_version(obstacle.name) == kGlibcFamily;
}

// The first; of versions of glibc the highest, which is the one that a base must have.
const StartObstacle& worst_of(const std::vector<StartObstacle>& obstacles) {
  const auto* worst = &obstacles.front();
  for (const auto& obstacle : obstacles) {
    if (!is_glibc_version(*worst) || !is_glibc_version(obstacle)) continue;
    const auto number = [](const StartObstacle& one) { return std::string_view(one.name).substr(kGlibcPrefix); };
    if (is_below(number(*worst), number(obstacle))) worst = &obstacle;
  }
  return *worst;
}

std::string needed_words(const StartObstacle& obstacle, const CheckedStart& start) {
  if (obstacle.needed_by == start.program.path) return "the program needs it";
  return fmt::format("/{} needs it", printable(obstacle.needed_by));
}

// What there is of its kind: the release of glibc, which people know, or the highest version.
std::string version_there(const StartObstacle& obstacle, const StartVerdict& verdict) {
  if (is_glibc_version(obstacle) && !verdict.glibc_version.empty())
    return fmt::format(" (glibc {})", printable(verdict.glibc_version));
  return obstacle.found.empty() ? "" : fmt::format(" (it has {} at the most)", printable(obstacle.found));
}

std::string version_cause(const StartObstacle& obstacle, const StartVerdict& verdict, const CheckedStart& start) {
  return fmt::format("{}{} has no {}; {}", printable(obstacle.library), version_there(obstacle, verdict),
                     printable(obstacle.name), needed_words(obstacle, start));
}

std::string symbol_cause(const StartVerdict& verdict) {
  const auto& first = verdict.obstacles.front();
  const auto others = std::count_if(verdict.obstacles.begin(), verdict.obstacles.end(),
                                    [](const auto& o) { return o.kind == StartFailure::no_symbol; }) -
                      1;
  const auto more = others == 0 ? "" : fmt::format(" and {} other symbol{}", others, others == 1 ? "" : "s");
  return fmt::format("musl has no {}{}, which the program needs", printable(first.name), more);
}

std::string cause_of(const StartObstacle& obstacle, const StartVerdict& verdict, const CheckedStart& start) {
  switch (obstacle.kind) {
    case StartFailure::no_interpreter:
      return fmt::format("its loader {} is not in the image", printable(obstacle.name));
    case StartFailure::bad_interpreter:
      return fmt::format("its loader {} cannot be used: {}", printable(obstacle.name), obstacle.found);
    case StartFailure::no_library:
      return fmt::format("{} is not in the image; {}", printable(obstacle.name), needed_words(obstacle, start));
    case StartFailure::bad_library:
      return fmt::format("{} cannot be loaded: {}; {}", printable(obstacle.name), obstacle.found,
                         needed_words(obstacle, start));
    case StartFailure::no_version:
      return version_cause(obstacle, verdict, start);
    case StartFailure::no_symbol:
      return symbol_cause(verdict);
  }
  return {};
}

std::string glibc_remedy(const StartObstacle& obstacle, const StartVerdict& verdict) {
  const auto wanted = std::string_view(obstacle.name).substr(kGlibcPrefix);
  const auto build_there = verdict.glibc_version.empty() ? ""
                                                         : fmt::format(", or on a system with glibc {} or older",
                                                                       printable(verdict.glibc_version));
  const auto release = std::find_if(kGlibcReleases.begin(), kGlibcReleases.end(),
                                    [&](const auto& known) { return !is_below(known.version, wanted); });
  const auto example =
      release == kGlibcReleases.end() ? std::string() : fmt::format(" ({} has {})", release->base, release->version);
  return fmt::format("build with CGO_ENABLED=0{}, or choose a base with glibc {} or later{}", build_there, wanted,
                     example);
}

std::string remedy_for(const StartObstacle& obstacle, const StartVerdict& verdict) {
  switch (obstacle.kind) {
    case StartFailure::no_interpreter:
    case StartFailure::bad_interpreter:
      return "build with CGO_ENABLED=0, or choose a base with this loader";
    case StartFailure::no_library:
      return "build with CGO_ENABLED=0, choose a base that has the library, or add it and those that it needs with "
             "--add";
    case StartFailure::bad_library:
      return "let the image's user read it (--add SRC:DEST,mode=0444), or take it out of the library path";
    case StartFailure::no_version:
      if (is_glibc_version(obstacle)) return glibc_remedy(obstacle, verdict);
      return "build on the system that the base is made of, or choose a newer base";
    case StartFailure::no_symbol:
      return "build with CGO_ENABLED=0 or on Alpine, or choose a glibc base";
  }
  return {};
}

void warn_of(const StartVerdict& verdict, const CheckedStart& start,
             const std::function<void(const std::string&)>& warn) {
  if (!warn) return;
  for (const auto& name : verdict.not_judged)
    warn(fmt::format("whether {} starts was not judged: nothing is known about /{}", start.source, printable(name)));
  if (verdict.x86_level > 1)
    warn(fmt::format("{} starts only on processors of level x86-64-v{} and above", start.source, verdict.x86_level));
}

}  // namespace

void check_start(const CheckedStart& start, const RootFiles& root,
                 const std::function<void(const std::string&)>& warn) {
  const auto verdict = judge_start(start.program, root);
  warn_of(verdict, start, warn);
  if (verdict.obstacles.empty()) return;
  const auto& obstacle = worst_of(verdict.obstacles);
  throw Error(ErrorCode::check_failed,
              fmt::format("cannot use {}: it does not start on this base ({}): {}", start.source, start.base,
                          cause_of(obstacle, verdict, start)),
              remedy_for(obstacle, verdict));
}

}  // namespace ociassemble
