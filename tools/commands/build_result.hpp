// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "commands/path_claims.hpp"
#include "commands/recipe_build.hpp"
#include "ociassemble/places.hpp"
#include "ociassemble/platforms.hpp"
#include "ociassemble/signatures.hpp"

namespace ociassemble::tool {

// What one of the builds made: the image of one platform, or an index of several.
class BuildResult {
 public:
  // An index over the images when `options`, of which they were made, are several.
  BuildResult(std::vector<Assembled> images, const std::vector<AssembleOptions>& options);

  // In the order of the options.
  const std::vector<Assembled>& images() const noexcept { return images_; }
  const Digest& digest() const noexcept;
  // Of the one image, where there is one: that of a docker archive.
  const Digest& image_digest() const noexcept { return images_.front().image.digest(); }
  // Local files that were read, sorted.
  std::vector<std::filesystem::path> inputs() const;
  // Tells the claims, which borrow them.
  void claim_inputs(PathClaims& claims) const;
  // Makes the SBOMs that were asked for, to go along from now on: in BuildKit's form once finish_index() was called.
  void add_sboms(const SbomRequest& request, const Workplace& workplace);
  // A predicate about each image, in their order, for BuildKit's form.
  void add_statements(std::string_view predicate_type, const std::vector<std::string>& predicates,
                      const Workplace& workplace);
  // Puts what goes along in BuildKit's form into the index; the result becomes one, if it is none.
  void finish_index(const AssembleOptions& options, const Workplace& workplace);
  // The image's or the index's.
  Descriptor descriptor() const;
  // Each image, then the index, as documents: what is signed.
  std::vector<Document> documents() const;
  // A manifest that goes along from now on.
  void add_referrer(Document referrer) { referrers_.push_back(std::move(referrer)); }
  // Adds signatures of each image and of the index, and of the SBOMs, as bundles.
  void sign(const Signer& signer, const Workplace& workplace);
  // The digest of each SBOM's statement or manifest, a line each.
  const std::string& sbom_digests() const noexcept { return sbom_digests_; }
  // Writes each document to a file of its own in the folder, which is made; returns the files.
  std::vector<std::filesystem::path> write_sboms(const std::filesystem::path& folder) const;
  std::vector<std::filesystem::path> sbom_files(const std::filesystem::path& folder) const;
  // See publish() and publish_shallow().
  // `more_references`: names of a docker archive beside the target's.
  // `before_tag` as PublishOptions::before_tag.
  std::string publish(const Location& target, const Workplace& workplace,
                      const std::vector<std::string>& more_references = {},
                      const std::function<void()>& before_tag = {}) const;
  std::string publish_shallow(const Location& target, const Workplace& workplace) const;
  // See plan_publish().
  PushPlan plan(const Reference& target, const Workplace& workplace) const;
  // What `build --json` prints.
  std::string json(const std::vector<std::string>& published) const;

 private:
  std::vector<Assembled> images_;
  std::optional<ImageIndex> index_;
  SbomRequest request_;
  std::vector<std::shared_ptr<const Inventory>> inventories_;  // of the images, where SBOMs were asked for
  std::string sbom_digests_;
  std::vector<std::vector<Descriptor>> statements_;  // of each image, in BuildKit's form; empty: none
  std::vector<Document> referrers_;
};

// Makes all, so that what they share is made once. See assemble_all().
std::vector<BuildResult> assemble_builds(const std::vector<Build>& builds, const Workplace& workplace);

}  // namespace ociassemble::tool
