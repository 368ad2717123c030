// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "ociassemble/reference.hpp"
#include "ociassemble/registry.hpp"
#include "registry/known_blobs.hpp"
#include "registry/push_ahead.hpp"
#include "registry/push_parts.hpp"
#include "registry/referrers.hpp"
#include "registry/registry_session.hpp"

namespace ociassemble {

// One push to one place: as RegistryClient::push() and plan(). Blobs in parallel, then manifests, then the index, then
// what refers to those; the tag with the last of all. Used once.
class Push {
 public:
  using FindParts = std::function<std::vector<PushPart>(const HasManifest& has, const std::string& action)>;

  // `root` is the digest of the last part. `ahead` may be null. `target` and `referrers` are borrowed.
  Push(std::shared_ptr<RegistrySession> session, std::shared_ptr<KnownBlobs> known, std::shared_ptr<PushAhead> ahead,
       const Reference& target, Digest root, const std::vector<Document>& referrers);

  // `before_tag` (may be empty) is called once, when all is there but the tag.
  Reference run(const FindParts& find_parts, std::function<void()> before_tag = {});
  // The same without a request that writes.
  PushPlan plan(const FindParts& find_parts);

 private:
  // A manifest and what it is put under: a digest or a tag.
  struct PartToPut {
    std::string identifier;
    const PushPart* part = nullptr;
  };

  static bool is_tag(const PartToPut& put) { return put.identifier != put.part->descriptor.digest.to_string(); }

  using NextPart = std::vector<PartToPut>::const_iterator;

  void check_target() const;
  std::string identifier() const;
  bool is_up_to_date(const std::string& identifier, const Digest& digest) const;
  bool was_up_to_date() const;
  void mark_new(std::vector<PushPart>& parts) const;
  // Uploads for what the repository most likely lacks, beside the requests that ask whether it does.
  void open_uploads(const std::vector<PushPart>& parts);
  bool has(const Descriptor& manifest) const { return is_up_to_date(manifest.digest.to_string(), manifest.digest); }
  // Those of the blobs that the repository lacked.
  std::set<Digest> send_blobs(const std::vector<PushPart>& parts);
  // The referrers to put where the tag stands, and where it does not.
  std::vector<PushPart> missing_referrers(const HasManifest& has_manifest) const;
  std::vector<PushPart> all_referrers(const std::set<Digest>& made, const HasManifest& has_manifest) const;
  // Asks for all of these referrers at once; those of a subject in `made` cannot be there.
  HasManifest asked_for_referrers(const std::set<Digest>& made) const;
  std::vector<PartToPut> order(const std::vector<PushPart>& parts, const std::vector<PushPart>& referrers) const;
  static NextPart end_of_independent(NextPart first, NextPart last);
  void put_all(const std::vector<PartToPut>& puts, std::function<void()> before_tag);
  // At once, in any order.
  void put_together(std::span<const PartToPut> puts);
  std::optional<UnlistedReferrer> put(const PartToPut& put);

  const std::shared_ptr<RegistrySession> session_;
  const std::shared_ptr<KnownBlobs> known_;
  std::shared_ptr<PushAhead> ahead_;
  const Reference& target_;
  const Digest root_;
  const std::vector<Document>& referrers_;
  const std::string action_;
};

}  // namespace ociassemble
