// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "assemble/json_text.hpp"
#include "ociassemble/lock.hpp"

namespace ociassemble {

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

std::string describe_lock_check(const LockCheck& check) {
  std::string text;
  for (const auto& base : check.moved) {
    text += fmt::format("{} moved: locked {}, now {}\n", base.base, base.locked.to_string(),
                        base.now ? base.now->to_string() : "nothing");
  }
  for (const auto& [name, platforms] : check.unlocked) {
    for (const auto& platform : platforms) text += fmt::format("{} is not locked for {}\n", name, platform.to_string());
  }
  return text;
}

std::string lock_check_json(const LockCheck& check) {
  auto moved = Json::array();
  for (const auto& base : check.moved) {
    moved.push_back({{"base", base.base}, {"locked", base.locked.to_string()}});
    if (base.now) moved.back()["now"] = base.now->to_string();
  }
  auto unlocked = Json::array();
  for (const auto& [name, platforms] : check.unlocked) {
    for (const auto& platform : platforms) unlocked.push_back({{"base", name}, {"platform", platform.to_string()}});
  }
  return dump({{"ok", check.ok()}, {"moved", std::move(moved)}, {"unlocked", std::move(unlocked)}});
}

std::string describe_locked(const Lock& lock, const WantedBases& bases) {
  std::string text;
  for (const auto& [name, platforms] : bases) text += name + "@" + lock.bases.at(name).digest.to_string() + "\n";
  return text;
}

std::string locked_json(const Lock& lock, const WantedBases& bases) {
  auto all = Json::array();
  for (const auto& [name, platforms] : bases) {
    const auto& base = lock.bases.at(name);
    auto locked = Json::array();
    for (const auto& [platform, manifest] : base.platforms) {
      locked.push_back(
          {{"platform", platform}, {"digest", manifest.manifest.to_string()}, {"system", manifest.system}});
    }
    all.push_back({{"base", name},
                   {"digest", base.digest.to_string()},
                   {"mediaType", base.media_type},
                   {"platforms", std::move(locked)}});
  }
  return dump({{"bases", std::move(all)}});
}

}  // namespace ociassemble
