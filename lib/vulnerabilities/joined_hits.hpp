// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "ociassemble/vulnerabilities.hpp"
#include "vulnerabilities/database.hpp"
#include "vulnerabilities/range_check.hpp"
#include "vulnerabilities/vex.hpp"

namespace ociassemble {

// One advisory of one database that fits a package of the image.
struct Hit {
  const Database* database = nullptr;
  Advisory advisory;
  AffectedPackage affected;
  RangeVerdict verdict;
  Reach reach = Reach::unknown;
  std::vector<std::string> symbols;
};

// A package of the image with all that was found for it.
struct Candidate {
  VulnerablePackage package;
  std::vector<PackageUrl> urls;      // what statements may call it
  std::vector<PackageUrl> parts;     // installed packages
  std::vector<PackageUrl> programs;  // main modules that hold it
  std::vector<Hit> hits;
};

// What vulnerabilities are told by. Borrows all.
struct JoinContext {
  const std::vector<Database>& databases;  // also for the severity that another advisory knows
  const VexStatements& statements;
  const std::vector<PackageUrl>& image_urls;
  const std::vector<std::string>& image_names;
};

// Joins the hits of a package that are one vulnerability, and appends what was found.
void append_found(const Candidate& candidate, const JoinContext& context, std::vector<FoundVulnerability>& found);

inline void add_unique(std::vector<std::string>& to, const std::string& one) {
  if (std::find(to.begin(), to.end(), one) == to.end()) to.push_back(one);
}

}  // namespace ociassemble
