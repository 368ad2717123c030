// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "ociassemble/blob_store.hpp"
#include "ociassemble/export.hpp"
#include "ociassemble/gates.hpp"
#include "ociassemble/image.hpp"

namespace ociassemble {

struct NewLayer;

// Whether an image may be deployed (docs/policy.md): rules, what they found, and the policy that chooses among them.

// A line of a file that a person can open: a recipe or a policy.
struct FindingPlace {
  std::string file;
  std::size_t line = 0;  // counted from 1; 0: the file as a whole

  bool operator==(const FindingPlace&) const = default;
};

// What a finding about a vulnerability says besides.
struct FindingVulnerability {
  std::string id;                    // "CVE-2026-1234", "GO-2026-0001"
  std::vector<std::string> aliases;  // other identifiers of the same vulnerability
  std::string severity;              // "critical", "high", "medium", "low", "negligible" or "unknown"
  std::optional<double> score;       // CVSS, 0 to 10
  std::string package;               // a module path or a package name
  std::string version;               // that is installed
  std::string fixed_version;         // empty: there is none
  std::string purl;
  std::string url;

  bool operator==(const FindingVulnerability&) const = default;
};

// What a rule says of one thing of an image. All texts but rule, remedy and place may hold the image's own bytes.
struct Finding {
  std::string rule;                         // "setuid"
  Severity level = Severity::error;         // warn or error
  GateVerdict verdict = GateVerdict::fail;  // fail or not_judged
  std::string subject;                      // "/usr/bin/passwd", "PATH", "CVE-2026-1234"; `except` names it
  std::string reason;                       // one line, without a full stop
  std::string remedy;                       // what to do; findings of the same remedy are shown together
  std::string path;                         // absolute, of the file in the image that it is about; may be empty
  std::optional<FindingPlace> place;        // where a recipe or policy asks for the rule
  std::optional<FindingVulnerability> vulnerability;
  std::vector<std::string> details;  // more lines: what grew, most first

  bool operator==(const Finding&) const = default;
};

// What one rule that is on came to.
struct RuleVerdict {
  std::string rule;
  Severity level = Severity::error;
  GateVerdict verdict = GateVerdict::pass;  // fail where anything failed, else not_judged where anything was not judged
  std::string reason;                       // why it was not judged, or the first that failed

  bool operator==(const RuleVerdict&) const = default;
};

// A finding that the policy excepts.
struct ExceptedFinding {
  Finding finding;
  std::string reason;  // the exception's
  std::string until;   // "2027-06-30"; empty: for ever

  bool operator==(const ExceptedFinding&) const = default;
};

struct CheckReport {
  std::string image;               // as the caller named it
  std::string digest;              // of the manifest
  std::string platform;            // "linux/amd64"
  std::string operating_system;    // "Debian GNU/Linux 12 (bookworm)"; empty where the image does not say it, or unread
  std::vector<RuleVerdict> rules;  // every rule that is on, in the order of docs/policy.md
  std::vector<Finding> findings;   // in the order of rules, then of subjects
  std::vector<ExceptedFinding> excepted;

  bool operator==(const CheckReport&) const = default;
};

// Whether nothing of level error failed or was not judged.
OCIASSEMBLE_EXPORT bool passes(const CheckReport& report) noexcept;

// Which rules are on where a policy does not say it.
enum class PolicyLevel {
  standard,     // "default": runs is an error, needs a warning
  recommended,  // what is wrong in most images
  strict,       // whatever can be judged without options
};
// "default", "recommended", "strict". Throws Error{invalid_argument}.
OCIASSEMBLE_EXPORT PolicyLevel parse_policy_level(std::string_view text);

// How a policy wants one rule.
struct RuleSetting {
  Severity level = Severity::off;
  std::map<std::string, std::vector<std::string>> options;  // checked; a number or a flag is its text
  std::optional<FindingPlace> place;

  bool operator==(const RuleSetting&) const = default;
};

// A finding that is accepted.
struct PolicyException {
  std::string rule;
  std::string subject;  // a path or an identifier; "*" at its end stands for any characters; empty: the rule as a whole
  std::string reason;   // never empty
  std::string until;    // "2027-06-30", the last day; empty: for ever
  std::optional<FindingPlace> place;

  bool operator==(const PolicyException&) const = default;
};

// Rules, each with its level and options, and exceptions. A value.
struct OCIASSEMBLE_EXPORT Policy {
  std::map<std::string, RuleSetting> rules;  // every rule that there is
  std::vector<PolicyException> exceptions;
  Severity not_judged = Severity::error;  // what a rule of level error that cannot be judged counts as
  std::filesystem::path file;             // empty without one

  static Policy of_level(PolicyLevel level);
  // Reads a policy (docs/policy.md), JSON. What it names by a relative path is looked for in the folder of `file`.
  // Throws Error{invalid_argument} that names the file and the member, and of unknown rules and options the nearest.
  static Policy parse(std::string_view json, const std::filesystem::path& file);
  // Reads the file, too: Error{not_found} and Error{io} besides.
  static Policy read(const std::filesystem::path& file);

  // Severity::off for a rule that there is not.
  Severity level(std::string_view rule) const noexcept;

  bool operator==(const Policy&) const = default;
};

// What a check has besides the image.
struct CheckInputs {
  std::string name;                 // what the report calls the image
  std::string tag;                  // that it was found or will be published by; empty: without one
  std::optional<std::int64_t> now;  // seconds since 1970; rules about time are not judged without it
  std::optional<Image> against;     // an older image, for budgets
  std::set<std::string> left_out;   // rules that somebody else has judged
  // "sha256:…" of the key that the lock says the base was signed by; empty where it says none; not set: not known.
  std::optional<std::string> base_signed_by = {};
  std::vector<std::filesystem::path> databases;  // of vulnerabilities (docs/vulnerabilities.md)
  std::vector<std::filesystem::path> vex;        // OpenVEX and CSAF documents about them
  // Where what was found in a layer is kept; such a layer is not read again, and need not be there. Empty: nowhere.
  std::filesystem::path cache_folder;
  std::shared_ptr<BlobStore> kept_layers;  // layers that are there are read from there; may be null
  // What layers were just made of (Assembled::new_layers): their files are looked at where they lie.
  std::map<Digest, std::shared_ptr<const NewLayer>> new_layers;
  std::stop_token stop;
  std::function<void(const std::string&)> warn;  // may be empty
};

// Judges an image by a policy. Layers are read only where a rule that is on needs them and the cache does not know
// them, each once and to its end; the rules budget and structure-tests may read some once more. Throws DigestMismatch
// and what reading blobs throws, Error{unsupported} for more than a gigabyte of file metadata, Error{not_found} and
// Error{invalid_argument} for files that the policy names.
OCIASSEMBLE_EXPORT CheckReport check_image(const Image& image, const Policy& policy, const CheckInputs& inputs = {});

// What documents and reports say of a rule.
struct RuleDescription {
  std::string_view name;
  std::string_view what;  // what it demands: "the image's user is a number, and not 0"
  Severity standard, recommended, strict;
  std::string_view standards;  // "CIS 4.1, PSS runAsNonRoot"; empty where none corresponds
};
// Every rule, in the order of docs/policy.md.
OCIASSEMBLE_EXPORT std::vector<RuleDescription> describe_rules();

}  // namespace ociassemble
