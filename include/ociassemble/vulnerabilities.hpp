// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "ociassemble/export.hpp"
#include "ociassemble/sbom.hpp"

namespace ociassemble {

// Known vulnerabilities of what an image holds, by databases that the user has on disk. Nothing is asked of a network
// but by fetch_database().

// How severe, in words; `unknown` where no database says it.
enum class SeverityLevel { unknown, none, low, medium, high, critical };
OCIASSEMBLE_EXPORT std::string_view severity_name(SeverityLevel level) noexcept;
// "low", "high", …; throws Error{invalid_argument}.
OCIASSEMBLE_EXPORT SeverityLevel parse_severity_level(std::string_view text);

struct VulnerabilitySeverity {
  SeverityLevel level = SeverityLevel::unknown;
  std::optional<double> score;  // CVSS, 0.0 to 10.0
  std::string vector;           // that the score was computed of
  std::string source;           // the advisory that says so
};

// How much of what is vulnerable is in a program. Nothing says that it is called.
enum class Reach {
  unknown,  // the program's table of functions cannot be read, or the database names no package
  module,   // the module is a dependency, and no vulnerable package of it is linked
  package,  // a vulnerable package is linked, and no vulnerable function of it
  symbol,   // a vulnerable function is linked
};
OCIASSEMBLE_EXPORT std::string_view reach_name(Reach reach) noexcept;
OCIASSEMBLE_EXPORT Reach parse_reach(std::string_view text);

enum class VulnerablePackageKind { go_module, go_standard_library, os_package };

struct VulnerablePackage {
  VulnerablePackageKind kind = VulnerablePackageKind::os_package;
  std::string ecosystem;               // in OSV's words: "Go", "Debian:12"
  std::string name;                    // of the module, or of the source package
  std::string version;                 // of the module, or of the source package
  std::string replaced;                // the module whose place it took (`=>`); else empty
  std::string purl;                    // of the module, or of the first installed package
  std::vector<std::string> installed;  // OS packages of that source: "libssl3 3.0.11-1~deb12u2"
  std::vector<std::string> programs;   // absolute paths of Go programs that it is linked into
};

// What somebody stated about a vulnerability of this image (OpenVEX, CSAF).
struct VexStatement {
  enum class Status { affected, not_affected, fixed, under_investigation };
  Status status = Status::under_investigation;
  std::string justification;  // "vulnerable_code_not_present", …
  std::string statement;      // in the author's words
  std::string author;
  std::string time;      // RFC 3339
  std::string document;  // the file
};
OCIASSEMBLE_EXPORT std::string_view vex_status_name(VexStatement::Status status) noexcept;

struct FoundVulnerability {
  std::string id;                    // "GO-2024-2687", "CVE-2024-0727"
  std::vector<std::string> aliases;  // other names of it, sorted
  std::string summary;
  std::string url;
  VulnerablePackage package;
  std::string fixed_version;  // the first with the fix; empty: none is known
  std::string note;           // of the distribution: "postponed"
  VulnerabilitySeverity severity;
  Reach reach = Reach::unknown;
  std::vector<std::string> symbols;  // vulnerable functions that are linked: "net/http.Transport.RoundTrip"
  std::string unsure;                // why the version alone does not tell; empty: it does
  std::vector<std::string> databases;
  std::optional<VexStatement> vex;

