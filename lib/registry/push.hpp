// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ociassemble/reference.hpp"
#include "ociassemble/registry.hpp"
#include "registry/known_blobs.hpp"
#include "registry/push_ahead.hpp"
#include "registry/push_parts.hpp"
#include "registry/registry_session.hpp"

namespace ociassemble {

// One push to one place: as RegistryClient::push() and plan(). Blobs in parallel, then manifests, then the index, the
// tag with the last of them. Used once.
class Push {
 public:
  using FindParts = std::function<std::vector<PushPart>(const HasManifest& has, const std::string& action)>;

  // `root` is the digest of the last part. `target` is borrowed.
  // `ahead` may be null.
  Push(std::shared_ptr<RegistrySession> session, std::shared_ptr<KnownBlobs> known, std::shared_ptr<PushAhead> ahead,
       const Reference& target, Digest root);

  Reference run(const FindParts& find_parts);
  // The same without a request that writes.
  PushPlan plan(const FindParts& find_parts);

 private:
  void check_target() const;
  std::string identifier() const;
  bool is_up_to_date(const std::string& identifier, const Digest& digest) const;
  bool was_up_to_date() const;
  void note_new_configs(const std::vector<PushPart>& parts) const;
  void send_blobs(const std::vector<PushPart>& parts);
  void put_all(const std::vector<PushPart>& parts);
  void put(const std::string& identifier, const PushPart& part);

  const std::shared_ptr<RegistrySession> session_;
  const std::shared_ptr<KnownBlobs> known_;
  const std::shared_ptr<PushAhead> ahead_;
  const Reference& target_;
  const Digest root_;
  const std::string action_;
};

}  // namespace ociassemble
