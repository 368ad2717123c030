// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "spec/json.hpp"
#include "vulnerabilities/ecosystems.hpp"
#include "vulnerabilities/json_walk.hpp"
#include "vulnerabilities/readers.hpp"

namespace ociassemble {
namespace {

// A member of the top level that no walk goes into.
constexpr std::size_t kLongestPiece = std::size_t{64} << 20U;
// What is parsed at once: a package of secdb, a vulnerability of the tracker.
constexpr std::size_t kLargestParsed = std::size_t{8} << 20U;
constexpr std::size_t kMostPieceValues = 200'000;
constexpr std::size_t kLongestSourceName = 4096;

JsonValue parse_piece(std::string_view text, const std::string& subject) {
  return parse_json(text, subject, {.size = kLargestParsed, .values = kMostPieceValues});
}

// The identifiers in a text of secdb: "CVE-2019-14697 XSA-304 (+ regression fix)", "CVE_2020-1".
std::vector<std::string> ids_in(std::string_view text) {
  std::vector<std::string> ids;
  constexpr std::string_view kSeparators = " \t,;()[]";
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(kSeparators), text.size());
    std::string word(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.starts_with("CVE_")) word[3] = '-';
    const auto dash = word.find('-');
    if (dash == 0 || dash == std::string::npos || dash + 1 == word.size() || !is_advisory_id(word)) continue;
    const bool is_name = std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(dash),
                                     [](char c) { return c >= 'A' && c <= 'Z'; });
    if (is_name) ids.push_back(std::move(word));
  }
  return ids;
}

// Of a text without such a name the first word, where it has a digit as identifiers do ("VSV00003"); a remark has none.
std::vector<std::string> some_id_in(std::string_view text) {
  std::string word(text.substr(0, text.find_first_of(" \t,;()[]")));
  const bool has_digit = std::any_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!has_digit || !is_advisory_id(word)) return {};
  if (to_lower(word).starts_with("cve-")) word.replace(0, 3, "CVE");
  return {std::move(word)};
}

class SecdbReader {
 public:
  SecdbReader(JsonWalk& walk, std::string ecosystem, std::string repository, AdvisorySink& to)
      : walk_(walk), ecosystem_(std::move(ecosystem)), repository_(std::move(repository)), to_(to) {}

  void read() {
    to_.add_coverage(ecosystem_, repository_);
    walk_.enter_object();
    for (std::string name; walk_.next_member(name);) {
      if (name != "packages") {
        walk_.skip_value();
        continue;
      }
      walk_.enter_array();
      bool has_packages = false;
      while (walk_.next_element()) {
        has_packages = true;
        const auto value = parse_piece(walk_.take_value(), walk_.subject());
        read_package(JsonView(value, walk_.subject()).at("pkg"));
      }
      // A repository without packages would make every image clean.
      if (!has_packages) walk_.refuse("it has no packages");
    }
    walk_.finish();
  }

 private:
  void read_package(const JsonView& package) {
    const auto& name = package.at("name").string();
    if (name.empty() || name.size() > kLongestSourceName || !is_plain_name(name)) package.refuse("has no usable name");
    const auto fixes = package.find("secfixes");
    if (!fixes) return;
    for (const auto& version : fixes->member_names()) {
      // "0" means that the package never had it.
      if (version == "0") continue;
      if (version.empty() || version.size() > kLongestSourceName) package.refuse("has a fix in no usable version");
      const auto list = fixes->find(version);
      if (!list) continue;
      for (const auto& text : list->strings()) add(name, version, text);
    }
  }

  void add(const std::string& package, const std::string& version, const std::string& text) {
    auto ids = ids_in(text);
    if (ids.empty()) ids = some_id_in(text);
    if (ids.empty()) return;
    Advisory advisory;
    advisory.id = ids.front();
    advisory.aliases.assign(ids.begin() + 1, ids.end());
    to_.add(advisory);
    AffectedPackage affected;
    affected.advisory = advisory.id;
    affected.ranges = {{{{RangeEvent::Kind::introduced, "0"}, {RangeEvent::Kind::fixed, version}}}};
    to_.add(ecosystem_, package, affected);
  }

  JsonWalk& walk_;
  std::string ecosystem_;
  std::string repository_;
  AdvisorySink& to_;
};

class TrackerReader {
 public:
  TrackerReader(JsonWalk& walk, AdvisorySink& to) : walk_(walk), to_(to) {}

  void read() {
    walk_.enter_object();
    for (std::string source; walk_.next_member(source);) {
      if (!is_plain_name(source)) walk_.refuse(fmt::format("{} is no source package", printable(source)));
      walk_.enter_object();
      for (std::string id; walk_.next_member(id);) {
        const auto value = parse_piece(walk_.take_value(), walk_.subject());
        if (!is_advisory_id(id)) walk_.refuse(fmt::format("{} is no identifier", printable(id)));
        read_vulnerability(source, id, JsonView(value, walk_.subject()));
      }
    }
    walk_.finish();
  }

