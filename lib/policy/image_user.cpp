// SPDX-License-Identifier: Apache-2.0
#include "policy/image_user.hpp"

#include <algorithm>
#include <string_view>

#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

// Docker's and podman's where the config has none.
constexpr std::string_view kUsualSearchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::vector<std::string> places_of(const std::string& word, const ImageConfig& config) {
  if (word.starts_with('/')) return {word};
  if (word.find('/') != std::string::npos) return {config.working_dir + "/" + word};
  std::vector<std::string> places;
  const auto search = config.env_value("PATH").value_or(std::string(kUsualSearchPath));
  constexpr std::size_t kMost = 1000;
  for (std::size_t begin = 0; begin <= search.size() && places.size() < kMost;) {
    const auto end = std::min(search.find(':', begin), search.size());
    places.push_back(search.substr(begin, end - begin) + "/" + word);
    begin = end + 1;
  }
  return places;
}

}  // namespace

std::optional<NumericUser> find_image_user(const ImageConfig& config, const UnpackedImage& files) {
  const auto passwd = files.text("etc/passwd").value_or("");
  const auto group = files.text("etc/group").value_or("");
  try {
    return lookup_user(config.user.empty() ? "0" : config.user, passwd, group);
  } catch (const Error&) {
    return {};
  }
}

bool may_use(const Tree::Node& node, const NumericUser& user, std::uint32_t bits) noexcept {
  const auto shift = node.uid == user.uid ? 6U : node.gid == user.gid ? 3U : 0U;
  return (std::uint32_t{node.mode} >> shift & bits) == bits;
}

std::vector<std::string> start_words(const ImageConfig& config) {
  auto words = config.entrypoint.value_or(std::vector<std::string>());
  const auto arguments = config.cmd.value_or(std::vector<std::string>());
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

std::optional<StartProgram> find_start_program(const ImageConfig& config, const UnpackedImage& files) {
  const auto words = start_words(config);
  if (words.empty() || words.front().empty()) return {};
  StartProgram program;
  program.word = words.front();
  const auto places = places_of(program.word, config);
  for (const auto& place : places) {
    auto found = files.look_up(place);
    if (!found || found->node->type != EntryType::regular) continue;
    program.path = "/" + found->path;
    program.node = found->node;
    return program;
  }
  program.is_in_volume =
      std::any_of(places.begin(), places.end(), [&](const std::string& place) { return is_in_volume(place, config); });
  return program;
}

bool is_in_volume(const std::string& path, const ImageConfig& config) {
  return std::any_of(config.volumes.begin(), config.volumes.end(), [&](const std::string& volume) {
    return path == volume || path.starts_with(volume.ends_with('/') ? volume : volume + "/");
  });
}

}  // namespace ociassemble
