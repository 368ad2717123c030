// SPDX-License-Identifier: Apache-2.0
#include "assemble/read_inputs.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace ociassemble {

namespace {

constexpr std::size_t kMostInCommon = 0xFFFF;

std::size_t length_in_common(std::string_view left, std::string_view right) {
  const auto most = std::min({left.size(), right.size(), kMostInCommon});
  const auto differs = std::mismatch(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(most), right.begin());
  return static_cast<std::size_t>(differs.first - left.begin());
}

}  // namespace

void ReadInputs::add_member(std::string_view folder, std::string_view path) {
  std::string member(folder);
  member += path;
  const auto common = length_in_common(last_member_, member);
  members_ += static_cast<char>(common >> 8U);
  members_ += static_cast<char>(common & 0xFFU);
  members_.append(member, common).append(1, '\0');
  last_member_ = std::move(member);
}

std::vector<std::string> ReadInputs::all() const {
  std::vector<std::string> all;
  for (const auto& input : named_) all.push_back(input.native());
  std::string member;
  for (std::string_view rest = members_; !rest.empty();) {
    const auto high = static_cast<unsigned char>(rest[0]);
    member.resize(std::size_t{high} << 8U | static_cast<unsigned char>(rest[1]));
    rest.remove_prefix(2);
    const auto end = rest.find('\0');
    member += rest.substr(0, end);
    rest.remove_prefix(end + 1);
    all.push_back(member);
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

}  // namespace ociassemble
