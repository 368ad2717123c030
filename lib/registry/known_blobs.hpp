// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/guarded.hpp"
#include "ociassemble/digest.hpp"

namespace ociassemble {

// Which blobs one registry was seen to have, in which repositories: so that a blob is asked for and sent once, however
// many images share it. Safe for concurrent use.
class KnownBlobs {
 public:
  void add(const std::string& repository, const Digest& digest) {
    repositories_.with([&](auto& all) { all[digest].insert(repository); });
  }
  bool contains(const std::string& repository, const Digest& digest) const {
    return repositories_.with([&](const auto& all) {
      const auto found = all.find(digest);
      return found != all.end() && found->second.contains(repository);
    });
  }
  // Any repository that has the blob.
  std::optional<std::string> find(const Digest& digest) const {
    return repositories_.with([&](const auto& all) -> std::optional<std::string> {
      const auto found = all.find(digest);
      if (found == all.end() || found->second.empty()) return {};
      return *found->second.begin();
    });
  }
  // When the registry turns out to have thrown something away.
  void forget() {
    repositories_.with([](auto& all) { all.clear(); });
  }

 private:
  Guarded<std::map<Digest, std::set<std::string>>> repositories_;
};

}  // namespace ociassemble
