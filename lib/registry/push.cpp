// SPDX-License-Identifier: Apache-2.0
#include "registry/push.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "base/task_group.hpp"
#include "io/streams.hpp"
#include "ociassemble/media_type.hpp"
#include "registry/manifests.hpp"
#include "registry/uploader.hpp"

namespace ociassemble {
namespace {

// A document of our own as a blob.
class DocumentBlob : public BlobReader {
 public:
  explicit DocumentBlob(std::string json) : json_(std::move(json)) {}
  std::unique_ptr<Source> open(const Descriptor&) override { return std::make_unique<StringSource>(json_); }

 private:
  const std::string json_;
};

struct BlobToPush {
  Descriptor descriptor;
  std::shared_ptr<BlobReader> from;
};

// Config and layers of all images, each digest once; what a registry does not hold is left out.
std::vector<BlobToPush> blobs_of(const std::vector<const Image*>& images) {
  std::vector<BlobToPush> blobs;
  std::set<Digest> seen;
  for (const Image* image : images) {
    for (const auto& layer : image->layers()) {
      if (is_foreign_layer_type(layer.descriptor.media_type) || !seen.insert(layer.descriptor.digest).second) continue;
      blobs.push_back({layer.descriptor, layer.blobs});
    }
    const auto& config = image->manifest().config;
    if (seen.insert(config.digest).second)
      blobs.push_back({config, std::make_shared<DocumentBlob>(image->config_json())});
  }
  return blobs;
}

class Push {
 public:
  Push(std::shared_ptr<RegistrySession> session, std::shared_ptr<KnownBlobs> known, const Reference& target)
      : session_(std::move(session)),
        known_(std::move(known)),
        target_(target),
        action_("push " + target.to_string()) {}

  Reference image(const Image& image) {
    check_target(image.digest());
    if (!is_up_to_date(identifier(image.digest()), image.digest())) {
      send_blobs({&image});
      put(identifier(image.digest()), image.descriptor(), image.manifest_json());
    }
    return target_.with_digest(image.digest());
  }

  Reference index(const ImageIndex& index) {
    const auto& digest = index.descriptor.digest;
    check_target(digest);
    if (is_up_to_date(identifier(digest), digest)) return target_.with_digest(digest);
    const auto missing = missing_images(index);
    send_blobs(missing);
    for (const Image* image : missing) put(image->digest().to_string(), image->descriptor(), image->manifest_json());
    put(identifier(digest), index.descriptor, index.json);
    return target_.with_digest(digest);
  }

 private:
  void check_target(const Digest& digest) const {
    if (!target_.digest() || *target_.digest() == digest) return;
    throw Error(ErrorCode::invalid_argument,
                fmt::format("cannot {}: the image's digest is {}", action_, digest.to_string()),
                "name a tag, or no digest");
  }

  // A tag is what is to move; a digest alone names where the document goes.
  std::string identifier(const Digest& digest) const {
    if (target_.tag()) return *target_.tag();
    return target_.digest() ? digest.to_string() : "latest";
  }

  bool is_up_to_date(const std::string& identifier, const Digest& digest) const {
    const auto facts =
        head_manifest(*session_, Scope::push(target_.repository()), identifier, action_, session_->stop());
    return facts && facts->digest == digest;
  }

  // The images that the repository lacks. Throws when the index names one that is neither there nor at hand.
  std::vector<const Image*> missing_images(const ImageIndex& index) const {
    std::vector<const Image*> missing;
    for (const auto& entry : index.index.manifests) {
      if (is_up_to_date(entry.digest.to_string(), entry.digest)) continue;
      const auto image = std::ranges::find(index.images, entry.digest, &Image::digest);
      if (image == index.images.end()) {
        throw Error(ErrorCode::not_found,
                    fmt::format("cannot {}: its index names the manifest {}, which is not at hand", action_,
                                entry.digest.to_string()));
      }
      missing.push_back(&*image);
    }
    return missing;
  }

  void send_blobs(const std::vector<const Image*>& images) {
    Uploader uploader(session_, target_.repository(), known_);
    TaskGroup group(session_->context().options.parallel, session_->stop());
    for (auto& blob : blobs_of(images)) {
      group.spawn([&uploader, blob = std::move(blob)](const std::stop_token& stop) {
        uploader.upload(blob.descriptor, blob.from, stop);
      });
    }
    group.wait();
  }

  void put(const std::string& identifier, const Descriptor& descriptor, const std::string& json) {
    try {
      put_manifest(*session_, target_.repository(), identifier, descriptor, json, action_);
    } catch (const HttpError&) {
      known_->forget();  // it may lack a blob that it had a while ago
      throw;
    }
  }

  const std::shared_ptr<RegistrySession> session_;
  const std::shared_ptr<KnownBlobs> known_;
  const Reference& target_;
  const std::string action_;
};

}  // namespace

Reference push_image(const std::shared_ptr<RegistrySession>& session, const std::shared_ptr<KnownBlobs>& known,
                     const Image& image, const Reference& target) {
  return Push(session, known, target).image(image);
}

Reference push_index(const std::shared_ptr<RegistrySession>& session, const std::shared_ptr<KnownBlobs>& known,
                     const ImageIndex& index, const Reference& target) {
  return Push(session, known, target).index(index);
}

}  // namespace ociassemble
