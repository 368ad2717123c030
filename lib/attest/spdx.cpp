// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <map>
#include <string>

#include "attest/bom.hpp"
#include "attest/spdx_license.hpp"
#include "digest/hasher.hpp"
#include "io/streams.hpp"
#include "ociassemble/version.hpp"
#include "spec/json_printer.hpp"

namespace ociassemble {
namespace {

constexpr std::string_view kNothingSaid = "NOASSERTION";

std::string element(std::string_view id) { return fmt::format("SPDXRef-{}", id); }

// What all packages of a document have.
struct SpdxPackage {
  std::string id;
  std::string name;
  std::string version;
  std::string file_name;
  std::string supplier;  // "Organization: …"; empty where it is not known
  std::string license;   // an expression or a LicenseRef; empty where it is not known
  std::string sha256;
  std::string source_info;
  std::string comment;
  std::string purpose;
  std::string purl;
  std::string cpe;
};

// SPDX 2.3, JSON. One document; one thread.
class SpdxWriter {
 public:
  SpdxWriter(const Bom& bom, const Inventory& inventory, const SbomOptions& options)
      : bom_(bom), inventory_(inventory), options_(options) {
    for (const auto& component : bom.components) {
      if (!component.license.empty() && !is_spdx_expression(component.license)) {
        own_licenses_.emplace(component.license,
                              "LicenseRef-" + std::string(Digest::of(component.license).hex().substr(0, 32)));
      }
    }
  }

  void write(std::string_view document_namespace, Sink& to) const {
    GatheringSink gathered(to);
    JsonPrinter json(gathered);
    json.begin_object();
    json.member("spdxVersion", "SPDX-2.3");
    json.member("dataLicense", "CC0-1.0");
    json.member("SPDXID", element("DOCUMENT"));
    json.member("name", bom_.name);
    json.member("documentNamespace", std::string(document_namespace));
    write_creation(json);
    json.key("packages").begin_array();
    write_image(json);
    for (const auto& component : bom_.components) write_package(json, package_of(component));
    for (const auto& file : inventory_.unowned) {
      write_package(json, {.id = bom_file_id(file.path),
                           .name = "/" + file.path,
                           .file_name = "/" + file.path,
                           .sha256 = file.digest.hex(),
                           .purpose = "FILE"});
    }
    json.end_array();
    write_own_licenses(json);
    json.key("relationships").begin_array();
    write_relationships(json);
    json.end_array();
    json.end_object();
    json.finish();
    gathered.flush();
  }

 private:
  void write_creation(JsonPrinter& json) const {
    json.key("creationInfo").begin_object();
    json.member("created", bom_.created);
    json.key("creators").begin_array();
    json.value(fmt::format("Tool: ociassemble-{}", version()));
    if (!options_.author.empty()) json.value(BomActor::parse(options_.author).to_string());
    json.end_array();
    json.end_object();
  }

  void write_image(JsonPrinter& json) const {
    const auto supplier = options_.supplier.empty() ? std::string() : BomActor::parse(options_.supplier).to_string();
    write_package(json, {.id = std::string(kBomImageId),
                         .name = bom_.name,
                         .version = bom_.digest,
                         .supplier = supplier,
                         .purpose = "CONTAINER",
                         .purl = bom_.purl});
    if (bom_.base_digest.empty()) return;
    write_package(json, {.id = std::string(kBomBaseId),
                         .name = bom_.base_name,
                         .version = bom_.base_digest,
                         .purpose = "CONTAINER",
                         .purl = bom_.base_purl});
  }

  SpdxPackage package_of(const BomComponent& component) const {
    SpdxPackage package{.id = component.id,
                        .name = component.name,
                        .version = component.version,
                        .file_name = component.path,
                        .sha256 = component.sha256,
                        .purl = component.purl,
                        .cpe = component.cpe};
    if (!component.supplier.empty()) package.supplier = "Organization: " + component.supplier;
    const auto own = own_licenses_.find(component.license);
    package.license = own == own_licenses_.end() ? component.license : own->second;
    switch (component.kind) {
      case BomComponent::Kind::operating_system:
        package.purpose = "OPERATING-SYSTEM";
        break;
      case BomComponent::Kind::os_package:
        // Scanners find the source package by these words.
        package.source_info = fmt::format("built package from: {} {}", component.source_name, component.source_version);
        package.purpose = "LIBRARY";
        break;
      case BomComponent::Kind::go_program:
        package.purpose = "APPLICATION";
        break;
      case BomComponent::Kind::go_module:
        package.sha256 = go_sum_as_hex(component.go_sum);
        package.comment = component.go_sum;
        package.purpose = "LIBRARY";
        break;
    }
    return package;
  }

