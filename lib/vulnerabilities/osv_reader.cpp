// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "spec/json.hpp"
#include "spec/timestamp.hpp"
#include "vulnerabilities/digits.hpp"
#include "vulnerabilities/readers.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMostValues = 200'000;
constexpr std::size_t kMostRanges = 10'000;
constexpr std::size_t kMostEvents = 50'000;
constexpr std::size_t kMostVersions = 100'000;
constexpr std::size_t kLongestText = 4096;
constexpr std::size_t kLongestSummary = 400;

// A text that shall be short; anything longer than any real one is refused.
std::string short_member(const JsonView& object, std::string_view name) {
  auto text = object.find_string(name);
  if (text.size() > kLongestText) object.refuse(fmt::format("has a {} of more than {} bytes", name, kLongestText));
  return text;
}

std::string shortened(std::string text) {
  if (text.size() <= kLongestSummary) return text;
  std::size_t end = kLongestSummary;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80) --end;
  return text.substr(0, end) + "…";
}

std::optional<RangeEvent::Kind> kind_of(std::string_view name) {
  if (name == "introduced") return RangeEvent::Kind::introduced;
  if (name == "fixed") return RangeEvent::Kind::fixed;
  if (name == "last_affected") return RangeEvent::Kind::last_affected;
  if (name == "limit") return RangeEvent::Kind::limit;
  return {};
}

class OsvReader {
 public:
  OsvReader(const JsonView& document, AdvisorySink& to) : document_(document), to_(to) {}

  void read() {
    Advisory advisory;
    advisory.id = document_.at("id").string();
    if (!is_advisory_id(advisory.id)) document_.refuse("has an id that is none");
    advisory.aliases = ids("aliases");
    advisory.upstream = ids("upstream");
    advisory.modified = short_member(document_, "modified");
    advisory.withdrawn = short_member(document_, "withdrawn");
    // What is withdrawn is left aside: no other word may do that.
    if (!advisory.withdrawn.empty() && !is_written_time(advisory.withdrawn))
      document_.refuse("has a withdrawn that is no time");
    advisory.summary = shortened(document_.find_string("summary"));
    if (advisory.summary.empty()) {
      const auto details = document_.find_string("details");
      advisory.summary = shortened(details.substr(0, details.find('\n')));
    }
    advisory.vectors = vectors(document_);
    if (const auto specific = object(document_, "database_specific")) {
      advisory.severity = word(*specific, "severity");
      advisory.url = word(*specific, "url");
    }
    if (advisory.url.empty()) advisory.url = first_reference();
    to_.add(advisory);
    const auto affected = document_.find("affected");
    if (!affected) return;
    for (const auto& one : affected->elements()) read_affected(one, advisory.id);
  }

 private:
  std::vector<std::string> ids(std::string_view name) const {
    auto found = document_.find_strings(name);
    for (const auto& id : found) {
      if (id.size() > kLongestText) document_.refuse(fmt::format("has {} that are too long", name));
      if (!is_plain_name(id)) document_.refuse(fmt::format("has {} with control characters", name));
    }
    return found;
  }

  // A member that schemas leave open: only of interest where it is an object.
  static std::optional<JsonView> object(const JsonView& of, std::string_view name) {
    auto found = of.find(name);
    return found;
  }

  // A word that databases may write as something else.
  static std::string word(const JsonView& of, std::string_view name) {
    try {
      return short_member(of, name);
    } catch (const Error&) {
      return {};
    }
  }

  static std::vector<std::string> vectors(const JsonView& of) {
    std::vector<std::string> found;
    const auto severity = of.find("severity");
    if (!severity) return found;
    for (const auto& one : severity->elements()) {
      auto score = short_member(one, "score");
      if (!score.empty()) found.push_back(std::move(score));
    }
    return found;
  }

  std::string first_reference() const {
    const auto references = document_.find("references");
    if (!references) return {};
    std::string first;
    for (const auto& reference : references->elements()) {
      auto url = short_member(reference, "url");
      if (short_member(reference, "type") == "ADVISORY") return url;
      if (first.empty()) first = std::move(url);
    }
    return first;
  }

