// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/places.hpp"

#include <fmt/format.h>

#include "base/trace.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/layout.hpp"
#include "places/blob_names.hpp"
#include "places/engines.hpp"
#include "places/pushed_name.hpp"

namespace ociassemble {
namespace {

[[noreturn]] void reject_target(const Location& location, std::string_view why) {
  throw Error(ErrorCode::invalid_argument, fmt::format("cannot use {} here: {}", location.to_string(), why));
}

// An index has these, too.
const Digest& digest_of(const Image& image) { return image.digest(); }
const Digest& digest_of(const ImageIndex& index) { return index.descriptor.digest; }

void write_to(OciLayout& layout, const Image& image, const Location& target, const std::stop_token& stop,
              const PublishOptions& options) {
  write_image(layout, image, target.name, stop, options.left_out, options.referrers);
}
void write_to(OciLayout& layout, const ImageIndex& index, const Location& target, const std::stop_token& stop,
              const PublishOptions& options) {
  write_index(layout, index, target.name, stop, options.left_out, options.referrers);
}

std::vector<NamedDocument> without_names(const std::vector<Document>& documents) {
  std::vector<NamedDocument> all;
  all.reserve(documents.size());
  for (const auto& document : documents) all.push_back({document});
  return all;
}

template <class Content>
std::string publish_content(const Content& content, const Location& target, const Workplace& workplace,
                            const PublishOptions& options) {
  if (!options.left_out.empty() && target.kind != Location::Kind::oci_layout) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("cannot write to {} without the base's layers: only a layout (oci:DIR) can lack them",
                            target.to_string()));
  }
  if (!options.referrers.empty() && target.is_engine()) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("cannot write referrers to {}: an engine holds only images", target.to_string()),
                "push to a registry, or write to oci:DIR");
  }
  if (!options.referrers.empty() && target.kind == Location::Kind::docker_archive) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("cannot write referrers to {}: a docker archive holds only images", target.to_string()),
                "write to oci-archive:FILE, which `docker load` takes, too");
  }
  if (target.chooses()) reject_target(target, "a digest or a place cannot be written to");
  TraceSpan span("publish");
  span.note("to", target.to_string());
  const auto& digest = digest_of(content);
  if (options.before_tag && target.kind != Location::Kind::registry) options.before_tag();
  switch (target.kind) {
    case Location::Kind::registry: {
      name_blobs(content, workplace);
      client_of(workplace)->push(content, *target.reference, options.referrers, options.before_tag);
      return pushed_name(*target.reference, digest);
    }
    case Location::Kind::oci_layout: {
      auto layout = OciLayout::open_or_create(target.path);
      write_to(layout, content, target, workplace.stop, options);
      break;
    }
    case Location::Kind::oci_archive:
      write_oci_archive(target.path, content, target.name, workplace.stop, without_names(options.referrers));
      break;
    case Location::Kind::docker_archive: {
      std::vector<std::string> references;
      if (target.name) references.push_back(*target.name);
      references.insert(references.end(), options.more_references.begin(), options.more_references.end());
      write_docker_archive(target.path, content, references, workplace.stop);
      break;
    }
    case Location::Kind::docker_daemon:
    case Location::Kind::podman:
    case Location::Kind::containerd:
    case Location::Kind::kind:
    case Location::Kind::k3s: {
      std::vector<std::string> names{*target.name};
      names.insert(names.end(), options.more_references.begin(), options.more_references.end());
      load(content, target, names, workplace);
      break;
    }
    case Location::Kind::rootfs:
    case Location::Kind::scratch:
    case Location::Kind::static_base:
      reject_target(target, "an image can be written to a layout, an archive or a registry");
  }
  return fmt::format("{}@{}", target.to_string(), digest.to_string());
}

Document whole_layout(const OciLayout& layout) {
  auto json = layout.index_json();
  Descriptor descriptor{std::string(media_type::kOciIndex), Digest::of(json), json.size(), {}, {}, {}, {}};
  return {std::move(descriptor), std::move(json), layout.blobs()};
}

}  // namespace

Document open_document(const Location& location, const Workplace& workplace, LayoutScope scope) {
  switch (location.kind) {
    case Location::Kind::registry:
      return client_of(workplace)->open(*location.reference);
    case Location::Kind::oci_layout:
      if (scope == LayoutScope::whole && !location.name) return whole_layout(OciLayout::open(location.path));
      return OciLayout::open(location.path).open_document(location.name);
    case Location::Kind::oci_archive:
      return open_oci_archive(location.path, location.name, workplace.stop);
    case Location::Kind::docker_archive:
      return open_docker_archive(location.path, location.name, workplace.stop);
    case Location::Kind::docker_daemon:
    case Location::Kind::podman:
    case Location::Kind::containerd:
      return open_from_engine(location, workplace);
    case Location::Kind::kind:
    case Location::Kind::k3s:
      reject_target(location, "images can be loaded there, not read");
    case Location::Kind::rootfs:
    case Location::Kind::scratch:
    case Location::Kind::static_base:
      break;
  }
  reject_target(location, "it is a base, not an image");
}

Descriptor resolve(const Location& location, const std::optional<Platform>& platform, const Workplace& workplace) {
  if (location.kind == Location::Kind::registry && !platform) {
    RegistryClient client(workplace.registry, workplace.stop);
    if (const auto found = client.find(*location.reference)) return *found;
  }
  const auto document = open_document(location, workplace);
  return platform ? open_manifest(document, platform).descriptor : document.descriptor;
}

Image open_image(const Location& location, const std::optional<Platform>& platform, const Workplace& workplace) {
  return open_image(open_document(location, workplace), platform);
}

std::string publish(const Image& image, const Location& target, const Workplace& workplace,
                    const PublishOptions& options) {
  return publish_content(image, target, workplace, options);
}

std::string publish(const ImageIndex& index, const Location& target, const Workplace& workplace,
                    const PublishOptions& options) {
  return publish_content(index, target, workplace, options);
}

}  // namespace ociassemble
