// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "ociassemble/document.hpp"

namespace ociassemble {

struct BlobToPush {
  Descriptor descriptor;
  std::shared_ptr<BlobReader> from;
  bool is_new = false;  // the repository cannot have it
};

// A manifest or index to put, and the blobs that have to be there before; what registries do not hold is left out.
struct PushPart {
  Descriptor descriptor;
  std::string json;
  std::vector<BlobToPush> blobs;
};

// Whether the repository has a manifest already, and so all that it names.
using HasManifest = std::function<bool(const Descriptor&)>;

// What has to be put, in this order: the root is the last, and what `has` knows below it is left out. An ImageIndex
// that names a manifest that is neither there nor among its images is Error{not_found}. `action` is what errors say
// cannot be done.
std::vector<PushPart> parts_of(const Image& image);
std::vector<PushPart> parts_of(const ImageIndex& index, const HasManifest& has, const std::string& action);
std::vector<PushPart> parts_of(const Document& root, const HasManifest& has, const std::stop_token& stop);

// A manifest that refers to another, as a part. That of a manifest which the repository did not have is new itself, and
// so is what it holds.
enum class ReferrerState { unknown, is_new };
PushPart part_of_referrer(const Document& referrer, ReferrerState state);
// What a manifest or index refers to; nothing where it has no subject. Throws Error{corrupt}.
std::optional<Digest> subject_of(const Document& referrer);

// The blobs of all parts, each digest once.
std::vector<BlobToPush> blobs_of(const std::vector<PushPart>& parts);

}  // namespace ociassemble
