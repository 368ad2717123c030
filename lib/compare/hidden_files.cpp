// SPDX-License-Identifier: Apache-2.0
#include "compare/hidden_files.hpp"

#include "image/layer_reader.hpp"
#include "tree/whiteout.hpp"

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
  if (const auto whiteout = whiteout_of(entry.path)) return at_or_below(paths, whiteout->path);
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
