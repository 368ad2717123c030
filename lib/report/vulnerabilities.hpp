// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "ociassemble/io.hpp"
#include "ociassemble/vulnerabilities.hpp"

namespace ociassemble {

// What a report is about.
struct VulnerabilityScan {
  const VulnerabilityReport& report;
  const VulnerabilityGate& gate;
  std::string image;     // as the user named it
  std::string digest;    // of its manifest
  std::string platform;  // "linux/amd64"
  std::string name;      // what it is or will be published as; may be empty
  std::string time;      // RFC 3339 in UTC, for the forms that want one
};

// For people: grouped by what to do.
std::string describe_vulnerabilities(const VulnerabilityScan& scan);
// JSON; member names are in docs/cli.md.
void print_vulnerabilities_json(const VulnerabilityScan& scan, Sink& to);
// OpenVEX 0.2: what this scan can state of each vulnerability, for others to take over and sign.
void print_vulnerabilities_openvex(const VulnerabilityScan& scan, Sink& to);

}  // namespace ociassemble
