// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ociassemble {

// A vulnerability as a database has it. Texts are the database's own, within the limits of the readers.
struct Advisory {
  std::string id;
  std::vector<std::string> aliases;   // other names of the same vulnerability
  std::vector<std::string> upstream;  // vulnerabilities of what the package was made from
  std::string summary;
  std::string url;
  std::string modified;              // RFC 3339; empty where the database does not say
  std::string withdrawn;             // when it was withdrawn; empty: it was not
  std::vector<std::string> vectors;  // CVSS, of any version
  std::string severity;              // in a word, as the database has it
};

// A point of a range, in the database's order.
struct RangeEvent {
  enum class Kind { introduced, fixed, last_affected, limit };
  Kind kind = Kind::introduced;
  std::string version;
};

struct VersionRange {
  std::vector<RangeEvent> events;
};

// A package of a Go module that is vulnerable, where the database names packages.
struct VulnerableImport {
  std::string path;
  std::vector<std::string> goos;     // empty: all
  std::vector<std::string> goarch;   // empty: all
  std::vector<std::string> symbols;  // "Type.Method", "Function"; empty: all
};

// Which versions of a package a vulnerability is in.
struct AffectedPackage {
  std::string advisory;  // its id
  std::vector<VersionRange> ranges;
  std::vector<std::string> versions;
  std::vector<VulnerableImport> imports;
  std::vector<VersionRange> custom_ranges;  // in other versions than the package's
  std::vector<std::string> vectors;         // CVSS for this package
  std::string severity;                     // a word for this package: Debian's urgency
  std::string note;                         // why it stays unfixed: "postponed", "ignored", …
  bool has_commits_only = false;            // its ranges are of commits, which no version can be compared with
};

std::string pack(const Advisory& advisory);
std::string pack(const AffectedPackage& affected);
// Nothing for what is no such record.
std::optional<Advisory> unpack_advisory(std::string_view bytes);
std::optional<AffectedPackage> unpack_affected(std::string_view bytes);

// Takes what a database says, one after the other.
class AdvisorySink {
 public:
  AdvisorySink() = default;
  AdvisorySink(const AdvisorySink&) = delete;
  AdvisorySink& operator=(const AdvisorySink&) = delete;
  virtual ~AdvisorySink() = default;

  virtual void add(const Advisory& advisory) = 0;
  // `ecosystem` in OSV's words: "Go", "Debian:12", "Alpine:v3.20".
  virtual void add(std::string_view ecosystem, std::string_view package, const AffectedPackage& affected) = 0;
  // That the database covers the ecosystem, or a part of it, with no vulnerability at all.
  virtual void add_coverage(std::string_view ecosystem, std::string_view part) = 0;
};

}  // namespace ociassemble