  // Ranges of commits are left out.
  std::vector<VersionRange> ranges(const JsonView& of, std::string_view name) {
    std::vector<VersionRange> found;
    const auto list = of.find(name);
    if (!list) return found;
    for (const auto& one : list->elements()) {
      if (++ranges_ > kMostRanges) of.refuse(fmt::format("has more than {} ranges", kMostRanges));
      if (one.find_string("type") == "GIT") continue;
      VersionRange range;
      const auto events = one.find("events");
      if (events) {
        for (const auto& event : events->elements()) add_event(event, range);
      }
      found.push_back(std::move(range));
    }
    return found;
  }

  void add_event(const JsonView& event, VersionRange& range) {
    for (const auto& name : event.member_names()) {
      const auto kind = kind_of(name);
      if (!kind) continue;
      if (++events_ > kMostEvents) document_.refuse(fmt::format("has more than {} events in its ranges", kMostEvents));
      range.events.push_back({*kind, short_member(event, name)});
    }
  }

  void read_affected(const JsonView& one, const std::string& id) {
    const auto package = one.find("package");
    if (!package) return;  // versions of a repository, and of no package
    AffectedPackage affected;
    affected.advisory = id;
    const auto ecosystem = short_member(*package, "ecosystem");
    const auto name = short_member(*package, "name");
    if (ecosystem.empty() || name.empty()) one.refuse("has a package without ecosystem or name");
    if (!is_plain_name(ecosystem) || !is_plain_name(name))
      one.refuse("has a package with control characters in its name");
    affected.ranges = ranges(one, "ranges");
    affected.versions = one.find_strings("versions");
    if (affected.versions.size() > kMostVersions) one.refuse(fmt::format("has more than {} versions", kMostVersions));
    const auto all_ranges = one.find("ranges");
    affected.has_commits_only =
        affected.ranges.empty() && affected.versions.empty() && all_ranges && !all_ranges->elements().empty();
    affected.vectors = vectors(one);
    if (const auto specific = object(one, "ecosystem_specific")) {
      affected.severity = word(*specific, "urgency");
      if (affected.severity.empty()) affected.severity = word(*specific, "severity");
      read_imports(*specific, affected);
      affected.custom_ranges = ranges(*specific, "custom_ranges");
    }
    if (affected.severity.empty()) {
      if (const auto specific = object(one, "database_specific")) affected.severity = word(*specific, "severity");
    }
    to_.add(ecosystem, name, affected);
  }

  static void read_imports(const JsonView& specific, AffectedPackage& affected) {
    const auto imports = specific.find("imports");
    if (!imports) return;
    for (const auto& one : imports->elements()) {
      VulnerableImport import;
      import.path = short_member(one, "path");
      import.goos = one.find_strings("goos");
      import.goarch = one.find_strings("goarch");
      import.symbols = one.find_strings("symbols");
      affected.imports.push_back(std::move(import));
    }
  }

  const JsonView& document_;
  AdvisorySink& to_;
  std::size_t ranges_ = 0;
  std::size_t events_ = 0;
};

}  // namespace

bool is_written_time(std::string_view text) {
  if (text.find('T') == std::string_view::npos) return false;
  try {
    parse_time(text);
    return true;
  } catch (const Error&) {
    return false;
  }
}

bool is_plain_name(std::string_view text) noexcept {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
}

bool is_advisory_id(std::string_view text) {
  constexpr std::size_t kLongestId = 256;
  if (text.empty() || text.size() > kLongestId || text.front() == '.') return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.' || c == ':'; });
}

void read_osv(std::string_view text, std::string_view subject, AdvisorySink& to) {
  const auto value = parse_json(text, subject, {.size = kLargestOsvDocument, .values = kMostValues});
  const JsonView document(value, subject);
  OsvReader(document, to).read();
}

}  // namespace ociassemble
