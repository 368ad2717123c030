// SPDX-License-Identifier: Apache-2.0
#include "assemble/new_programs.hpp"

#include <cstdint>

#include "bases/base.hpp"
#include "ociassemble/digest.hpp"

namespace ociassemble {
namespace {

constexpr const char* kKind = "programs";

Digest key_of(const FileIdentity& file) { return Digest::of(file.to_string()); }

}  // namespace

NewPrograms::NewPrograms(const std::vector<CheckedBinary>& binaries, const Workplace& workplace) {
  if (!workplace.client || !workplace.client->is_push_expected()) return;
  std::uint64_t size = 0;
  const auto cache = open_record_cache(workplace);
  for (const auto& binary : binaries) {
    if (!binary.file) continue;
    size += binary.file->size;
    if (!cache || !cache->find(kKind, key_of(*binary.file))) files_.push_back(*binary.file);
  }
  if (!files_.empty()) workplace.client->expect_uploads(size);
}

void NewPrograms::remember(const Workplace& workplace) const {
  if (files_.empty()) return;
  auto cache = open_record_cache(workplace);
  if (!cache) return;
  for (const auto& file : files_) cache->put(kKind, key_of(file), "made");
}

}  // namespace ociassemble
