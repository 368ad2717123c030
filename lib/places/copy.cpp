// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/copy.hpp"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "base/stop.hpp"
#include "base/text.hpp"
#include "image/contents.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/layout.hpp"
#include "ociassemble/places.hpp"
#include "ociassemble/referrers.hpp"
#include "places/blob_names.hpp"
#include "places/engines.hpp"
#include "places/pushed_name.hpp"
#include "places/referrer_search.hpp"
#include "places/reporting_blobs.hpp"

namespace ociassemble {
namespace {

using Kind = Location::Kind;

constexpr std::size_t kMostTakenAlong = std::size_t{256} << 20U;  // bytes of manifests, in memory

bool holds_oci(Kind kind) { return kind == Kind::oci_layout || kind == Kind::oci_archive; }

[[noreturn]] void reject_copy(const Location& location, std::string_view why, std::string hint = {}) {
  throw Error(ErrorCode::invalid_argument, fmt::format("cannot copy to {}: {}", location.to_string(), why),
              std::move(hint));
}

// Before anything is asked or read.
void check_locations(const Location& from, const Location& to, const CopyOptions& options) {
  for (const auto* location : {&from, &to}) {
    if (location->kind != Kind::rootfs && location->kind != Kind::scratch && location->kind != Kind::static_base)
      continue;
    throw Error(ErrorCode::invalid_argument, fmt::format("cannot copy {}: {} is a base, not a place for images",
                                                         from.to_string(), location->to_string()));
  }
  if (to.chooses()) reject_copy(to, "a digest or a place cannot be written to");
  if (options.all_platforms && options.platform) {
    reject_copy(to, "all platforms and one platform were asked for", "leave --platform or --all-platforms out");
  }
  if (options.referrers && (from.is_engine() || to.is_engine())) {
    reject_copy(to, "an engine holds images alone, no referrers", "leave --referrers out");
  }
  if (options.referrers && from.kind == Kind::docker_archive) {
    reject_copy(to, "a docker archive holds no referrers", "leave --referrers out");
  }
  if (options.referrers && to.kind == Kind::docker_archive) {
    reject_copy(to, "a docker archive holds no referrers",
                "write to oci-archive:FILE, which `docker load` takes, too, or leave --referrers out");
  }
}

class Copy {
 public:
  Copy(const Location& from, const Location& to, const CopyOptions& options, const Workplace& workplace)
      : from_(from), to_(to), options_(options), workplace_(workplace), client_(client_of(workplace)) {
    check_locations(from, to, options);
  }

  Copied run() {
    const auto document = choose();
    name_blobs(document, workplace_);
    if (!options_.referrers) return write(document);
    const auto referrers = find_referrers_by(*client_, document, from_, workplace_, ReferrerDetail::listed);
    if (to_.kind == Kind::oci_archive) {
      take_along(referrers, document);
      auto copied = write(document);
      copied.referrers = taken_along_.size();
      return copied;
    }
    // A registry's tag last, so that whoever finds the image by it finds its signatures, too.
    std::optional<Copied> written;
    if (to_.kind == Kind::registry) {
      client_->push(document, Reference::parse(to_.reference->name()).with_digest(document.descriptor.digest));
    } else {
      written = write(document);
    }
    const auto count = copy_referrers(referrers, document);
    auto copied = written ? std::move(*written) : write(document);
    copied.referrers = count;
    return copied;
  }

  PushPlan plan() {
    if (to_.kind != Kind::registry) {
      throw Error(ErrorCode::invalid_argument,
                  fmt::format("cannot plan a copy to {}: it is no registry", to_.to_string()), "leave --dry-run out");
    }
    return client_->plan(choose(), *to_.reference);
  }

 private:
  Document choose() {
    auto root = from_.kind == Kind::registry ? client_->open(*from_.reference) : open_document(from_, workplace_);
    if (options_.all_platforms) return root;
    const bool index = document_kind(root.json, root.descriptor.media_type) == DocumentKind::index;
    if (!index && options_.platform) open_image(root, options_.platform);  // throws when it is another platform's
    if (index) tell_choice(root);
    return open_manifest(root, options_.platform);
  }

  void tell_choice(const Document& root) const {
    if (options_.platform || !workplace_.progress) return;
    std::set<std::string> platforms;
    for (const auto& entry : Index::parse(root.json, root.descriptor.media_type).manifests) {
      if (entry.platform && entry.platform->os != "unknown") platforms.insert(entry.platform->to_string());
    }
    if (platforms.size() < 2) return;
    workplace_.progress(fmt::format("taking {} out of an index of {} platforms; --all-platforms takes all",
                                    host_platform().to_string(), platforms.size()));
  }

  // Reads from a registry, or for an archive, are told of; a push tells of itself.
  Document reporting(Document document) const {
    if (workplace_.registry.progress && from_.kind == Kind::registry) {
      document.blobs = std::make_shared<ReportingBlobs>(std::move(document.blobs), workplace_.registry.progress);
    }
    return document;
  }

  Copied write(const Document& document) {
    if (to_.kind == Kind::registry) {
      client_->push(document, *to_.reference);
      return {pushed_name(*to_.reference, document.descriptor.digest), document.descriptor, 0};
    }
    if (to_.kind == Kind::docker_archive) return write_docker(reporting(document));
    if (to_.is_engine()) {
      load(reporting(document), to_, {*to_.name}, workplace_);
      return named(to_.to_string(), document.descriptor);
    }
    if (is_made_up(document)) return write_converted(document);
    warn_of_docker_format(document);
    if (to_.kind == Kind::oci_archive) {
      write_oci_archive(to_.path, reporting(document), to_.name, workplace_.stop, taken_along_);
    } else {
      auto layout = OciLayout::open_or_create(to_.path);
      write_document(layout, reporting(document), to_.name, workplace_.registry.parallel, workplace_.stop);
    }
    return named(to_.to_string(), document.descriptor);
  }

