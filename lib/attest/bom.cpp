// SPDX-License-Identifier: Apache-2.0
#include "attest/bom.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "attest/go_components.hpp"
#include "attest/purl.hpp"
#include "base/base64.hpp"
#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "spec/timestamp.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kHashInId = 32;  // hexadecimal digits: no two things share them by chance or by malice

std::string created_of(const ImageConfig& config) {
  try {
    return format_timestamp(config.created.empty() ? 0 : parse_time(config.created));
  } catch (const Error&) {
    return format_timestamp(0);
  }
}

std::string text_of(const std::map<std::string, std::string>& texts, const std::string& key) {
  const auto found = texts.find(key);
  return found == texts.end() ? std::string() : found->second;
}

std::string last_name(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

std::string name_of(const Image& image, const SbomOptions& options) {
  const auto& config = image.config();
  const std::string title = "org.opencontainers.image.title";
  for (auto name : {options.name, text_of(image.manifest().annotations, title), text_of(config.labels, title)}) {
    if (!name.empty()) return name;
  }
  const bool has_entrypoint = config.entrypoint && !config.entrypoint->empty();
  const auto name = has_entrypoint ? last_name(config.entrypoint->front()) : std::string();
  return name.empty() ? "image" : name;
}

std::string image_purl(std::string_view name, std::string_view digest, const std::string& architecture) {
  return make_purl("oci", to_lower(name), digest, {{"arch", architecture}});
}

// "docker.io/library/alpine:3.20@sha256:…" -> "alpine"
std::string repository_name(std::string_view reference) {
  reference = reference.substr(0, reference.find('@'));
  reference.remove_prefix(reference.rfind('/') + 1);
  return std::string(reference.substr(0, reference.find(':')));
}

// The version that purls of a package's source have: only where it is not the package's own name and version.
std::string upstream_of(const Package& package) {
  if (package.source_version != package.version) return package.source_name + "@" + package.source_version;
  return package.source_name == package.name ? std::string() : package.source_name;
}

class BomMaker {
 public:
  BomMaker(const Inventory& inventory, const SbomOptions& options) : inventory_(inventory), options_(options) {}

  Bom make() {
    const auto& image = inventory_.image;
    const auto& annotations = image.manifest().annotations;
    bom_.name = name_of(image, options_);
    bom_.digest = image.digest().to_string();
    bom_.purl = image_purl(bom_.name, bom_.digest, image.config().platform.architecture);
    bom_.created = created_of(image.config());
    bom_.base_digest = text_of(annotations, "org.opencontainers.image.base.digest");
    bom_.base_name = text_of(annotations, "org.opencontainers.image.base.name");
    if (!bom_.base_digest.empty()) {
      if (bom_.base_name.empty()) bom_.base_name = bom_.base_digest;
      const auto repository = repository_name(bom_.base_name);
      bom_.base_purl = image_purl(repository.empty() ? "base" : repository, bom_.base_digest, {});
    }
    add_system();
    GoComponents go{std::string(kBomImageId)};
    for (const auto& program : inventory_.programs) go.add(program);
    std::move(go).take(bom_);
    finish();
    return std::move(bom_);
  }

 private:
  void add_system() {
    std::string whole(kBomImageId);
    std::string supplier;
    if (inventory_.os) {
      const auto& os = *inventory_.os;
      supplier = os.name.empty() ? os.id : os.name;
      BomComponent component{.kind = BomComponent::Kind::operating_system,
                             .id = bom_id("OperatingSystem", os.id, os.id + "@" + os.version_id),
                             .name = os.id,
                             .version = os.version_id,
                             .supplier = supplier};
      bom_.contains.emplace_back(whole, component.id);
      whole = component.id;
      bom_.components.push_back(std::move(component));
    }
    for (const auto& package : inventory_.apk_packages) add_package(package, "apk", "alpine", whole, supplier);
    for (const auto& package : inventory_.dpkg_packages) add_package(package, "deb", "debian", whole, supplier);
  }

  void add_package(const Package& package, const std::string& type, const std::string& default_vendor,
                   const std::string& whole, const std::string& supplier) {
    const auto& os = inventory_.os;
    const auto vendor = os && os->id != "linux" ? os->id : default_vendor;
    const auto distro = os && !os->version_id.empty() ? os->id + "-" + os->version_id : std::string();
    BomComponent component;
    component.purl =
        make_purl(type, vendor + "/" + package.name, package.version,
                  {{"arch", package.architecture}, {"distro", distro}, {"upstream", upstream_of(package)}});
    component.id = bom_id("Package-" + type, package.name, component.purl);
    component.name = package.name;
    component.version = package.version;
    component.supplier = supplier;
    component.license = package.license;
    component.source_name = package.source_name;
    component.source_version = package.source_version;
    component.os_manager = type;
    bom_.contains.emplace_back(whole, component.id);
    bom_.components.push_back(std::move(component));
  }

  void finish() {
    std::sort(bom_.components.begin(), bom_.components.end(), [](const BomComponent& left, const BomComponent& right) {
      return std::tie(left.kind, left.id) < std::tie(right.kind, right.id);
    });
    for (auto* relations : {&bom_.contains, &bom_.depends_on}) {
      std::sort(relations->begin(), relations->end());
      relations->erase(std::unique(relations->begin(), relations->end()), relations->end());
    }
  }

  const Inventory& inventory_;
  const SbomOptions& options_;
  Bom bom_;
};

}  // namespace

