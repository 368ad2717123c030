// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/text.hpp"
#include "report/json_text.hpp"
#include "report/locks.hpp"

namespace ociassemble {
namespace {

void print_image(JsonPrinter& json, const std::string& name, const LockedImage& image) {
  json.begin_object();
  json.member("image", name);
  json.member("digest", image.digest.to_string());
  json.member("mediaType", image.media_type);
  json.key("platforms").begin_array();
  for (const auto& [platform, pinned] : image.platforms) {
    std::vector<std::string> paths;
    for (const auto& taken : pinned.files) paths.push_back(taken.first);
    json.begin_object();
    json.member("platform", platform);
    json.member("digest", pinned.manifest.to_string());
    json.member("paths", paths);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

}  // namespace

std::string describe_lock_check(const LockCheck& check) {
  std::string text;
  for (const auto& base : check.moved) {
    text += fmt::format("{} moved: locked {}, now {}\n", base.base, base.locked.to_string(),
                        base.now ? base.now->to_string() : "nothing");
  }
  for (const auto& [name, platforms] : check.unlocked) {
    for (const auto& platform : platforms) text += fmt::format("{} is not locked for {}\n", name, platform.to_string());
  }
  for (const auto& [name, platforms] : check.unlocked_files) {
    for (const auto& [platform, paths] : platforms) {
      for (const auto& path : paths)
        text += fmt::format("{} of {} is not locked for {}\n", terminal_text(path), name, platform);
    }
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
    if (check.unlocked_files.empty()) return;
    json.key("unlockedFiles").begin_array();
    for (const auto& [name, platforms] : check.unlocked_files) {
      for (const auto& [platform, paths] : platforms) {
        for (const auto& path : paths) {
          json.begin_object();
          json.member("image", name);
          json.member("platform", platform);
          json.member("path", path);
          json.end_object();
        }
      }
    }
    json.end_array();
  });
}

std::string describe_locked(const Lock& lock, const WantedBases& bases, const WantedImages& images) {
  std::string text;
  for (const auto& [name, platforms] : bases) text += name + "@" + lock.bases.at(name).digest.to_string() + "\n";
  for (const auto& [name, wanted] : images) {
    if (!bases.contains(name)) text += name + "@" + lock.images.at(name).digest.to_string() + "\n";
  }
  return text;
}

std::string locked_json(const Lock& lock, const WantedBases& bases, const WantedImages& images) {
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
    if (images.empty()) return;
    json.key("images").begin_array();
    for (const auto& wanted : images) print_image(json, wanted.first, lock.images.at(wanted.first));
    json.end_array();
  });
}

}  // namespace ociassemble
