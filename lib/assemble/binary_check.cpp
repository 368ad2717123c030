// SPDX-License-Identifier: Apache-2.0
#include "assemble/binary_check.hpp"

#include <fmt/format.h>

#include "assemble/value_place.hpp"
#include "base/trace.hpp"
#include "bases/base_facts.hpp"
#include "inputs/input_file.hpp"
#include "ociassemble/error.hpp"
#include "spec/timestamp.hpp"

namespace ociassemble {
namespace {

// Images are Linux's unless another system is asked for.
Platform platform_of(const ElfInfo& elf) {
  auto platform = Platform::parse("linux/" + elf_architecture(elf));
  if (!elf.arm.empty()) platform.variant = "v" + elf.arm;
  return platform;
}

// What the binaries are for; of those for ARM the one that wants most.
std::optional<Platform> platform_of(const std::vector<CheckedBinary>& binaries) {
  std::optional<Platform> platform;
  for (const auto& binary : binaries) {
    if (!binary.elf) continue;
    auto wanted = platform_of(*binary.elf);
    if (!platform || (wanted.architecture == platform->architecture && platform->variant < wanted.variant))
      platform = std::move(wanted);
  }
  return platform;
}

[[noreturn]] void wrong_platform(const BinaryInput& input, const ElfInfo& elf, const Platform& platform) {
  const auto arch = elf_architecture(elf);
  auto hint = fmt::format("build with GOOS={} GOARCH={}, or ask for --platform linux/{}", platform.os,
                          platform.architecture, arch);
  if (!elf.os.empty() && elf.os != platform.os) {
    hint = fmt::format("build it with GOOS={}", platform.os);
  } else if (arch == platform.architecture && !elf.arm.empty()) {
    hint =
        fmt::format("build it with GOARM={}, or ask for --platform {}", platform.variant.substr(1), elf_platform(elf));
  }
  const bool same_words = arch == platform.architecture || (!elf.os.empty() && elf.os != platform.os);
  throw Error(ErrorCode::check_failed,
              fmt::format("cannot use {}: it is built for {}, and the image is for {}", input.source.string(),
                          same_words ? elf_platform(elf) : arch, platform.to_string()),
              std::move(hint));
}

}  // namespace

std::string base_words(const Base& base) {
  return has_musl(base.tree) ? fmt::format("{}, musl", base.description) : base.description;
}

std::vector<CheckedBinary> look_at_binaries(const AssembleOptions& options) {
  const TraceSpan span("read programs");
  std::vector<CheckedBinary> checked;
  for (const auto& binary : options.contents.binaries) {
    checked.push_back({&binary, {}, FileIdentity::of(binary.source)});
    if (binary.any_binary) continue;
    checked.back().elf =
        about(options, ValueKind::path, binary.source.string(), [&] { return read_elf(binary.source); });
  }
  return checked;
}

void require_checked(const std::vector<CheckedBinary>& binaries, const BinaryInput& binary, const LayerEntry& entry) {
  for (const auto& checked : binaries) {
    if (checked.input->source != binary.source || !checked.elf) continue;
    const auto file = entry.bytes->file();
    if (!checked.file || !file || !checked.file->same_as(*file)) throw_changed(binary.source);
  }
}

Platform choose_platform(const AssembleOptions& options, const std::vector<CheckedBinary>& binaries) {
  auto platform = options.platform ? options.platform : platform_of(binaries);
  if (platform) platform = platform->normalised();
  for (const auto& binary : binaries) {
    if (!binary.elf || elf_matches(*binary.elf, *platform)) continue;
    about(options, ValueKind::path, binary.input->source.string(),
          [&] { wrong_platform(*binary.input, *binary.elf, *platform); });
  }
  return platform.value_or(host_platform()).normalised();
}

std::int64_t created_time(const AssembleOptions& options, const std::vector<CheckedBinary>& binaries) {
  if (options.created || !options.created_from_vcs) return options.created.value_or(0);
  for (const auto& binary : binaries) {
    if (binary.elf && !binary.elf->vcs_time.empty()) return parse_time(binary.elf->vcs_time);
  }
  about(options, ValueKind::created, "vcs", [] {
    throw Error(ErrorCode::check_failed,
                "cannot tell when the image was created: no program has the time of its commit",
                "build with -buildvcs=true in the repository, or give a time instead of vcs");
  });
  return 0;
}

}  // namespace ociassemble
