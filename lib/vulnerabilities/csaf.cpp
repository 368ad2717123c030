// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "spec/json.hpp"
#include "vulnerabilities/readers.hpp"
#include "vulnerabilities/vex.hpp"

// CSAF 2.0: statements name products by ids of the document's product tree, where a relationship says that one product
// is a component of another.
namespace ociassemble {
namespace {

constexpr std::size_t kLargestCsaf = std::size_t{16} << 20U;
constexpr std::size_t kMostCsafValues = 200'000;

constexpr std::array<std::pair<std::string_view, VexStatement::Status>, 7> kCsafStatuses{{
    {"known_affected", VexStatement::Status::affected},
    {"known_not_affected", VexStatement::Status::not_affected},
    {"fixed", VexStatement::Status::fixed},
    {"first_fixed", VexStatement::Status::fixed},
    {"under_investigation", VexStatement::Status::under_investigation},
    {"first_affected", VexStatement::Status::affected},
    {"last_affected", VexStatement::Status::affected},
}};

class CsafReader {
 public:
  explicit CsafReader(const JsonView& document) : document_(document) {}

  std::vector<VexRecord> read() {
    if (const auto tree = document_.find("product_tree")) read_tree(*tree);
    const auto head = document_.at("document");
    if (const auto publisher = head.find("publisher")) author_ = publisher->find_string("name");
    const auto version = head.find_string("csaf_version");
    if (!version.empty() && version != "2.0" && version != "2.1")
      head.refuse("has a csaf_version that is neither 2.0 nor 2.1");
    if (const auto tracking = head.find("tracking")) time_ = tracking->find_string("current_release_date");
    if (!time_.empty() && !is_written_time(time_)) head.refuse("has a current_release_date that is no time");
    std::vector<VexRecord> records;
    const auto vulnerabilities = document_.find("vulnerabilities");
    if (!vulnerabilities) return records;
    for (const auto& vulnerability : vulnerabilities->elements()) read_vulnerability(vulnerability, records);
    return records;
  }

 private:
  void read_tree(const JsonView& tree) {
    if (const auto branches = tree.find("branches")) read_branches(*branches);
    if (const auto products = tree.find("full_product_names")) {
      for (const auto& product : products->elements()) read_product(product);
    }
    const auto relationships = tree.find("relationships");
    if (!relationships) return;
    for (const auto& relationship : relationships->elements()) {
      const auto whole = relationship.at("full_product_name");
      read_product(whole);
      parts_[whole.at("product_id").string()] = {relationship.at("relates_to_product_reference").string(),
                                                 relationship.at("product_reference").string()};
    }
  }

  // As deep as the JSON, which is bounded.
  void read_branches(const JsonView& branches) {
    for (const auto& branch : branches.elements()) {
      if (const auto inner = branch.find("branches")) read_branches(*inner);
      if (const auto product = branch.find("product")) read_product(*product);
    }
  }

  void read_product(const JsonView& product) {
    auto& names = names_[product.at("product_id").string()];
    const auto helper = product.find("product_identification_helper");
    if (!helper) return;
    if (auto purl = helper->find_string("purl"); !purl.empty()) names.push_back(std::move(purl));
  }

  std::vector<std::string> names(const std::string& id) const {
    const auto found = names_.find(id);
    return found == names_.end() ? std::vector<std::string>() : found->second;
  }

  // The product of an id, and the components on the way to it: of "A as a component of B" B with A.
  VexProduct product_of(const std::string& id) const {
    VexProduct product{names(id), {}};
    const auto part = parts_.find(id);
    if (part == parts_.end()) return product;
    if (product.names.empty()) product.names = names(part->second.first);
    product.components.push_back(names(part->second.second));
    return product;
  }

  static bool concerns(const JsonView& of, const std::string& id) {
    const auto ids = of.find_strings("product_ids");
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  }

  void read_vulnerability(const JsonView& vulnerability, std::vector<VexRecord>& records) const {
    std::vector<std::string> ids;
    if (auto cve = vulnerability.find_string("cve"); !cve.empty()) ids.push_back(std::move(cve));
    if (const auto others = vulnerability.find("ids")) {
      for (const auto& other : others->elements()) ids.push_back(other.at("text").string());
    }
    const auto status = vulnerability.find("product_status");
    if (!status) return;
    std::map<std::string, VexStatement::Status> said;
    for (const auto& [name, meaning] : kCsafStatuses) {
      for (const auto& id : status->find_strings(name)) {
        // CSAF 2.0, 6.1.6 "Contradicting Product Status".
        if (said.emplace(id, meaning).first->second != meaning)
          status->refuse(fmt::format("says two things of product {}", printable(id)));
        VexRecord record;
        record.vulnerabilities = ids;
        record.products.push_back(product_of(id));
        record.statement.status = meaning;
        record.statement.author = author_;
        record.statement.time = time_;
        take_reason(vulnerability, id, record.statement);
        records.push_back(std::move(record));
      }
    }
  }

  static void take_reason(const JsonView& vulnerability, const std::string& id, VexStatement& statement) {
    if (const auto flags = vulnerability.find("flags")) {
      for (const auto& flag : flags->elements()) {
        if (concerns(flag, id)) statement.justification = flag.at("label").string();
      }
    }
    for (const auto* name : {"threats", "remediations"}) {
      const auto list = vulnerability.find(name);
      if (!list || !statement.statement.empty()) continue;
      for (const auto& one : list->elements()) {
        if (concerns(one, id)) statement.statement = one.find_string("details");
      }
    }
  }

  const JsonView& document_;
  std::map<std::string, std::vector<std::string>> names_;             // of a product id
  std::map<std::string, std::pair<std::string, std::string>> parts_;  // of a relationship's id: whole, part
  std::string author_;
  std::string time_;
};

}  // namespace

std::vector<VexRecord> read_csaf(std::string_view text, std::string_view subject) {
  const auto value = parse_json(text, subject, {.size = kLargestCsaf, .values = kMostCsafValues});
  const JsonView document(value, subject);
  return CsafReader(document).read();
}

}  // namespace ociassemble