  Copied write_docker(const Document& document) {
    std::vector<std::string> references;
    if (to_.name) {
      references.push_back(*to_.name);
    } else if (from_.reference) {
      references.push_back(from_.reference->to_string());
    }
    write_docker_archive(to_.path, document, references, workplace_.stop);
    return named(to_.to_string(), document.descriptor);
  }

  // An older archive of docker's has no manifest whose bytes could be kept: ours has Docker's types.
  bool is_made_up(const Document& document) const {
    return from_.kind == Kind::docker_archive && document.descriptor.media_type == media_type::kDockerManifest;
  }

  Copied write_converted(const Document& document) {
    const auto found = open_image(document, options_.platform);
    const auto image = Image::from_layers(ImageFormat::oci, found.layers(), found.config(), {});
    return {publish(image, to_, workplace_), image.descriptor(), 0};
  }

  void warn_of_docker_format(const Document& document) const {
    const auto& type = document.descriptor.media_type;
    if (!workplace_.warn || !holds_oci(to_.kind)) return;
    if (type != media_type::kDockerManifest && type != media_type::kDockerIndex) return;
    workplace_.warn(fmt::format(
        "{} is in Docker's format, which is kept; some tools that read OCI layouts do not know it", from_.to_string()));
  }

  static Copied named(const std::string& name, const Descriptor& descriptor) {
    return {fmt::format("{}@{}", name, descriptor.digest.to_string()), descriptor, 0};
  }

  // Of all that was copied: tools sign an index, and attest each platform's manifest.
  std::size_t copy_referrers(const std::vector<Referrer>& referrers, const Document& image) {
    std::size_t count = 0;
    for (const auto& referrer : referrers) {
      throw_if_stopped(workplace_.stop);
      if (copy_referrer(referrer, image)) ++count;
      count += copy_referrers(referrer.referrers, image);
    }
    return count;
  }

  bool copy_referrer(const Referrer& referrer, const Document& image) {
    return unless_unreadable(referrer, [&] {
      const auto document = open(referrer, image);
      if (to_.kind == Kind::registry) {
        const auto repository = Reference::parse(to_.reference->name());
        client_->push(document, referrer.tag.empty() ? repository.with_digest(document.descriptor.digest)
                                                     : repository.with_tag(referrer.tag));
      } else {
        auto layout = OciLayout::open(to_.path);
        write_document(layout, document, name_of(referrer), workplace_.registry.parallel, workplace_.stop);
      }
    });
  }

  // For an archive, which is written at once: what is read with it is checked then.
  void take_along(const std::vector<Referrer>& referrers, const Document& image) {
    for (const auto& referrer : referrers) {
      throw_if_stopped(workplace_.stop);
      unless_unreadable(referrer, [&] {
        auto document = reporting(open(referrer, image));
        for (const auto& one : all_documents(document, workplace_.stop)) {
          contents_of(one);
          taken_bytes_ += one.json.size();
        }
        taken_along_.push_back({std::move(document), name_of(referrer)});
      });
      if (taken_bytes_ > kMostTakenAlong) reject_copy(to_, "what refers to the image is too much for an archive");
      take_along(referrer.referrers, image);
    }
  }

  static std::optional<std::string> name_of(const Referrer& referrer) {
    return referrer.tag.empty() ? std::nullopt : std::optional(referrer.tag);
  }

  Document open(const Referrer& referrer, const Document& image) {
    return from_.kind == Kind::registry ? client_->open(*from_.reference, referrer.descriptor)
                                        : read_document(referrer.descriptor, image.blobs);
  }

  // What somebody else put there and nobody can read must not keep the image from being copied. Returns whether it went
  // well.
  template <class Work>
  bool unless_unreadable(const Referrer& referrer, const Work& work) const {
    try {
      work();
      return true;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::corrupt && error.code() != ErrorCode::unsupported) throw;
      if (workplace_.warn) {
        workplace_.warn(fmt::format("the referrer {} is not copied: {}", referrer.descriptor.digest.to_string(),
                                    printable(error.what())));
      }
      return false;
    }
  }

  const Location& from_;
  const Location& to_;
  const CopyOptions& options_;
  const Workplace& workplace_;
  const std::shared_ptr<RegistryClient> client_;
  std::vector<NamedDocument> taken_along_;
  std::size_t taken_bytes_ = 0;
};

}  // namespace

Copied copy(const Location& from, const Location& to, const CopyOptions& options, const Workplace& workplace) {
  return Copy(from, to, options, workplace).run();
}

PushPlan plan_copy(const Location& from, const Location& to, const CopyOptions& options, const Workplace& workplace) {
  return Copy(from, to, options, workplace).plan();
}

PushPlan plan_publish(const Image& image, const Reference& target, const Workplace& workplace,
                      const std::vector<Document>& referrers) {
  return client_of(workplace)->plan(image, target, referrers);
}

PushPlan plan_publish(const ImageIndex& index, const Reference& target, const Workplace& workplace,
                      const std::vector<Document>& referrers) {
  return client_of(workplace)->plan(index, target, referrers);
}

}  // namespace ociassemble
