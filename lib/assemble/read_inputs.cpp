// SPDX-License-Identifier: Apache-2.0
#include "assemble/read_inputs.hpp"

#include <algorithm>

namespace ociassemble {

std::vector<std::string> ReadInputs::all() const {
  std::vector<std::string> all;
  for (const auto& input : named_) all.push_back(input.native());
  for (std::string_view rest = members_; !rest.empty();) {
    all.emplace_back(rest.substr(0, rest.find('\0')));
    rest.remove_prefix(all.back().size() + 1);
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

}  // namespace ociassemble
