// SPDX-License-Identifier: Apache-2.0
#include "bases/base_finder.hpp"

#include <fmt/format.h>

#include <utility>

#include "bases/base_facts.hpp"
#include "bases/cached_documents.hpp"
#include "bases/locked_blobs.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/places.hpp"

namespace ociassemble {
namespace {

[[noreturn]] void not_locked(const Reference& base) {
  throw Error(ErrorCode::check_failed,
              fmt::format("cannot use base {}: the lock file does not pin it", base.to_string()),
              fmt::format("ociassemble lock --base {} pins it", base.to_string()));
}

}  // namespace

FoundBase BaseFinder::find(const BaseRequest& request) {
  const std::lock_guard lock(mutex_);
  const auto name = request.location.to_string();
  const auto known = found_.find(name);
  if (known != found_.end()) return known->second;
  return found_.emplace(name, look_up(request)).first->second;
}

FoundBase BaseFinder::look_up(const BaseRequest& request) const {
  if (!request.location.reference) return {open_document(request.location, workplace_)};
  const auto& reference = *request.location.reference;
  const auto* locked = request.lock ? request.lock->find(reference) : nullptr;
  if (locked != nullptr) return {locked_document(*locked, reference, request.lock_use, workplace_), locked};
  if (request.lock_use == LockUse::required) not_locked(reference);
  auto document = open_cached_document(reference, workplace_);
  if (!reference.digest()) warn_of_tag(reference);  // of one that is there; else the error is all that counts
  return {std::move(document)};
}

void BaseFinder::warn_of_tag(const Reference& base) const {
  if (!workplace_.notice) return;
  const auto name = base.to_string();
  workplace_.notice(
      fmt::format("base {} is a tag and may change; pin it with `ociassemble lock --base {}`", name, name));
}

std::optional<Tree> locked_tree(const FoundBase& base, const Platform& platform, const Workplace& workplace) {
  if (base.locked == nullptr) return {};
  const auto* locked = base.locked->find(platform);
  if (locked == nullptr) {
    if (workplace.warn) {
      workplace.warn(
          fmt::format("the base is not locked for {}, and read from the registry; `ociassemble lock` adds it",
                      platform.to_string()));
    }
    return {};
  }
  return decode_facts(base.locked->records.at(locked->files), locked->files);
}

}  // namespace ociassemble
