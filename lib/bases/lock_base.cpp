// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/placed_error.hpp"
#include "base/task_group.hpp"
#include "bases/base.hpp"
#include "bases/base_facts.hpp"
#include "bases/lock_check.hpp"
#include "bases/locked_blobs.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/lock.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kAskedAtOnce = 32;

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
  const auto client = client_of(workplace);
  auto root = client->open(base);
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

namespace {

std::vector<MovedBase> find_moved(const Lock& lock, const Workplace& workplace, const PlaceOfImage& place_of) {
  const auto client = client_of(workplace);
  const auto digest_now = [&](const Reference& base) -> std::optional<Digest> {
    if (const auto known = client->find(base)) return known->digest;
    try {
      return client->open(base).descriptor.digest;
    } catch (const HttpError& error) {
      if (error.code() != ErrorCode::not_found) throw;
      return {};
    }
  };
  std::set<std::pair<std::string, Digest>> locked;
  for (const auto& [name, base] : lock.bases) locked.emplace(name, base.digest);
  for (const auto& [name, image] : lock.images) locked.emplace(name, image.digest);
  std::map<std::string, std::optional<Digest>> known;
  for (const auto& [name, digest] : locked) {
    if (!Reference::parse(name).digest()) known.emplace(name, std::nullopt);
  }
  TaskGroup group(kAskedAtOnce, workplace.stop);
  for (auto& [name, now] : known) {
    group.spawn([&digest_now, &place_of, &name = name, &now = now](const std::stop_token&) {
      try {
        now = digest_now(Reference::parse(name));
      } catch (const Error& error) {
        rethrow_at(error.code() == ErrorCode::io ? "" : place_of(name));
      }
    });
  }
  group.wait();
  std::vector<MovedBase> moved;
  for (const auto& [name, digest] : locked) {
    const auto found = known.find(name);
    if (found != known.end() && found->second != digest) moved.push_back({name, digest, found->second});
  }
  return moved;
}

std::string no_place(const std::string&) { return {}; }

}  // namespace

std::vector<MovedBase> find_moved(const Lock& lock, const Workplace& workplace) {
  return find_moved(lock, workplace, no_place);
}

LockCheck check_lock(const Lock& lock, const WantedBases& bases, const WantedImages& images,
                     const Workplace& workplace) {
  return check_lock(lock, bases, images, workplace, no_place);
}

LockCheck check_lock(const Lock& lock, const WantedBases& bases, const WantedImages& images, const Workplace& workplace,
                     const PlaceOfImage& place_of) {
  LockCheck check{find_moved(lock, workplace, place_of), {}, {}};
  for (const auto& [name, wanted] : images) {
    const auto locked = lock.images.find(name);
    for (const auto& [platform, paths] : wanted) {
      const auto* known = locked == lock.images.end() ? nullptr : locked->second.find(Platform::parse(platform));
      for (const auto& path : paths) {
        if (known == nullptr || !known->files.contains(path)) check.unlocked_files[name][platform].insert(path);
      }
    }
  }
  for (const auto& [name, platforms] : bases) {
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