  static void write_package(JsonPrinter& json, const SpdxPackage& package) {
    const auto known = [](const std::string& text) { return text.empty() ? std::string(kNothingSaid) : text; };
    json.begin_object();
    json.member("SPDXID", element(package.id));
    json.member("name", package.name);
    if (!package.version.empty()) json.member("versionInfo", package.version);
    if (!package.file_name.empty()) json.member("packageFileName", package.file_name);
    json.member("supplier", known(package.supplier));
    json.member("downloadLocation", std::string(kNothingSaid));
    json.member("filesAnalyzed", false);
    json.member("licenseConcluded", std::string(kNothingSaid));
    json.member("licenseDeclared", known(package.license));
    json.member("copyrightText", std::string(kNothingSaid));
    if (!package.source_info.empty()) json.member("sourceInfo", package.source_info);
    if (!package.comment.empty()) json.member("comment", package.comment);
    json.member("primaryPackagePurpose", package.purpose);
    if (!package.sha256.empty()) {
      json.key("checksums").begin_array();
      json.begin_object();
      json.member("algorithm", "SHA256");
      json.member("checksumValue", package.sha256);
      json.end_object();
      json.end_array();
    }
    if (!package.purl.empty()) write_references(json, package);
    json.end_object();
  }

  static void write_references(JsonPrinter& json, const SpdxPackage& package) {
    const auto write_one = [&](const char* category, const char* type, const std::string& locator) {
      json.begin_object();
      json.member("referenceCategory", category);
      json.member("referenceType", type);
      json.member("referenceLocator", locator);
      json.end_object();
    };
    json.key("externalRefs").begin_array();
    write_one("PACKAGE-MANAGER", "purl", package.purl);
    if (!package.cpe.empty()) write_one("SECURITY", "cpe23Type", package.cpe);
    json.end_array();
  }

  void write_own_licenses(JsonPrinter& json) const {
    if (own_licenses_.empty()) return;
    json.key("hasExtractedLicensingInfos").begin_array();
    for (const auto& [text, id] : own_licenses_) {
      json.begin_object();
      json.member("licenseId", id);
      json.member("extractedText", text);
      json.member("name", text);
      json.end_object();
    }
    json.end_array();
  }

  void write_relationships(JsonPrinter& json) const {
    const auto write_one = [&](std::string_view from, const char* type, std::string_view to) {
      json.begin_object();
      json.member("spdxElementId", element(from));
      json.member("relationshipType", type);
      json.member("relatedSpdxElement", element(to));
      json.end_object();
    };
    write_one("DOCUMENT", "DESCRIBES", kBomImageId);
    if (!bom_.base_digest.empty()) write_one(kBomImageId, "DESCENDANT_OF", kBomBaseId);
    for (const auto& [whole, part] : bom_.contains) write_one(whole, "CONTAINS", part);
    for (const auto& [user, used] : bom_.depends_on) write_one(user, "DEPENDS_ON", used);
    for (const auto& file : inventory_.unowned) write_one(kBomImageId, "CONTAINS", bom_file_id(file.path));
  }

  const Bom& bom_;
  const Inventory& inventory_;
  const SbomOptions& options_;
  std::map<std::string, std::string> own_licenses_;  // text -> LicenseRef
};

}  // namespace

void write_spdx(const Bom& bom, const Inventory& inventory, const SbomOptions& options, Sink& to) {
  const SpdxWriter writer(bom, inventory, options);
  HashSink without_namespace;
  writer.write({}, without_namespace);
  writer.write(fmt::format("https://spdx.org/spdxdocs/ociassemble-{}", uuid_of(without_namespace.finish())), to);
}

}  // namespace ociassemble
