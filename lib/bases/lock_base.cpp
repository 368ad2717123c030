// SPDX-License-Identifier: Apache-2.0
#include "bases/base.hpp"
#include "bases/base_facts.hpp"
#include "bases/locked_blobs.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/lock.hpp"

namespace ociassemble {
namespace {

void lock_platform(LockedBase& locked, const Document& root, const Platform& platform, const Workplace& workplace) {
  const auto image = open_image(root, platform);
  SharedWork work(workplace);
  const auto tree = read_base_tree(image.layers(), workplace, work);
  auto facts = encode_facts(tree);
  locked.platforms.insert_or_assign(platform.normalised().to_string(),
                                    LockedPlatform{image.digest(), describe_system(tree), facts.digest, {}});
  locked.records.insert_or_assign(facts.digest, std::move(facts.encoded));
}

void lock_all(LockedBase& locked, Document root, const std::vector<Platform>& platforms, const Workplace& workplace) {
  const auto recorder = std::make_shared<RecordingBlobs>(root.blobs);
  root.blobs = recorder;
  for (const auto& platform : platforms) lock_platform(locked, root, platform, workplace);
  locked.documents.insert(recorder->documents().begin(), recorder->documents().end());
}

}  // namespace

LockedBase lock_base(const Reference& base, const std::vector<Platform>& platforms, const Workplace& workplace) {
  RegistryClient client(workplace.registry, workplace.stop);
  auto root = client.open(base);
  LockedBase locked{root.descriptor.digest, root.descriptor.media_type, {}, {{root.descriptor.digest, root.json}}, {}};
  lock_all(locked, std::move(root), platforms, workplace);
  return locked;
}

void lock_platforms(LockedBase& locked, const Reference& base, const std::vector<Platform>& platforms,
                    const Workplace& workplace) {
  std::vector<Platform> missing;
  for (const auto& platform : platforms) {
    if (locked.find(platform) == nullptr) missing.push_back(platform);
  }
  if (missing.empty()) return;
  lock_all(locked, locked_document(locked, base, LockUse::preferred, workplace), missing, workplace);
}

std::vector<MovedBase> find_moved(const Lock& lock, const Workplace& workplace) {
  RegistryClient client(workplace.registry, workplace.stop);
  const auto digest_now = [&](const Reference& base) -> std::optional<Digest> {
    if (const auto known = client.find(base)) return known->digest;
    try {
      return client.open(base).descriptor.digest;
    } catch (const HttpError& error) {
      if (error.code() != ErrorCode::not_found) throw;
      return {};
    }
  };
  std::vector<MovedBase> moved;
  for (const auto& [name, base] : lock.bases) {
    const auto reference = Reference::parse(name);
    if (reference.digest()) continue;
    const auto now = digest_now(reference);
    if (now != base.digest) moved.push_back({name, base.digest, now});
  }
  return moved;
}

LockCheck check_lock(const Lock& lock, const WantedBases& wanted, const Workplace& workplace) {
  LockCheck check{find_moved(lock, workplace), {}};
  for (const auto& [name, platforms] : wanted) {
    const auto locked = lock.bases.find(name);
    for (const auto& platform : platforms) {
      if (locked == lock.bases.end() || locked->second.find(platform) == nullptr) {
        check.unlocked[name].push_back(platform);
      }
    }
  }
  return check;
}

}  // namespace ociassemble