 private:
  void read_vulnerability(const std::string& source, const std::string& id, const JsonView& document) {
    Advisory advisory;
    advisory.id = id;
    advisory.summary = document.find_string("description");
    constexpr std::size_t kLongestSummary = 400;
    if (advisory.summary.size() > kLongestSummary) advisory.summary = short_text(advisory.summary, kLongestSummary);
    to_.add(advisory);
    const auto releases = document.find("releases");
    if (!releases || is_empty_list(*releases)) return;
    for (const auto& codename : releases->member_names()) {
      const auto release = releases->find(codename);
      if (release) read_release(source, id, codename, *release);
    }
  }

  // An empty object of some writers.
  static bool is_empty_list(const JsonView& value) {
    try {
      return value.elements().empty();
    } catch (const Error&) {
      return false;
    }
  }

  void read_release(const std::string& source, const std::string& id, const std::string& codename,
                    const JsonView& release) {
    const auto ecosystem = debian_ecosystem(codename);
    const auto status = release.find_string("status");
    const auto fixed = release.find_string("fixed_version");
    to_.add_coverage(ecosystem, {});
    if (status == "undetermined" || fixed == "0") return;
    if (status != "open" && status != "resolved") release.refuse("has a status that is neither open nor resolved");
    if (status == "resolved" && fixed.empty()) release.refuse("is resolved and has no fixed_version");
    AffectedPackage affected;
    affected.advisory = id;
    affected.severity = release.find_string("urgency");
    affected.note = release.find_string("nodsa_reason");
    VersionRange range{{{RangeEvent::Kind::introduced, "0"}}};
    if (status == "resolved") range.events.push_back({RangeEvent::Kind::fixed, fixed});
    affected.ranges.push_back(std::move(range));
    to_.add(ecosystem, source, affected);
  }

  JsonWalk& walk_;
  AdvisorySink& to_;
};

// What the top level's members say of a document.
struct TopLevel {
  bool has_id = false;
  bool has_packages = false;
  std::string distribution;
  std::string address;
  std::string repository;
  bool all_objects = true;  // each member's value is an object
  std::size_t members = 0;
};

TopLevel look_at(JsonWalk& walk) {
  TopLevel top;
  walk.enter_object();
  for (std::string name; walk.next_member(name);) {
    ++top.members;
    const char kind = walk.kind();
    top.all_objects = top.all_objects && kind == '{';
    top.has_id = top.has_id || (name == "id" && kind == '"');
    top.has_packages = top.has_packages || (name == "packages" && kind == '[');
    auto* wanted = name == "distroversion" ? &top.distribution
                   : name == "reponame"    ? &top.repository
                   : name == "urlprefix"   ? &top.address
                                           : nullptr;
    if (kind == '"' && wanted != nullptr) {
      const auto value = parse_piece(walk.take_value(), walk.subject());
      *wanted = std::get<std::string>(value.data);
    } else {
      walk.skip_value();
    }
  }
  walk.finish();
  return top;
}

// The ecosystem of a secdb: Alpine's by its version, those of Wolfi and Chainguard, which have none, by where their
// packages are. Empty for another.
std::string secdb_ecosystem(const TopLevel& top) {
  if (!top.has_packages) return {};
  if (!top.distribution.empty()) return alpine_ecosystem(top.distribution);
  if (top.address.find("packages.wolfi.dev") != std::string::npos) return "Wolfi";
  if (top.address.find("packages.cgr.dev") != std::string::npos) return "Chainguard";
  return {};
}

}  // namespace

DatabaseDocument read_database_document(const std::function<std::unique_ptr<Source>()>& open,
                                        const std::string& subject, AdvisorySink& to) {
  TopLevel top;
  {
    const auto source = open();
    JsonWalk walk(*source, subject, kLongestPiece);
    if (walk.kind() != '{') walk.refuse("no vulnerability database: it is not an object");
    top = look_at(walk);
  }
  const auto source = open();
  if (top.has_id) {
    JsonWalk walk(*source, subject, kLargestOsvDocument);
    read_osv(walk.take_value(), subject, to);
    return DatabaseDocument::osv;
  }
  JsonWalk walk(*source, subject, kLongestPiece);
  if (const auto ecosystem = secdb_ecosystem(top); !ecosystem.empty()) {
    SecdbReader(walk, ecosystem, top.repository, to).read();
    return DatabaseDocument::alpine_secdb;
  }
  if (!top.all_objects || top.members == 0) {
    walk.refuse("no vulnerability database: neither an OSV document, nor Alpine's secdb, nor Debian's tracker");
  }
  TrackerReader(walk, to).read();
  return DatabaseDocument::debian_tracker;
}

}  // namespace ociassemble
