// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "vulnerabilities/advisory.hpp"
#include "vulnerabilities/ecosystems.hpp"

namespace ociassemble {

// Whether a version is one of those that a vulnerability is in.
struct RangeVerdict {
  bool is_affected = false;
  std::string fixed_version;  // of an affected one: the first later version with the fix; empty where none is known
  std::string unsure;         // why the order of versions does not tell; empty: it does
};

// OSV 1.7.5, "Evaluation": in `versions` or in one of the ranges. A version without any range or list is affected. Of a
// Go pseudo-version the order of versions says nothing about tags: whether a commit comes after a tag is in the
// repository.
RangeVerdict check_version(const AffectedPackage& affected, VersionOrder order, std::string_view version);

// The same for a version that nobody knows: affected for sure only where all versions are.
RangeVerdict check_unknown_version(const AffectedPackage& affected);

}  // namespace ociassemble
