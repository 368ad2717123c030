// SPDX-License-Identifier: Apache-2.0
#include "tree/whiteout.hpp"

namespace ociassemble {

std::optional<Whiteout> whiteout_of(std::string_view path) {
  constexpr std::string_view kPrefix = ".wh.";
  constexpr std::string_view kAufsPrefix = ".wh..wh.";  // aufs's own files, but for the opaque marker
  constexpr std::string_view kOpaque = ".wh..wh..opq";
  const auto slash = path.rfind('/');
  const auto name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  const auto folder = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
  if (name == kOpaque) return Whiteout{std::string(folder), true};
  if (!name.starts_with(kPrefix) || name.starts_with(kAufsPrefix)) return {};
  return Whiteout{std::string(path.substr(0, path.size() - name.size())).append(name.substr(kPrefix.size())), false};
}

}  // namespace ociassemble
