// SPDX-License-Identifier: Apache-2.0
#include "places/blob_names.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "base/text.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/manifest.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kLongestContent = 200;

// "/usr/local/bin/server" of "ociassemble: binary /usr/local/bin/server"; what other tools write is no name.
std::string content_of(std::string_view created_by) {
  constexpr std::string_view kOurs = "ociassemble: ";
  if (!created_by.starts_with(kOurs)) return {};
  created_by.remove_prefix(kOurs.size());
  for (const std::string_view kind : {"binary ", "files "}) {
    if (created_by.starts_with(kind)) created_by.remove_prefix(kind.size());
  }
  return short_text(created_by, kLongestContent);
}

// `platform`: of one image of several.
void name_layers(const std::vector<Descriptor>& layers, const ImageConfig* config, const std::string& platform,
                 const Workplace& workplace) {
  std::vector<std::string> contents;
  for (const auto& entry : config != nullptr ? config->history : std::vector<HistoryEntry>()) {
    if (!entry.empty_layer) contents.push_back(content_of(entry.created_by));
  }
  for (std::size_t i = 0; i < layers.size(); ++i) {
    auto name = fmt::format("layer {}{}", i + 1, platform.empty() ? "" : fmt::format(" ({})", platform));
    // A history of another length does not tell which entry is whose.
    if (contents.size() == layers.size() && !contents[i].empty()) name += ": " + contents[i];
    workplace.name_blob(layers[i].digest, name);
  }
}

void name_image(const Image& image, const std::string& platform, const Workplace& workplace) {
  name_layers(image.manifest().layers, &image.config(), platform, workplace);
  workplace.name_blob(image.manifest().config.digest, platform.empty() ? "config" : "config (" + platform + ")");
}

}  // namespace

void name_blobs(const Image& image, const Workplace& workplace) {
  if (workplace.name_blob) name_image(image, {}, workplace);
}

void name_blobs(const ImageIndex& index, const Workplace& workplace) {
  if (!workplace.name_blob) return;
  const bool several = index.images.size() > 1;
  for (const auto& image : index.images)
    name_image(image, several ? image.config().platform.to_string() : std::string(), workplace);
}

void name_blobs(const Document& root, const Workplace& workplace) {
  if (!workplace.name_blob) return;
  const bool is_remote = root.blobs && root.blobs->repository().has_value();
  try {
    if (document_kind(root.json, root.descriptor.media_type) == DocumentKind::index) {
      if (!is_remote) name_blobs(open_index(root, {}), workplace);
    } else if (is_remote) {
      name_layers(Manifest::parse(root.json, root.descriptor.media_type).layers, nullptr, {}, workplace);
    } else {
      name_blobs(open_image(root, std::nullopt), workplace);
    }
  } catch (const Error& error) {
    // An artifact, say: its blobs go by their digests.
    if (error.code() == ErrorCode::interrupted) throw;
  }
}

}  // namespace ociassemble
