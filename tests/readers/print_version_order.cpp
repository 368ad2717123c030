// SPDX-License-Identifier: Apache-2.0
// Reads lines "dpkg|apk|go A B" and prints "<", "=" or ">" for each.
#include <compare>
#include <iostream>
#include <string>

#include "vulnerabilities/version_order.hpp"

int main() {
  using namespace ociassemble;
  for (std::string kind, a, b; std::cin >> kind >> a >> b;) {
    const auto order = kind == "dpkg"  ? compare_dpkg_versions(a, b)
                       : kind == "apk" ? compare_apk_versions(a, b)
                                       : compare_go_versions(a, b);
    std::cout << (order < 0 ? '<' : order > 0 ? '>' : '=') << '\n';
  }
  return 0;
}
