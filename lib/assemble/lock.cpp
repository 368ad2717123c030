// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/lock.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "assemble/lock_limits.hpp"
#include "base/atomic_file.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

using Json = nlohmann::ordered_json;

Json texts_json(const std::map<Digest, std::string>& texts) {
  Json object = Json::object();
  for (const auto& [digest, text] : texts) object[digest.to_string()] = text;
  return object;
}

Json base_json(const LockedBase& base) {
  Json platforms = Json::object();
  for (const auto& [name, platform] : base.platforms) {
    platforms[name] = {
        {"digest", platform.manifest.to_string()}, {"system", platform.system}, {"facts", platform.facts.to_string()}};
  }
  return {{"digest", base.digest.to_string()},
          {"mediaType", base.media_type},
          {"platforms", std::move(platforms)},
          {"documents", texts_json(base.documents)},
          {"facts", texts_json(base.facts)}};
}

}  // namespace

const LockedPlatform* LockedBase::find(const Platform& platform) const {
  const auto found = platforms.find(platform.normalised().to_string());
  return found == platforms.end() ? nullptr : &found->second;
}

const LockedBase* Lock::find(const Reference& base) const {
  const auto found = bases.find(base.to_string());
  return found == bases.end() ? nullptr : &found->second;
}

std::string Lock::to_json() const {
  Json object = {{"lockFormat", kLockFormat}, {"bases", Json::object()}};
  for (const auto& [name, base] : bases) object["bases"][name] = base_json(base);
  auto text = object.dump(2) + "\n";
  if (text.size() > kMaxLockSize) {
    throw Error(
        ErrorCode::unsupported,
        fmt::format("cannot write the lock: it has {} bytes, and at most {} are read again", text.size(), kMaxLockSize),
        "lock fewer bases, each in a file of its own");
  }
  return text;
}

std::optional<Lock> Lock::load(const std::filesystem::path& file) {
  const auto json = read_file_if_exists(file, kMaxLockSize);
  if (!json) return {};
  return parse(*json, file.string());
}

bool Lock::save(const std::filesystem::path& file) const {
  const auto json = to_json();
  // One that is too long to be a lock is another.
  std::error_code ignored;
  if (std::filesystem::file_size(file, ignored) == json.size() && read_file(file, kMaxLockSize) == json) return false;
  write_file_atomically(file, as_bytes(json));
  return true;
}

}  // namespace ociassemble
