// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "report/json_text.hpp"
#include "report/locks.hpp"

namespace ociassemble {

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
  return json_object([&](JsonPrinter& json) {
    json.member("ok", check.ok());
    json.key("moved").begin_array();
    for (const auto& base : check.moved) {
      json.begin_object();
      json.member("base", base.base);
      json.member("locked", base.locked.to_string());
      if (base.now) json.member("now", base.now->to_string());
      json.end_object();
    }
    json.end_array();
    json.key("unlocked").begin_array();
    for (const auto& [name, platforms] : check.unlocked) {
      for (const auto& platform : platforms) {
        json.begin_object();
        json.member("base", name);
        json.member("platform", platform.to_string());
        json.end_object();
      }
    }
    json.end_array();
  });
}

std::string describe_locked(const Lock& lock, const WantedBases& bases) {
  std::string text;
  for (const auto& [name, platforms] : bases) text += name + "@" + lock.bases.at(name).digest.to_string() + "\n";
  return text;
}

std::string locked_json(const Lock& lock, const WantedBases& bases) {
  return json_object([&](JsonPrinter& json) {
    json.key("bases").begin_array();
    for (const auto& wanted : bases) {
      const auto& base = lock.bases.at(wanted.first);
      json.begin_object();
      json.member("base", wanted.first);
      json.member("digest", base.digest.to_string());
      json.member("mediaType", base.media_type);
      json.key("platforms").begin_array();
      for (const auto& [platform, manifest] : base.platforms) {
        json.begin_object();
        json.member("platform", platform);
        json.member("digest", manifest.manifest.to_string());
        json.member("system", manifest.system);
        json.end_object();
      }
      json.end_array();
      json.end_object();
    }
    json.end_array();
  });
}

}  // namespace ociassemble
