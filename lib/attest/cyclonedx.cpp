// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "attest/bom.hpp"
#include "attest/spdx_license.hpp"
#include "digest/hasher.hpp"
#include "inspect/debian_version.hpp"
#include "io/streams.hpp"
#include "ociassemble/version.hpp"
#include "spec/json_printer.hpp"

namespace ociassemble {
namespace {

using Properties = std::vector<std::pair<std::string, std::string>>;

// How trivy finds advisories, which are about source packages.
Properties source_properties(const BomComponent& component) {
  const std::string prefix = "aquasecurity:trivy:";
  Properties properties;
  const auto add = [&](const char* name, std::string_view value) {
    if (!value.empty()) properties.emplace_back(prefix + name, value);
  };
  if (component.os_manager == "deb") {
    const auto version = split_debian_version(component.source_version);
    add("SrcEpoch", version.epoch);
    add("SrcName", component.source_name);
    add("SrcRelease", version.revision);
    add("SrcVersion", version.upstream);
  } else {
    add("SrcName", component.source_name);
    add("SrcVersion", component.source_version);
  }
  return properties;
}

// CycloneDX 1.6, JSON. One document; one thread.
class CycloneDxWriter {
 public:
  CycloneDxWriter(const Bom& bom, const Inventory& inventory, const SbomOptions& options)
      : bom_(bom), inventory_(inventory), options_(options) {
    for (const auto* relations : {&bom.contains, &bom.depends_on}) {
      for (const auto& [user, used] : *relations) dependencies_[user].insert(used);
    }
  }

  void write(const std::string& serial_number, Sink& to) const {
    GatheringSink gathered(to);
    JsonPrinter json(gathered);
    json.begin_object();
    json.member("$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json");
    json.member("bomFormat", "CycloneDX");
    json.member("specVersion", "1.6");
    if (!serial_number.empty()) json.member("serialNumber", serial_number);
    json.member("version", 1);
    write_metadata(json);
    json.key("components").begin_array();
    for (const auto& component : bom_.components) write_component(json, component);
    for (const auto& file : inventory_.unowned) write_file(json, file);
    json.end_array();
    json.key("dependencies").begin_array();
    write_dependencies(json);
    json.end_array();
    write_compositions(json);
    json.end_object();
    json.finish();
    gathered.flush();
  }

 private:
  void write_metadata(JsonPrinter& json) const {
    json.key("metadata").begin_object();
    json.member("timestamp", bom_.created);
    json.key("lifecycles").begin_array();
    json.begin_object();
    json.member("phase", "build");
    json.end_object();
    json.end_array();
    json.key("tools").begin_object();
    json.key("components").begin_array();
    json.begin_object();
    json.member("type", "application");
    json.member("name", "ociassemble");
    json.member("version", std::string(version()));
    json.end_object();
    json.end_array();
    json.end_object();
    const auto author = BomActor::parse(options_.author);
    if (!author.name.empty()) {
      json.key("authors").begin_array();
      json.begin_object();
      json.member("name", author.name);
      if (!author.email.empty()) json.member("email", author.email);
      json.end_object();
      json.end_array();
    }
    json.key("component").begin_object();
    write_image(json);
    json.end_object();
    write_supplier(json, BomActor::parse(options_.supplier));
    json.end_object();
  }

  void write_image(JsonPrinter& json) const {
    json.member("type", "container");
    json.member("bom-ref", std::string(kBomImageId));
    write_supplier(json, BomActor::parse(options_.supplier));
    json.member("name", bom_.name);
    json.member("version", bom_.digest);
    json.member("purl", bom_.purl);
    if (bom_.base_digest.empty()) return;
    json.key("pedigree").begin_object();
    json.key("ancestors").begin_array();
    json.begin_object();
    json.member("type", "container");
    json.member("name", bom_.base_name);
    json.member("version", bom_.base_digest);
    json.member("purl", bom_.base_purl);
    json.end_object();
    json.end_array();
    json.end_object();
  }

  static void write_supplier(JsonPrinter& json, const BomActor& supplier) {
    if (supplier.name.empty()) return;
    json.key("supplier").begin_object();
    json.member("name", supplier.name);
    if (!supplier.email.empty()) {
      json.key("contact").begin_array();
      json.begin_object();
      json.member("email", supplier.email);
      json.end_object();
      json.end_array();
    }
    json.end_object();
  }

