// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "ociassemble/digest.hpp"
#include "ociassemble/reference.hpp"
#include "ociassemble/version.hpp"
#include "report/vulnerabilities.hpp"
#include "spec/json_printer.hpp"

namespace ociassemble {
namespace {

void member_if(JsonPrinter& json, std::string_view name, const std::string& value) {
  if (!value.empty()) json.member(name, value);
}

std::string_view kind_name(VulnerablePackageKind kind) {
  switch (kind) {
    case VulnerablePackageKind::go_module:
      return "goModule";
    case VulnerablePackageKind::go_standard_library:
      return "goStandardLibrary";
    case VulnerablePackageKind::os_package:
      return "osPackage";
  }
  return {};
}

void print_package(JsonPrinter& json, const VulnerablePackage& package) {
  json.begin_object();
  json.member("kind", kind_name(package.kind));
  json.member("ecosystem", package.ecosystem);
  json.member("name", package.name);
  json.member("version", package.version);
  member_if(json, "replaces", package.replaced);
  member_if(json, "purl", package.purl);
  if (!package.installed.empty()) json.member("installed", package.installed);
  if (!package.programs.empty()) json.member("programs", package.programs);
  json.end_object();
}

void print_severity(JsonPrinter& json, const VulnerabilitySeverity& severity) {
  json.begin_object();
  json.member("level", severity_name(severity.level));
  if (severity.score) json.key("score").json(fmt::format("{:.1f}", *severity.score));
  member_if(json, "vector", severity.vector);
  member_if(json, "source", severity.source);
  json.end_object();
}

void print_statement(JsonPrinter& json, const VexStatement& statement) {
  json.begin_object();
  json.member("status", vex_status_name(statement.status));
  member_if(json, "justification", statement.justification);
  member_if(json, "statement", statement.statement);
  member_if(json, "author", statement.author);
  member_if(json, "time", statement.time);
  json.member("document", statement.document);
  json.end_object();
}

void print_found(JsonPrinter& json, const FoundVulnerability& found, bool is_counted) {
  json.begin_object();
  json.member("id", found.id);
  if (!found.aliases.empty()) json.member("aliases", found.aliases);
  json.member("counts", is_counted);
  member_if(json, "summary", found.summary);
  member_if(json, "url", found.url);
  json.key("severity");
  print_severity(json, found.severity);
  json.key("package");
  print_package(json, found.package);
  member_if(json, "fixedVersion", found.fixed_version);
  member_if(json, "note", found.note);
  json.member("remedy", remedy_of(found));
  if (found.package.kind != VulnerablePackageKind::os_package) json.member("reach", reach_name(found.reach));
  if (!found.symbols.empty()) json.member("symbols", found.symbols);
  member_if(json, "unsure", found.unsure);
  json.member("databases", found.databases);
  if (found.vex) {
    json.key("vex");
    print_statement(json, *found.vex);
  }
  json.end_object();
}

std::string image_purl_of(const VulnerabilityScan& scan) {
  std::string name = "image";
  std::string query;
  if (!scan.name.empty()) {
    const auto reference = Reference::parse(scan.name);
    const auto repository = reference.registry() + "/" + reference.repository();
    name = repository.substr(repository.rfind('/') + 1);
    query = "?repository_url=";
    for (const char c : repository) {
      if (c == '/')
        query += "%2F";
      else if (c == ':')
        query += "%3A";
      else
        query += c;
    }
  }
  auto digest = scan.digest;
  if (const auto colon = digest.find(':'); colon != std::string::npos) digest.replace(colon, 1, "%3A");
  return "pkg:oci/" + name + "@" + digest + query;
}

// What can be stated: a function that is not linked is not there; everything else has to be looked at by somebody.
void print_status(JsonPrinter& json, const FoundVulnerability& found) {
  if (found.vex) {
    json.member("status", vex_status_name(found.vex->status));
    member_if(json, "justification", found.vex->justification);
    if (found.vex->status == VexStatement::Status::affected) {
      json.member("action_statement", found.vex->statement.empty() ? remedy_of(found) : found.vex->statement);
    } else if (found.vex->status == VexStatement::Status::not_affected) {
      member_if(json, "impact_statement", found.vex->statement);
    }
    return;
  }
  const bool is_go = found.package.kind != VulnerablePackageKind::os_package;
  if (is_go && found.unsure.empty() && found.reach == Reach::module) {
    json.member("status", "not_affected");
    json.member("justification", "vulnerable_code_not_present");
    json.member("impact_statement", "no vulnerable package of the module is linked into the program");
    return;
  }
  json.member("status", "under_investigation");
  json.member("status_notes", found.unsure.empty() ? remedy_of(found) : found.unsure);
}

}  // namespace

void print_vulnerabilities_json(const VulnerabilityScan& scan, Sink& to) {
  const auto& report = scan.report;
  JsonPrinter json(to);
  json.begin_object();
  json.member("image", scan.image);
  json.member("digest", scan.digest);
  member_if(json, "system", report.system);
  json.member("osPackages", std::uint64_t{report.os_packages});
  json.member("programs", std::uint64_t{report.programs});
  json.member("modules", std::uint64_t{report.modules});
  json.key("databases");
  json.begin_array();
  for (const auto& database : report.databases) {
    json.begin_object();
    json.member("path", database.path);
    json.member("entries", database.advisories);
    json.member("ecosystems", database.ecosystems);
    member_if(json, "modified", database.modified);
    member_if(json, "url", database.url);
    member_if(json, "fetched", database.fetched);
    member_if(json, "sha256", database.sha256);
    json.end_object();
  }
  json.end_array();
  json.key("vulnerabilities");
  json.begin_array();
  for (const auto& found : report.found) print_found(json, found, counts(found, scan.gate));
  json.end_array();
  json.key("notJudged");
  json.begin_array();
  for (const auto& one : report.not_judged) {
    json.begin_object();
    json.member("what", one.what);
    json.member("why", one.why);
    member_if(json, "remedy", one.remedy);
    json.end_object();
  }
  json.end_array();
  json.member("notes", report.notes);
  json.end_object();
  json.finish();
}

void print_vulnerabilities_openvex(const VulnerabilityScan& scan, Sink& to) {
  JsonPrinter json(to);
  json.begin_object();
  json.member("@context", "https://openvex.dev/ns/v0.2.0");
  std::string identity = scan.digest + '\n' + scan.time;
  for (const auto& found : scan.report.found) identity += '\n' + found.id + ' ' + found.package.purl;
  json.member("@id", "https://openvex.dev/docs/public/vex-" + std::string(Digest::of(identity).hex()));
  json.member("author", "ociassemble vulnerabilities (unreviewed)");
  json.member("timestamp", scan.time);
  json.member("version", 1);
  json.member("tooling", "ociassemble " + std::string(version()));
  json.key("statements");
  json.begin_array();
  const auto image = image_purl_of(scan);
  for (const auto& found : scan.report.found) {
    json.begin_object();
    json.key("vulnerability");
    json.begin_object();
    json.member("name", found.id);
    if (!found.aliases.empty()) json.member("aliases", found.aliases);
    json.end_object();
    json.key("products");
    json.begin_array();
    json.begin_object();
    json.member("@id", image);
    if (!found.package.purl.empty()) {
      json.key("subcomponents");
      json.begin_array();
      json.begin_object();
      json.member("@id", found.package.purl);
      json.end_object();
      json.end_array();
    }
    json.end_object();
    json.end_array();
    print_status(json, found);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  json.finish();
}

}  // namespace ociassemble
