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

// A proof that two images carry the same application and start it in the same way. Every layer of both is read, its
// diff ID recomputed, and the files that the layers make are compared as an unpacker would leave them: links resolved,
// whiteouts and opaque folders applied. Which layers are the application's is what `build` wrote into the history of
// either image; in images that others made, all above the base that the annotations org.opencontainers.image.base.name
// and .digest name. A history that lies can make more of the images the application, or make the proof fail; it hides
// nothing, since all that is not the application's is accounted for as well.

// A way in which the images differ. `subject` is one of same_app_subjects(), or "application" or "platform", which are
// never allowed; "start" is allowed only where it is named. An "application" difference is allowed where its path is
// (SameAppOptions::allow) and the file is no program.
struct SameAppDifference {
  std::string subject;
  bool is_allowed = false;
  std::string text;  // one line; what it says comes from the images
  std::string path;  // of the file that it is about, without a leading '/'; may be empty
};

// A layer that both images carry.
struct ProvenLayer {
  Digest diff_id;          // recomputed
  std::uint64_t size = 0;  // of its tar
  std::size_t before = 0;  // its number in each image, from 1
  std::size_t after = 0;
  std::string created_by;
};

// What a layer is to the proof: of the application in both images; of the base, below the application; or extra, above
// the base in one image only.
enum class LayerRole { application, base, extra };

struct AccountedLayer {
  LayerRole role = LayerRole::base;
  bool is_in_both = false;
  LayerSide side;
};

// One platform's proof.
struct OCIASSEMBLE_EXPORT SameApp {
  std::string platform;
  std::vector<ProvenLayer> layers;
  std::vector<LayerComparison> unlike;  // application layers of which a file that both have differs, with such files
  std::vector<SameAppDifference> differences;
  std::vector<AccountedLayer> before;  // every layer of each image, from below
  std::vector<AccountedLayer> after;
  std::uint64_t application_files = 0;  // found the same in both
  std::uint64_t same_files = 0;         // others that are the same in both

  bool is_proven() const;
};

struct OCIASSEMBLE_EXPORT SameAppReport {
  std::vector<SameApp> platforms;
  std::vector<SameAppDifference> differences;  // of the indexes: a platform that only one has

  bool is_proven() const;
};

struct SameAppOptions {
  bool is_strict = false;  // nothing may differ but what `allow` names
  // Names of same_app_subjects(), and "files:/PATH": that path and all below it, without following links.
  std::set<std::string> allow;
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