  // Whether a statement says that the image is not affected.
  bool is_excused() const noexcept {
    return vex && (vex->status == VexStatement::Status::not_affected || vex->status == VexStatement::Status::fixed);
  }
  // A fix may be known, and the distribution have put it off.
  bool is_fixable() const noexcept { return !fixed_version.empty() && note != "postponed" && note != "ignored"; }
};

// Which vulnerabilities count: for a gate, and for an exit status.
struct VulnerabilityGate {
  SeverityLevel at_least = SeverityLevel::unknown;  // with `unknown` all of them
  bool count_unknown_severity = true;               // whatever `at_least` is: nobody says that it is low
  bool ignore_unfixed = false;
  Reach reach = Reach::package;  // in a Go program at least this far; what is not known counts, as do OS packages
};
// Whether it counts: as the gate says, and not excused.
OCIASSEMBLE_EXPORT bool counts(const FoundVulnerability& found, const VulnerabilityGate& gate) noexcept;

// What to do about it, in a sentence without a full stop: "update module golang.org/x/net to v0.23.0".
OCIASSEMBLE_EXPORT std::string remedy_of(const FoundVulnerability& found);
// "openssl 3.0.11-1~deb12u1", "golang.org/x/net v0.17.0", "Go 1.21.0". Control characters are replaced in both.
OCIASSEMBLE_EXPORT std::string package_text(const VulnerablePackage& package);
// Of two vulnerabilities of one package, whether the fix of the first is in a later version than that of the second.
OCIASSEMBLE_EXPORT bool is_later_fix(const FoundVulnerability& found, const FoundVulnerability& than);

// Something in the image that no database or reader can say anything about: not the same as clean.
struct NotJudged {
  std::string what;    // "dependencies of /usr/bin/app"
  std::string why;     // "the program has no list of modules (GOPATH mode)"
  std::string remedy;  // may be empty
};

struct DatabaseDescription {
  std::string path;
  std::uint64_t advisories = 0;
  std::vector<std::string> ecosystems;
  std::string modified;  // the newest change of an advisory
  std::string url;       // of `db fetch`; empty for files that came another way
  std::string fetched;   // when; RFC 3339
  std::string sha256;
};

struct VulnerabilityReport {
  std::vector<FoundVulnerability> found;  // the most severe first
  std::vector<NotJudged> not_judged;
  std::vector<std::string> notes;  // limits of the databases that concern this image
  std::vector<DatabaseDescription> databases;
  std::string system;  // "Debian GNU/Linux 12 (bookworm)"; empty where the image has none
  std::size_t os_packages = 0;
  std::size_t programs = 0;
  std::size_t modules = 0;
};

// Databases and statements, read once for any number of images. Safe for concurrent use.
class OCIASSEMBLE_EXPORT VulnerabilityDatabases {
 public:
  struct Options {
    std::vector<std::filesystem::path> databases;  // files or folders
    std::vector<std::filesystem::path> vex;        // OpenVEX and CSAF documents
    std::function<void(const std::string&)> warn;  // may be empty; of an index that cannot be kept
    std::stop_token stop;
  };
  // Reads the index beside each database, or makes it. Throws Error{corrupt} naming the file for what is no database or
  // a damaged one, Error{invalid_argument} where none is given.
  explicit VulnerabilityDatabases(const Options& options);
  VulnerabilityDatabases(const VulnerabilityDatabases&) = delete;
  VulnerabilityDatabases& operator=(const VulnerabilityDatabases&) = delete;
  ~VulnerabilityDatabases();

  // `image_name` is what statements may call the image by: "registry.example.com/team/server:v1"; may be empty. The
  // inventory should have been read with its functions, else no reach is known.
  VulnerabilityReport find(const Inventory& inventory, const std::string& image_name = {}) const;

 private:
  struct State;
  std::unique_ptr<const State> state_;
};

struct FetchOptions {
  // A file (*.zip, *.json), or a folder, which is made: the file gets the last two names of the URL's path there, such
  // as "Debian-12-all.zip".
  std::filesystem::path to;
  std::string now;                // RFC 3339: the date that is recorded where the server sends none
  std::filesystem::path ca_file;  // PEM; trusted besides the system's. May be empty
  bool allow_plain_http = false;  // beyond loopback: anybody on the way could change the database
  std::stop_token stop;
};

struct FetchedDatabase {
  std::filesystem::path file;
  bool is_new = false;  // false: the server says that the file here is the newest
  std::string sha256;
  std::string date;
  std::uint64_t size = 0;
};

// Brings a database over HTTP. What comes is read whole before it replaces the file that was there; beside it lies a
// record (FILE.source) of URL, date, SHA-256 and what the server needs to say "not modified". Throws Error{network},
// HttpError, Error{corrupt} for what is no database, and Error{invalid_argument} where a folder has another URL's
// database under that name; the file is then as it was.
OCIASSEMBLE_EXPORT FetchedDatabase fetch_database(const std::string& url, const FetchOptions& options);

}  // namespace ociassemble
