// SPDX-License-Identifier: Apache-2.0
#include "image/hidden_files.hpp"

#include <string_view>

#include "image/layer_reader.hpp"

namespace ociassemble {
namespace {

// The first of the paths that is `path` or lies below it.
std::optional<std::string> at_or_below(const std::set<std::string>& paths, const std::string& path) {
  if (path.empty()) return paths.empty() ? std::nullopt : std::optional(*paths.begin());
  if (const auto same = paths.find(path); same != paths.end()) return *same;
  const auto folder = path + "/";
  const auto below = paths.lower_bound(folder);
  return below != paths.end() && below->starts_with(folder) ? std::optional(*below) : std::nullopt;
}

std::optional<std::string> hidden_by(const TarEntry& entry, const std::set<std::string>& paths) {
  constexpr std::string_view kWhiteout = ".wh.";
  constexpr std::string_view kOpaque = ".wh..wh..opq";
  const auto slash = entry.path.rfind('/');
  const auto folder = slash == std::string::npos ? std::string() : entry.path.substr(0, slash);
  const auto name = entry.path.substr(slash == std::string::npos ? 0 : slash + 1);
  if (name == kOpaque) return at_or_below(paths, folder);
  if (name.starts_with(kWhiteout)) {
    return at_or_below(paths, (folder.empty() ? "" : folder + "/") + name.substr(kWhiteout.size()));
  }
  if (entry.type != EntryType::directory) return at_or_below(paths, entry.path);
  return paths.count(entry.path) != 0 ? std::optional(entry.path) : std::nullopt;
}

}  // namespace

std::optional<std::string> find_hidden(const Layer& layer, const std::set<std::string>& paths,
                                       const std::stop_token& stop) {
  std::optional<std::string> found;
  for_each_entry(layer, stop, [&](const ReadEntry& read) {
    if (!found) found = hidden_by(read.entry, paths);
  });
  return found;
}

}  // namespace ociassemble
