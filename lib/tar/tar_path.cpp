// SPDX-License-Identifier: Apache-2.0
#include "tar/tar_path.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tar/tar_writer.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kLongestNameInMessage = 300;  // bytes

// Takes the first component and the '/' after it off the front of `rest`.
std::string_view take_component(std::string_view& rest) noexcept {
  const auto slash = rest.find('/');
  const auto component = rest.substr(0, slash);
  rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
  return component;
}

// '/' first, then all other bytes in their own order.
int rank(char byte) noexcept { return byte == '/' ? -1 : static_cast<unsigned char>(byte); }

}  // namespace

std::optional<std::string> normalise_tar_path(std::string_view path) {
  std::string result;
  while (!path.empty()) {
    const auto component = take_component(path);
    if (component == "..") return {};
    if (component.empty() || component == ".") continue;
    if (!result.empty()) result += '/';
    result += component;
  }
  return result;
}

bool is_canonical_tar_path(std::string_view path) noexcept {
  if (path.empty() || path.back() == '/' || path.find('\0') != std::string_view::npos) return false;
  while (!path.empty()) {
    const auto component = take_component(path);
    if (component.empty() || component == "." || component == "..") return false;
  }
  return true;
}

std::string tar_name_for_message(std::string_view name) {
  std::string result;
  for (const char byte : name.substr(0, kLongestNameInMessage)) {
    const auto value = static_cast<unsigned char>(byte);
    if (value < 0x20 || value == 0x7f) {
      result += fmt::format("\\x{:02x}", value);
    } else {
      result += byte;
    }
  }
  if (name.size() > kLongestNameInMessage) result += "...";
  return result;
}

bool tar_path_less(std::string_view left, std::string_view right) noexcept {
  const auto [a, b] = std::mismatch(left.begin(), left.end(), right.begin(), right.end());
  if (a == left.end() || b == right.end()) return b != right.end();
  return rank(*a) < rank(*b);
}

}  // namespace ociassemble