  static void write_component(JsonPrinter& json, const BomComponent& component) {
    json.begin_object();
    json.member("type", type_of(component));
    json.member("bom-ref", component.id);
    write_supplier(json, {.name = component.supplier});
    json.member("name", component.name);
    if (!component.version.empty()) json.member("version", component.version);
    write_hash(json, component.sha256.empty() ? go_sum_as_hex(component.go_sum) : component.sha256);
    write_license(json, component.license);
    if (!component.cpe.empty()) json.member("cpe", component.cpe);
    if (!component.purl.empty()) json.member("purl", component.purl);
    if (!component.path.empty()) write_occurrence(json, component.path);
    if (component.kind == BomComponent::Kind::os_package) write_properties(json, source_properties(component));
    if (!component.go_sum.empty()) write_properties(json, {{"ociassemble:go:sum", component.go_sum}});
    json.end_object();
  }

  static const char* type_of(const BomComponent& component) {
    switch (component.kind) {
      case BomComponent::Kind::operating_system:
        return "operating-system";
      case BomComponent::Kind::go_program:
        return "application";
      default:
        return "library";
    }
  }

  static void write_file(JsonPrinter& json, const UnownedFile& file) {
    json.begin_object();
    json.member("type", "file");
    json.member("bom-ref", bom_file_id(file.path));
    json.member("name", "/" + file.path);
    write_hash(json, file.digest.hex());
    json.end_object();
  }

  static void write_hash(JsonPrinter& json, const std::string& sha256) {
    if (sha256.empty()) return;
    json.key("hashes").begin_array();
    json.begin_object();
    json.member("alg", "SHA-256");
    json.member("content", sha256);
    json.end_object();
    json.end_array();
  }

  static void write_license(JsonPrinter& json, const std::string& license) {
    if (license.empty()) return;
    json.key("licenses").begin_array();
    json.begin_object();
    if (is_spdx_expression(license)) {
      json.member("expression", license);
    } else {
      json.key("license").begin_object();
      json.member("name", license);
      json.end_object();
    }
    json.end_object();
    json.end_array();
  }

  static void write_occurrence(JsonPrinter& json, const std::string& path) {
    json.key("evidence").begin_object();
    json.key("occurrences").begin_array();
    json.begin_object();
    json.member("location", path);
    json.end_object();
    json.end_array();
    json.end_object();
  }

  static void write_properties(JsonPrinter& json, const Properties& properties) {
    json.key("properties").begin_array();
    for (const auto& [name, value] : properties) {
      json.begin_object();
      json.member("name", name);
      json.member("value", value);
      json.end_object();
    }
    json.end_array();
  }

  void write_dependencies(JsonPrinter& json) const {
    const auto write_one = [&](const std::string& id, bool is_image) {
      json.begin_object();
      json.member("ref", id);
      const auto found = dependencies_.find(id);
      if (found != dependencies_.end() || is_image) {
        json.key("dependsOn").begin_array();
        if (found != dependencies_.end()) {
          for (const auto& used : found->second) json.value(used);
        }
        if (is_image) {
          for (const auto& file : inventory_.unowned) json.value(bom_file_id(file.path));
        }
        json.end_array();
      }
      json.end_object();
    };
    write_one(std::string(kBomImageId), true);
    for (const auto& component : bom_.components) write_one(component.id, false);
    for (const auto& file : inventory_.unowned) write_one(bom_file_id(file.path), false);
  }

  // What is known to be all: the modules of a program without C in it. Of the image, files may hold more than their
  // names say.
  void write_compositions(JsonPrinter& json) const {
    std::vector<std::string> complete;
    for (const auto& program : inventory_.programs) {
      const auto* cgo = program.build->setting("CGO_ENABLED");
      if (program.build->main && cgo != nullptr && *cgo == "0") complete.push_back(bom_program_id("/" + program.path));
    }
    json.key("compositions").begin_array();
    write_composition(json, "incomplete", {std::string(kBomImageId)});
    if (!complete.empty()) write_composition(json, "complete", complete);
    json.end_array();
  }

  static void write_composition(JsonPrinter& json, const char* aggregate, const std::vector<std::string>& ids) {
    json.begin_object();
    json.member("aggregate", aggregate);
    json.member("dependencies", ids);
    json.end_object();
  }

  const Bom& bom_;
  const Inventory& inventory_;
  const SbomOptions& options_;
  std::map<std::string, std::set<std::string>> dependencies_;
};

}  // namespace

void write_cyclonedx(const Bom& bom, const Inventory& inventory, const SbomOptions& options, Sink& to) {
  const CycloneDxWriter writer(bom, inventory, options);
  HashSink without_serial_number;
  writer.write({}, without_serial_number);
  writer.write("urn:uuid:" + uuid_of(without_serial_number.finish()), to);
}

}  // namespace ociassemble
