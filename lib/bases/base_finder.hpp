// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "image/layer_builder.hpp"
#include "ociassemble/document.hpp"
#include "ociassemble/location.hpp"
#include "ociassemble/lock.hpp"
#include "tree/tree.hpp"

namespace ociassemble {

// Which base is wanted, and what a layer is made like where the base has none of its own.
struct BaseRequest {
  Location location;
  std::shared_ptr<const Lock> lock;  // may be null
  LockUse lock_use = LockUse::preferred;
  LayerOptions layer;
  std::int64_t mtime = 0;    // of files that are made
  std::int64_t created = 0;  // when the base was
  bool fix_media_types = false;
};

// What a base's location stands for.
struct FoundBase {
  Document root;
  const LockedBase* locked = nullptr;  // the lock's entry that it is of; borrowed from the lock
};

// Looks up bases, each once, so that all who share a finder have the same however the tag moves meanwhile. One that the
// request's lock pins is taken from there, without a request. Safe for concurrent use; borrows the workplace.
class BaseFinder {
 public:
  explicit BaseFinder(const Workplace& workplace) : workplace_(workplace) {}

  // The base, an image. Throws what open_document() throws, and Error{check_failed} for a base in a registry
  // that a required lock does not pin.
  FoundBase find(const BaseRequest& request);

 private:
  FoundBase look_up(const BaseRequest& request) const;
  void warn_of_tag(const Reference& base) const;

  const Workplace& workplace_;
  std::mutex mutex_;
  std::map<std::string, FoundBase> found_;  // by location
};

// The tree of the platform's image as the lock has it; nothing where it has none, with a warning when the base is
// locked for other platforms.
std::optional<Tree> locked_tree(const FoundBase& base, const Platform& platform, const Workplace& workplace);

}  // namespace ociassemble
