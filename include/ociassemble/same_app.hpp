// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "ociassemble/compare.hpp"
#include "ociassemble/export.hpp"

namespace ociassemble {

// A proof that two images carry the same application: that its layers are the same bytes before compression in both,
// recomputed from the blobs, and that no other layer hides a file of them. The application's layers are those that
// `build` made of programs and added files, as its history says; in images that others made, all above the base that
// the annotations org.opencontainers.image.base.name and .digest name.

// A way in which the images differ. `subject` is one of same_app_subjects(), or "application" or "platform", which are
// never allowed.
struct SameAppDifference {
  std::string subject;
  bool is_allowed = false;
  std::string text;  // one line; what it says comes from the images
};

// A layer that both images carry.
struct ProvenLayer {
  Digest diff_id;          // recomputed
  std::uint64_t size = 0;  // of its tar
  std::size_t before = 0;  // its number in each image, from 1
  std::size_t after = 0;
  std::string created_by;
};

// One platform's proof.
struct OCIASSEMBLE_EXPORT SameApp {
  std::string platform;
  std::vector<ProvenLayer> layers;
  std::vector<LayerComparison> unlike;  // application layers that differ, with their files
  std::vector<SameAppDifference> differences;

  bool is_proven() const;
};

struct OCIASSEMBLE_EXPORT SameAppReport {
  std::vector<SameApp> platforms;
  std::vector<SameAppDifference> differences;  // of the indexes: a platform that only one has

  bool is_proven() const;
};

struct SameAppOptions {
  bool is_strict = false;       // nothing may differ but what `allow` names
  std::set<std::string> allow;  // of same_app_subjects()
  // Finds a base by its name and the digest of its manifest, for images without a history of ours. May be empty.
  std::function<Image(const std::string& name, const Digest& digest)> find_base;
  std::stop_token stop;
};

// What may differ unless it is asked to be strict: env, cmd, entrypoint, labels, user, and so on.
OCIASSEMBLE_EXPORT const std::vector<std::string>& same_app_subjects();

// Throws Error{check_failed} for an image whose application cannot be told from its base, Error{invalid_argument} for a
// name in `allow` that is no subject, and what reading throws; a layer that is not what its config promises is a
// difference of the application.
OCIASSEMBLE_EXPORT SameApp prove_same_app(const Image& before, const Image& after, const SameAppOptions& options = {});
// The same for each platform of two indexes, or of an image and its platform's in an index.
OCIASSEMBLE_EXPORT SameAppReport prove_same_app(const Document& before, const Document& after,
                                                const std::optional<Platform>& platform,
                                                const SameAppOptions& options = {});

}  // namespace ociassemble
