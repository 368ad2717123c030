// SPDX-License-Identifier: Apache-2.0
#include "assemble/binary_check.hpp"

#include <fmt/format.h>

#include "bases/base_facts.hpp"
#include "inputs/input_file.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

std::string base_words(const Base& base) {
  return has_musl(base.tree) ? fmt::format("{}, musl", base.description) : base.description;
}

std::string remedy(const ElfInfo& elf) {
  const bool wants_musl = elf.interpreter.find("ld-musl-") != std::string::npos;
  return fmt::format("build with CGO_ENABLED=0, or choose a {} base", wants_musl ? "musl" : "glibc");
}

Platform platform_of(const ElfInfo& elf) { return Platform::parse("linux/" + elf_architecture(elf)); }

}  // namespace

std::vector<CheckedBinary> look_at_binaries(const std::vector<BinaryInput>& binaries) {
  std::vector<CheckedBinary> checked;
  for (const auto& binary : binaries) {
    checked.push_back({&binary, {}, FileIdentity::of(binary.source)});
    if (!binary.any_binary) checked.back().elf = read_elf(binary.source);
  }
  return checked;
}

void require_checked(const std::vector<CheckedBinary>& binaries, const BinaryInput& binary, const LayerEntry& entry) {
  for (const auto& checked : binaries) {
    if (checked.input->source != binary.source || !checked.elf) continue;
    if (!checked.file || !entry.file || !checked.file->same_as(*entry.file)) throw_changed(binary.source);
  }
}

Platform choose_platform(const std::optional<Platform>& asked, const std::vector<CheckedBinary>& binaries) {
  std::optional<Platform> platform = asked;
  for (const auto& [input, elf, file] : binaries) {
    if (!elf) continue;
    if (!platform) platform = platform_of(*elf);
    if (elf_matches(*elf, *platform)) continue;
    throw Error(ErrorCode::check_failed,
                fmt::format("cannot use {}: it is built for {}, and the image is for {}", input->source.string(),
                            elf_architecture(*elf), platform->to_string()),
                fmt::format("build with GOOS={} GOARCH={}, or ask for --platform linux/{}", platform->os,
                            platform->architecture, elf_architecture(*elf)));
  }
  return platform.value_or(host_platform()).normalised();
}

void check_interpreters(const std::vector<CheckedBinary>& binaries, const Base& base) {
  for (const auto& [input, elf, file] : binaries) {
    if (!elf || elf->interpreter.empty() || base.tree.follow(elf->interpreter) != nullptr) continue;
    throw Error(ErrorCode::check_failed,
                fmt::format("cannot use {}: it needs {}, which this base ({}) does not have", input->source.string(),
                            elf->interpreter, base_words(base)),
                remedy(*elf));
  }
}

}  // namespace ociassemble
