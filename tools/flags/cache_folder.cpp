// SPDX-License-Identifier: Apache-2.0
#include "commands/command.hpp"

namespace ociassemble::tool {

std::filesystem::path cache_folder(const std::optional<std::string>& named, const Streams& streams) {
  if (named) return *named;
  const auto cache = streams.environment("XDG_CACHE_HOME");
  if (cache && !cache->empty() && cache->front() == '/') return std::filesystem::path(*cache) / "ociassemble";
  const auto home = streams.environment("HOME");
  if (home && !home->empty()) return std::filesystem::path(*home) / ".cache" / "ociassemble";
  return {};
}

}  // namespace ociassemble::tool
