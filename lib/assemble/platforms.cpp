// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/platforms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>

#include "assemble/assembly.hpp"
#include "assemble/platform_words.hpp"
#include "base/stop.hpp"
#include "base/task_group.hpp"
#include "base/usable_cores.hpp"
#include "image/layer_makers.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

std::string for_platform(const std::string& path, const Platform& platform) {
  return fill_braces(path, [&](std::string_view name) { return platform_word(platform, name); });
}

void reject_repeated(const std::vector<Platform>& platforms) {
  for (auto at = platforms.begin(); at != platforms.end(); ++at) {
    const auto again = std::find_if(at + 1, platforms.end(), [&](const Platform& other) { return at->matches(other); });
    if (again == platforms.end()) continue;
    throw Error(ErrorCode::invalid_argument,
                fmt::format("cannot build for {}: the platform is named twice", again->to_string()),
                "name each platform once; arm64 and arm64/v8 are the same");
  }
}

std::string platform_key(const AssembleOptions& options) {
  return options.platform ? options.platform->normalised().to_string() : std::string();
}

// Says which platform each line is about.
Workplace labelled(Workplace workplace, const std::string& label) {
  if (!workplace.progress || label.empty()) return workplace;
  workplace.progress = [print = workplace.progress, label](const std::string& line) { print(label + ": " + line); };
  return workplace;
}

// Threads that share it call the caller's functions one at a time.
Workplace one_at_a_time(Workplace workplace) {
  const auto mutex = std::make_shared<std::mutex>();
  for (auto* call : {&workplace.warn, &workplace.progress}) {
    if (!*call) continue;
    *call = [mutex, print = *call](const std::string& line) {
      const std::lock_guard lock(*mutex);
      print(line);
    };
  }
  return workplace;
}

// The base that all images have, as it was looked up.
Annotations base_annotations(const std::vector<Assembled>& images) {
  const auto& first = images.front();
  const auto name = annotation(first.image, kBaseName);
  if (name.empty() || !first.base_root) return {};
  const bool all_the_same = std::all_of(images.begin(), images.end(), [&](const Assembled& other) {
    return annotation(other.image, kBaseName) == name && other.base_root == first.base_root;
  });
  if (!all_the_same) return {};
  return {{kBaseName, name}, {kBaseDigest, first.base_root->to_string()}};
}

// What all images say of where they come from.
Annotations common_origin(const std::vector<Assembled>& images) {
  auto common = images.front().origin;
  std::erase_if(common, [&](const auto& found) {
    return std::any_of(images.begin(), images.end(), [&](const Assembled& other) {
      const auto same = other.origin.find(found.first);
      return same == other.origin.end() || same->second != found.second;
    });
  });
  return common;
}

ImageFormat common_format(const std::vector<Assembled>& images) {
  if (images.empty()) throw Error(ErrorCode::invalid_argument, "cannot make an index: there are no images for it");
  const auto format = images.front().image.manifest().format;
  const bool same = std::all_of(images.begin(), images.end(),
                                [&](const Assembled& made) { return made.image.manifest().format == format; });
  if (!same) throw Error(ErrorCode::invalid_argument, "cannot make an index: its images have different formats");
  return format;
}

}  // namespace

std::vector<AssembleOptions> for_platforms(const AssembleOptions& options, const std::vector<Platform>& platforms) {
  reject_repeated(platforms);
  std::vector<AssembleOptions> all;
  for (const auto& wanted : platforms) {
    const auto platform = wanted.normalised();
    all.push_back(options);
    all.back().platform = platform;
    for (auto& binary : all.back().contents.binaries) binary.source = for_platform(binary.source.string(), platform);
  }
  return all;
}

std::vector<Assembled> assemble_all(const std::vector<AssembleOptions>& options, const Workplace& callers) {
  const auto workplace = one_at_a_time(callers);
  std::map<std::string, std::vector<std::size_t>> by_platform;
  for (std::size_t i = 0; i < options.size(); ++i) by_platform[platform_key(options[i])].push_back(i);
  SharedWork work(workplace);
  std::vector<std::optional<Assembled>> made(options.size());
  TaskGroup group(std::min(by_platform.size(), usable_cores()), workplace.stop);
  for (const auto& entry : by_platform) {
    group.spawn([&, &label = entry.first, &members = entry.second](const std::stop_token& stop) {
      const auto place = by_platform.size() > 1 ? labelled(workplace, label) : workplace;
      for (const auto i : members) {
        throw_if_stopped(stop);
        // With the caller's own token: what is made here reads its base and its layers after this group has ended.
        made[i] = assemble_with(work, options[i], place);
      }
    });
  }
  group.wait();
  std::vector<Assembled> result;
  result.reserve(made.size());
  for (auto& each : made) result.push_back(std::move(*each));
  return result;
}

ImageIndex make_index(const std::vector<Assembled>& images, const Annotations& annotations) {
  Index index;
  index.format = common_format(images);
  std::vector<Image> members;
  for (const auto& made : images) {
    index.manifests.push_back(made.image.descriptor());
    members.push_back(made.image);
  }
  if (index.format == ImageFormat::oci) {
    index.annotations = annotations;
    index.annotations.merge(common_origin(images));
    index.annotations.merge(base_annotations(images));
  }
  auto json = index.to_json();
  Descriptor descriptor{.media_type = std::string(index.media_type()), .digest = Digest::of(json), .size = json.size()};
  return {std::move(descriptor), std::move(json), std::move(index), std::move(members)};
}

}  // namespace ociassemble
