// SPDX-License-Identifier: Apache-2.0
#include "vulnerabilities/vex.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "spec/json.hpp"
#include "spec/timestamp.hpp"
#include "vulnerabilities/readers.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kLargestVex = std::size_t{16} << 20U;
constexpr std::size_t kMostVexValues = 200'000;

constexpr std::array<std::pair<std::string_view, VexStatement::Status>, 4> kStatuses{{
    {"affected", VexStatement::Status::affected},
    {"not_affected", VexStatement::Status::not_affected},
    {"fixed", VexStatement::Status::fixed},
    {"under_investigation", VexStatement::Status::under_investigation},
}};
// OpenVEX 0.2, "Status justifications".
constexpr std::array<std::string_view, 5> kJustifications{
    "component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist"};

VexStatement::Status vex_status(const JsonView& statement) {
  const auto& text = statement.at("status").string();
  for (const auto& [name, status] : kStatuses) {
    if (name == text) return status;
  }
  statement.at("status").refuse("is none of affected, not_affected, fixed and under_investigation");
}

// A component's names: its @id, and what `identifiers` adds.
std::vector<std::string> names_of(const JsonView& component) {
  std::vector<std::string> names;
  if (auto id = component.find_string("@id"); !id.empty()) names.push_back(std::move(id));
  if (const auto identifiers = component.find("identifiers")) {
    if (auto purl = identifiers->find_string("purl"); !purl.empty()) names.push_back(std::move(purl));
  }
  return names;
}

class OpenVexReader {
 public:
  explicit OpenVexReader(const JsonView& document) : document_(document) {}

  std::vector<VexRecord> read() {
    std::vector<VexRecord> records;
    for (const auto& statement : document_.at("statements").elements()) records.push_back(read(statement));
    return records;
  }

 private:
  VexRecord read(const JsonView& statement) {
    VexRecord record;
    const auto vulnerability = statement.at("vulnerability");
    record.vulnerabilities.push_back(vulnerability.at("name").string());
    for (auto& alias : vulnerability.find_strings("aliases")) record.vulnerabilities.push_back(std::move(alias));
    auto& said = record.statement;
    said.status = vex_status(statement);
    said.justification = statement.find_string("justification");
    said.statement = statement.find_string("impact_statement");
    if (said.statement.empty()) said.statement = statement.find_string("action_statement");
    if (said.statement.empty()) said.statement = statement.find_string("status_notes");
    said.author = document_.find_string("author");
    said.time = statement.find_string("timestamp");
    if (said.time.empty()) said.time = document_.find_string("timestamp");
    // The newest counts: a time that cannot be read would make a statement the oldest.
    if (!said.time.empty() && !is_written_time(said.time)) statement.refuse("has a timestamp that is no time");
    if (said.status == VexStatement::Status::not_affected) require_reason(statement, said);
    if (const auto products = statement.find("products")) {
      for (const auto& product : products->elements()) record.products.push_back(read_product(product));
    }
    return record;
  }

  static VexProduct read_product(const JsonView& product) {
    VexProduct read{names_of(product), {}};
    if (const auto components = product.find("subcomponents")) {
      for (const auto& component : components->elements()) read.components.push_back(names_of(component));
    }
    return read;
  }

  static void require_reason(const JsonView& statement, const VexStatement& said) {
    const bool is_known =
        std::find(kJustifications.begin(), kJustifications.end(), said.justification) != kJustifications.end();
    if (!said.justification.empty() && !is_known) statement.at("justification").refuse("is none of OpenVEX's");
    if (said.justification.empty() && said.statement.empty()) {
      statement.refuse("says not_affected, and neither a justification nor an impact_statement");
    }
  }

  const JsonView& document_;
};

using Names = std::vector<std::string>;

bool names_one(const Names& names, const PackageUrl& wanted) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    const auto url = PackageUrl::parse(name);
    return url && url->covers(wanted);
  });
}

bool names_any(const Names& names, const std::vector<PackageUrl>& wanted) {
  return std::any_of(wanted.begin(), wanted.end(), [&](const PackageUrl& one) { return names_one(names, one); });
}

bool names_all(const Names& names, const std::vector<PackageUrl>& wanted) {
  return !wanted.empty() &&
         std::all_of(wanted.begin(), wanted.end(), [&](const PackageUrl& one) { return names_one(names, one); });
}

bool names_package(const Names& names, const VexSubject& subject) {
  return names_any(names, subject.packages) || names_all(names, subject.parts);
}

bool names_image(const Names& names, const VexSubject& subject) {
  return names_any(names, subject.image) || std::any_of(names.begin(), names.end(), [&](const std::string& name) {
           return std::find(subject.image_names.begin(), subject.image_names.end(), name) != subject.image_names.end();
         });
}

// The names of a product's components together.
Names component_names(const VexProduct& product) {
  Names all;
  for (const auto& names : product.components) all.insert(all.end(), names.begin(), names.end());
  return all;
}

bool is_about(const VexRecord& record, const VexSubject& subject) {
  Names packages;  // products that have no components, and may be the package itself
  Names programs;  // products that mean the package, and may be main modules
  for (const auto& product : record.products) {
    const bool means_package = product.components.empty() || names_package(component_names(product), subject);
    if (means_package && names_image(product.names, subject)) return true;
    if (means_package) programs.insert(programs.end(), product.names.begin(), product.names.end());
    if (product.components.empty()) packages.insert(packages.end(), product.names.begin(), product.names.end());
  }
  return names_package(packages, subject) || names_all(programs, subject.programs);
}

// Seconds; a statement without a time that can be read is the oldest.
std::int64_t seconds_of(const std::string& time) {
  try {
    return time.empty() ? 0 : parse_time(time);
  } catch (const Error&) {
    return 0;
  }
}

}  // namespace

std::vector<VexRecord> read_vex(std::string_view text, std::string_view subject) {
  const auto value = parse_json(text, subject, {.size = kLargestVex, .values = kMostVexValues});
  const JsonView document(value, subject);
  if (document.contains("statements")) {
    const auto context = document.find_string("@context");
    if (!context.empty() && !context.starts_with("https://openvex.dev/ns"))
      document.refuse("is no OpenVEX: its @context is another");
    return OpenVexReader(document).read();
  }
  if (document.contains("document")) return read_csaf(text, subject);
  document.refuse("is neither OpenVEX (statements) nor CSAF (document)");
}

std::vector<VexRecord> read_vex(const std::filesystem::path& file) {
  auto records = read_vex(read_file(file, kLargestVex), file.string());
  for (auto& record : records) record.statement.document = file.string();
  return records;
}

VexStatements::VexStatements(std::vector<VexRecord> records) : records_(std::move(records)) {
  for (std::size_t i = 0; i < records_.size(); ++i) {
    for (const auto& name : records_[i].vulnerabilities) by_name_[name].push_back(i);
  }
}

const VexStatement* VexStatements::find(const std::vector<std::string>& names, const VexSubject& subject) const {
  std::set<std::size_t> numbers;
  for (const auto& name : names) {
    const auto found = by_name_.find(name);
    if (found != by_name_.end()) numbers.insert(found->second.begin(), found->second.end());
  }
  const VexStatement* last = nullptr;
  for (const auto number : numbers) {
    const auto& record = records_[number];
    if (!is_about(record, subject)) continue;
    if (last == nullptr || seconds_of(record.statement.time) >= seconds_of(last->time)) last = &record.statement;
  }
  return last;
}

std::string_view vex_status_name(VexStatement::Status status) noexcept {
  for (const auto& [name, one] : kStatuses) {
    if (one == status) return name;
  }
  return {};
}

}  // namespace ociassemble
