// SPDX-License-Identifier: Apache-2.0
#include "fuzz.hpp"
#include "vulnerabilities/cvss.hpp"
#include "vulnerabilities/package_url.hpp"
#include "vulnerabilities/version_order.hpp"

using namespace ociassemble;

// Two versions, a line each: any two texts have an order, and the same from both sides.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes = fuzz::as_text(data, size);
  const std::string_view text = bytes;
  const auto end = text.find('\n');
  const auto a = text.substr(0, end);
  const auto b = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  for (const auto compare : {compare_dpkg_versions, compare_apk_versions, compare_go_versions}) {
    fuzz::require(compare(a, a) == 0, "a version is itself");
    fuzz::require((compare(a, b) < 0) == (compare(b, a) > 0), "an order is the same from both sides");
  }
  if (parse_pseudo_version(a)) fuzz::require(is_go_version(a), "a pseudo-version is a version");
  const auto release = go_release_version(a);
  fuzz::require(release.empty() || is_go_version(release), "a release is a version");
  const auto score = cvss_score(a);
  fuzz::require(!score || (*score >= 0 && *score <= 10), "a score is from 0 to 10");
  if (const auto url = PackageUrl::parse(a)) fuzz::require(url->covers(*url), "a package URL covers itself");
  return 0;
}
