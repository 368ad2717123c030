// SPDX-License-Identifier: Apache-2.0
#include "gates/start_words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "base/text.hpp"
#include "gates/glibc_version.hpp"

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

std::string needed_words(const StartObstacle& obstacle, const ProgramStart& program) {
  if (obstacle.needed_by == program.path) return "the program needs it";
  return fmt::format("/{} needs it", printable(obstacle.needed_by));
}

// What there is of its kind: the release of glibc, which people know, or the highest version.
std::string version_there(const StartObstacle& obstacle, const StartVerdict& verdict) {
  if (is_glibc_version(obstacle) && !verdict.glibc_version.empty())
    return fmt::format(" (glibc {})", printable(verdict.glibc_version));
  return obstacle.found.empty() ? "" : fmt::format(" (it has {} at the most)", printable(obstacle.found));
}

std::string version_cause(const StartObstacle& obstacle, const StartVerdict& verdict, const ProgramStart& program) {
  return fmt::format("{}{} has no {}; {}", printable(obstacle.library), version_there(obstacle, verdict),
                     printable(obstacle.name), needed_words(obstacle, program));
}

std::string symbol_cause(const StartVerdict& verdict) {
  const auto& first = verdict.obstacles.front();
  const auto others = std::count_if(verdict.obstacles.begin(), verdict.obstacles.end(),
                                    [](const auto& o) { return o.kind == StartFailure::no_symbol; }) -
                      1;
  const auto more = others == 0 ? "" : fmt::format(" and {} other symbol{}", others, others == 1 ? "" : "s");
  return fmt::format("musl has no {}{}, which the program needs", printable(first.name), more);
}

// A library that the loader does not find, though the image has it.
struct Elsewhere {
  std::string folder;      // "/opt"; empty: there is none that fits
  std::string misfitting;  // "/opt/libz.so.1", for another machine
};

Elsewhere find_elsewhere(const StartObstacle& obstacle, const ProgramStart& program, const RootFiles& root) {
  Elsewhere found;
  if (obstacle.kind != StartFailure::no_library || obstacle.name.find('/') != std::string::npos) return found;
  for (const auto& path : root.paths_named(obstacle.name)) {
    const auto file = root.find("/" + path);
    if (!file || file->library == nullptr) continue;
    const auto& facts = program.facts;
    const bool fits = file->library->machine == facts.machine && file->library->is_64_bit == facts.is_64_bit;
    if (!fits) found.misfitting = "/" + path;
    const auto slash = path.rfind('/');
    if (fits) return {"/" + path.substr(0, slash == std::string::npos ? 0 : slash), {}};
  }
  return found;
}

std::string library_cause(const StartObstacle& obstacle, const ProgramStart& program, const Elsewhere& elsewhere) {
  const auto name = printable(obstacle.name);
  const auto needed = needed_words(obstacle, program);
  if (!elsewhere.folder.empty())
    return fmt::format("{} is in {}, where the loader does not look; {}", name, printable(elsewhere.folder), needed);
  if (!elsewhere.misfitting.empty())
    return fmt::format("{} is for another machine; {}", printable(elsewhere.misfitting), needed);
  return fmt::format("{} is not in the image; {}", name, needed);
}

std::string library_remedy(const StartVerdict& verdict, const Elsewhere& elsewhere) {
  if (!elsewhere.misfitting.empty())
    return "add the library that is built for the image's platform, or choose a base that has it";
  if (elsewhere.folder.empty())
    return "build with CGO_ENABLED=0, choose a base that has the library, or add it and those that it needs with --add";
  auto folder = verdict.default_folders.empty() ? std::string("/usr/lib") : verdict.default_folders.back();
  if (folder.ends_with('/')) folder.pop_back();
  return fmt::format("put it into {}, or set --env LD_LIBRARY_PATH={}", printable(folder), printable(elsewhere.folder));
}

std::string cause_of(const StartObstacle& obstacle, const StartVerdict& verdict, const ProgramStart& program,
                     const Elsewhere& elsewhere) {
  switch (obstacle.kind) {
    case StartFailure::no_interpreter:
    case StartFailure::bad_interpreter:
      return fmt::format("its loader {} cannot be used: {}", printable(obstacle.name), obstacle.found);
    case StartFailure::no_library:
      return library_cause(obstacle, program, elsewhere);
    case StartFailure::bad_library:
      return fmt::format("{} cannot be loaded: {}; {}", printable(obstacle.name), obstacle.found,
                         needed_words(obstacle, program));
    case StartFailure::no_version:
      return version_cause(obstacle, verdict, program);
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

std::string remedy_for(const StartObstacle& obstacle, const StartVerdict& verdict, const Elsewhere& elsewhere) {
  switch (obstacle.kind) {
    case StartFailure::no_interpreter:
    case StartFailure::bad_interpreter:
      return "build with CGO_ENABLED=0, or choose a base with this loader";
    case StartFailure::no_library:
      return library_remedy(verdict, elsewhere);
    case StartFailure::bad_library:
      if (obstacle.found == kNoElfFile) return "put the library itself there, not a linker script or a text";
      return "let the image's user read it (--add SRC:DEST,mode=0444), or take it out of the library path";
    case StartFailure::no_version:
      if (is_glibc_version(obstacle)) return glibc_remedy(obstacle, verdict);
      return "build on the system that the base is made of, or choose a newer base";
    case StartFailure::no_symbol:
      return "build with CGO_ENABLED=0 or on Alpine, or choose a glibc base";
  }
  return {};
}

}  // namespace

StartWords words_of_failed_start(const ProgramStart& program, const StartVerdict& verdict, const RootFiles& root) {
  const auto& obstacle = worst_of(verdict.obstacles);
  if (obstacle.kind == StartFailure::no_interpreter) {
    return {obstacle.kind, fmt::format("it needs {}, which is not there", printable(program.interpreter)),
            remedy_without_interpreter(program.interpreter, program.facts.dynamic.needed)};
  }
  const auto elsewhere = find_elsewhere(obstacle, program, root);
  return {obstacle.kind, cause_of(obstacle, verdict, program, elsewhere), remedy_for(obstacle, verdict, elsewhere)};
}

std::string remedy_without_interpreter(const std::string& interpreter, const std::vector<std::string>& needed) {
  const bool wants_musl = interpreter.find("ld-musl-") != std::string::npos;
  // Go's internal linker writes a loader into every position-independent program, and no library.
  return needed.empty() ? "build without -buildmode=pie, or link it with -extldflags=-static-pie"
                        : fmt::format("build with CGO_ENABLED=0, or choose a {} base", wants_musl ? "musl" : "glibc");
}

std::vector<std::string> machine_remarks(const ElfInfo& elf, const StartVerdict& verdict) {
  constexpr std::uint64_t kLargestPage = std::uint64_t{64} * 1024;
  constexpr std::uint16_t kArm64 = 183;  // EM_AARCH64
  std::vector<std::string> remarks;
  const auto level = std::max(elf.x86_level, verdict.x86_level);
  if (level > 1) remarks.push_back(fmt::format("starts only on processors of level x86-64-v{} and above", level));
  if (!elf.arm64.empty()) remarks.push_back(fmt::format("runs only on processors of ARM {} and above", elf.arm64));
  if (elf.machine == kArm64 && elf.traits.page_size < kLargestPage)
    remarks.push_back(
        fmt::format("does not start on kernels with pages of 64 KiB: it is aligned to {} bytes", elf.traits.page_size));
  if (elf.traits.has_executable_stack)
    remarks.emplace_back("wants an executable stack, which kernels with SELinux may forbid");
  return remarks;
}

}  // namespace ociassemble