std::string bom_id(std::string_view kind, std::string_view name, std::string_view identity) {
  std::string id(kind);
  id += '-';
  for (const char c : name.substr(0, 100)) id += is_letter_or_digit(c) || c == '.' ? c : '-';
  return fmt::format("{}-{}", id, Digest::of(identity).hex().substr(0, kHashInId));
}

std::string bom_program_id(std::string_view path) { return bom_id("Program", last_name(path), path); }

std::string bom_file_id(std::string_view path) {
  return fmt::format("File-{}", Digest::of(path).hex().substr(0, kHashInId));
}

Bom make_bom(const Inventory& inventory, const SbomOptions& options) { return BomMaker(inventory, options).make(); }

BomActor BomActor::parse(std::string_view text) {
  BomActor actor;
  constexpr std::string_view kPerson = "Person: ";
  constexpr std::string_view kOrganization = "Organization: ";
  actor.is_person = text.starts_with(kPerson);
  if (actor.is_person) text.remove_prefix(kPerson.size());
  if (text.starts_with(kOrganization)) text.remove_prefix(kOrganization.size());
  const auto open = text.rfind('(');
  if (text.ends_with(')') && open != std::string_view::npos && text.find('@', open) != std::string_view::npos) {
    actor.email = text.substr(open + 1, text.size() - open - 2);
    text = text.substr(0, open);
    while (text.ends_with(' ')) text.remove_suffix(1);
  }
  actor.name = text;
  return actor;
}

std::string BomActor::to_string() const {
  return fmt::format("{}: {}{}", is_person ? "Person" : "Organization", name,
                     email.empty() ? std::string() : " (" + email + ")");
}

std::string go_sum_as_hex(std::string_view sum) {
  constexpr std::string_view kFirstHash = "h1:";
  if (!sum.starts_with(kFirstHash)) return {};
  const auto bytes = decode_base64(sum.substr(kFirstHash.size()));
  if (!bytes || bytes->size() != 32) return {};
  std::string hex;
  for (const char byte : *bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return hex;
}

std::string uuid_of(const Digest& digest) {
  std::string hex(digest.hex().substr(0, 32));
  constexpr std::string_view kVariants = "89ab";
  hex[12] = '8';
  hex[16] = kVariants[static_cast<unsigned char>(hex[16]) % kVariants.size()];
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4), hex.substr(16, 4),
                     hex.substr(20));
}

SbomFormat parse_sbom_format(std::string_view text) {
  if (text == "spdx") return SbomFormat::spdx;
  if (text == "cyclonedx") return SbomFormat::cyclonedx;
  throw Error(ErrorCode::invalid_argument, fmt::format("unknown SBOM format \"{}\"", printable(text)),
              "the formats are spdx and cyclonedx");
}

std::string_view sbom_media_type(SbomFormat format) {
  return format == SbomFormat::spdx ? "application/spdx+json" : "application/vnd.cyclonedx+json";
}

void write_sbom(const Inventory& inventory, SbomFormat format, const SbomOptions& options, Sink& to) {
  const auto bom = make_bom(inventory, options);
  if (format == SbomFormat::spdx) {
    write_spdx(bom, inventory, options, to);
  } else {
    write_cyclonedx(bom, inventory, options, to);
  }
}

}  // namespace ociassemble
