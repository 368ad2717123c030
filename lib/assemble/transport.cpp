// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/layout.hpp"

#include <fmt/format.h>

#include "ociassemble/assemble.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

[[noreturn]] void reject(const Location& location, std::string_view why) {
  throw Error(ErrorCode::invalid_argument, fmt::format("cannot use {} here: {}", location.to_string(), why));
}

std::string publish_to_registry(const Image& image, const Location& target, const Workplace& workplace) {
  RegistryClient client(workplace.registry, workplace.stop);
  client.push(image, *target.reference);
  return fmt::format("{}@{}", target.reference->name(), image.digest().to_string());
}

Document whole_layout(const OciLayout& layout) {
  auto json = layout.index().to_json();
  Descriptor descriptor{std::string(media_type::kOciIndex), Digest::of(json), json.size(), {}, {}, {}, {}};
  return {std::move(descriptor), std::move(json), layout.blobs()};
}

}  // namespace

Document open_document(const Location& location, const Workplace& workplace, LayoutScope scope) {
  switch (location.kind) {
    case Location::Kind::registry: {
      RegistryClient client(workplace.registry, workplace.stop);
      return client.fetch(*location.reference);
    }
    case Location::Kind::oci_layout:
      if (scope == LayoutScope::whole && !location.name) return whole_layout(OciLayout::open(location.path));
      return OciLayout::open(location.path).find(location.name);
    case Location::Kind::oci_archive:
      return open_oci_archive(location.path, location.name, workplace.stop);
    case Location::Kind::docker_archive:
      return open_docker_archive(location.path, location.name, workplace.stop);
    case Location::Kind::rootfs:
    case Location::Kind::scratch:
    case Location::Kind::static_base:
      break;
  }
  reject(location, "it is a base, not an image");
}

Image open_image(const Location& location, const std::optional<Platform>& platform, const Workplace& workplace) {
  return load_image(open_document(location, workplace), platform);
}

std::string publish(const Image& image, const Location& target, const Workplace& workplace) {
  const auto local_name = [&] { return fmt::format("{}@{}", target.to_string(), image.digest().to_string()); };
  switch (target.kind) {
    case Location::Kind::registry:
      return publish_to_registry(image, target, workplace);
    case Location::Kind::oci_layout: {
      auto layout = OciLayout::open_or_create(target.path);
      write_image(layout, image, target.name, workplace.stop);
      return local_name();
    }
    case Location::Kind::oci_archive:
      write_oci_archive(target.path, image, target.name, workplace.stop);
      return local_name();
    case Location::Kind::docker_archive: {
      std::vector<std::string> references;
      if (target.name) references.push_back(*target.name);
      write_docker_archive(target.path, image, references, workplace.stop);
      return local_name();
    }
    case Location::Kind::rootfs:
    case Location::Kind::scratch:
    case Location::Kind::static_base:
      break;
  }
  reject(target, "an image can be written to a layout, an archive or a registry");
}

}  // namespace ociassemble
