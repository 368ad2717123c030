// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace ociassemble {

// The metrics of a vector: "AV" -> "N". Borrows the vector's text.
using CvssMetrics = std::map<std::string_view, std::string_view>;

// The base score of a vector of CVSS 2.0 ("AV:N/AC:L/…", also in parentheses), 3.0 and 3.1 ("CVSS:3.1/…"), and the
// score of one of CVSS 4.0 ("CVSS:4.0/…", with threat and environment where it has them). From 0.0 to 10.0, with one
// digit. Nothing for a vector that is not whole, has a value that its version does not know, or is of another version.
std::optional<double> cvss_score(std::string_view vector);

// Of a vector of 4.0 whose mandatory metrics are there.
double cvss4_score(const CvssMetrics& metrics);

}  // namespace ociassemble
