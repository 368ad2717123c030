// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/document.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "image/contents.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

// Indexes, and manifests whose platform only their config tells, that are read to find one image.
constexpr std::size_t kMaxDocumentsRead = 256;

// A manifest of an index that could be the one asked for.
struct Candidate {
  Descriptor descriptor;
  Platform platform;
};

bool is_unknown(const Platform& platform) { return platform.os == "unknown" || platform.architecture == "unknown"; }

// Attestations, signatures and other things that no platform runs.
bool is_artifact(const Descriptor& descriptor) {
  const std::string_view type = descriptor.media_type;
  return !descriptor.artifact_type.empty() || (!type.empty() && !is_manifest_type(type) && !is_index_type(type)) ||
         (descriptor.platform && is_unknown(*descriptor.platform));
}

bool is_artifact(const Manifest& manifest) {
  const auto& type = manifest.config.media_type;
  return !manifest.artifact_type.empty() || !is_config_type(type);
}

std::string describe(const Document& root) { return root.descriptor.digest.to_string(); }

std::string read_config(const Manifest& manifest, BlobReader& blobs) {
  return BlobStore::read(blobs, manifest.config, kMaxConfigSize);
}

Image image_of(const Document& document) {
  const auto manifest = Manifest::parse(document.json, document.descriptor.media_type);
  if (is_artifact(manifest)) {
    const auto& type = manifest.artifact_type.empty() ? manifest.config.media_type : manifest.artifact_type;
    throw Error(ErrorCode::unsupported,
                fmt::format("cannot read {}: it is not an image but an artifact of type {}", describe(document), type));
  }
  return Image::from_documents(document.json, document.descriptor.media_type, read_config(manifest, *document.blobs),
                               document.blobs);
}

// Walks an index and the indexes in it, each once.
class CandidateFinder {
 public:
  explicit CandidateFinder(std::shared_ptr<BlobReader> blobs) : blobs_(std::move(blobs)) {}

  void add_index(const Document& document, int depth) {
    if (depth > kMaxIndexDepth) {
      throw Error(ErrorCode::corrupt, fmt::format("cannot read index {}: indexes are nested more than {} deep",
                                                  describe(document), kMaxIndexDepth));
    }
    const auto index = Index::parse(document.json, document.descriptor.media_type);
    for (const auto& entry : index.manifests) add_entry(entry, depth);
  }

  std::vector<Candidate> take() { return std::move(candidates_); }

 private:
  void add_entry(const Descriptor& entry, int depth) {
    if (is_artifact(entry)) return;
    if (is_index_type(entry.media_type)) return add_nested(entry, depth);
    if (entry.platform) {
      candidates_.push_back({.descriptor = entry, .platform = *entry.platform});
      return;
    }
    const auto document = read(entry);
    if (document_kind(document.json, entry.media_type) == DocumentKind::index) {
      if (seen_.insert(entry.digest).second) add_index(document, depth + 1);
    } else {
      add_manifest(document);
    }
  }

  void add_nested(const Descriptor& entry, int depth) {
    if (seen_.insert(entry.digest).second) add_index(read(entry), depth + 1);
  }

  void add_manifest(const Document& document) {
    const auto manifest = Manifest::parse(document.json, document.descriptor.media_type);
    if (is_artifact(manifest)) return;
    auto platform = ImageConfig::parse(read_config(manifest, *blobs_)).platform;
    if (is_unknown(platform)) return;
    candidates_.push_back({.descriptor = document.descriptor, .platform = std::move(platform)});
  }

  Document read(const Descriptor& entry) {
    if (++documents_read_ > kMaxDocumentsRead) {
      throw Error(
          ErrorCode::corrupt,
          fmt::format("cannot search an index: more than {} documents would have to be read", kMaxDocumentsRead));
    }
    return read_document(entry, blobs_);
  }

  std::shared_ptr<BlobReader> blobs_;
  std::set<Digest> seen_;
  std::size_t documents_read_ = 0;
  std::vector<Candidate> candidates_;
};

std::string list_platforms(const std::vector<Candidate>& candidates) {
  std::vector<std::string> names;
  for (const auto& candidate : candidates) {
    auto name = candidate.platform.to_string();
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  }
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

[[noreturn]] void no_such_platform(const Document& root, const Platform& wanted,
                                   const std::vector<Candidate>& candidates) {
  throw Error(
      ErrorCode::not_found,
      fmt::format("cannot find an image for {} in {}: there is no such platform", wanted.to_string(), describe(root)),
      fmt::format("platforms there: {}", list_platforms(candidates)));
}

// Images of old builders say nothing of their system or architecture, and engines run them as what they were asked for.
bool may_be(const Platform& wanted, Platform offered) {
  if (!offered.os.empty() && !offered.architecture.empty()) return false;
  if (offered.os.empty()) offered.os = wanted.os;
  if (offered.architecture.empty()) {
    offered.architecture = wanted.architecture;
    offered.variant = wanted.variant;
  }
  return wanted.matches(offered);
}

const Candidate* find_platform(const std::vector<Candidate>& candidates, const Platform& wanted) {
  auto found = std::find_if(candidates.begin(), candidates.end(),
                            [&](const auto& candidate) { return wanted.matches(candidate.platform); });
  if (found == candidates.end()) {
    found = std::find_if(candidates.begin(), candidates.end(),
                         [&](const auto& candidate) { return may_be(wanted, candidate.platform); });
  }
  return found == candidates.end() ? nullptr : &*found;
}

// What an index, or a layout's, says of a manifest whose config says nothing.
Platform platform_offered(const Document& root, const Image& image) {
  const auto& own = image.config().platform;
  const bool is_whole = !own.os.empty() && !own.architecture.empty();
  return is_whole ? own : root.descriptor.platform.value_or(own);
}

const Candidate& choose(const Document& root, const std::vector<Candidate>& candidates,
                        const std::optional<Platform>& platform) {
  if (!platform && candidates.size() == 1) return candidates.front();
  const auto wanted = platform.value_or(host_platform());
  const auto* found = find_platform(candidates, wanted);
  if (found == nullptr) no_such_platform(root, wanted, candidates);
  return *found;
}

// An index whose only entry is another index is that one.
Document unwrap(Document document) {
  for (int depth = 1;; ++depth) {
    const auto index = Index::parse(document.json, document.descriptor.media_type);
    if (index.manifests.size() != 1 || !is_index_type(index.manifests.front().media_type)) return document;
    if (depth == kMaxIndexDepth) {
      throw Error(ErrorCode::corrupt, fmt::format("cannot read index {}: indexes are nested more than {} deep",
                                                  describe(document), kMaxIndexDepth));
    }
    document = read_document(index.manifests.front(), document.blobs);
  }
}

void refuse_nested(const Document& document, const Index& index) {
  for (const auto& entry : index.manifests) {
    if (!is_index_type(entry.media_type)) continue;
    throw Error(ErrorCode::unsupported, fmt::format("cannot read index {}: another index, {}, is among its images",
                                                    describe(document), entry.digest.to_string()));
  }
}

}  // namespace

Platform host_platform() {
  Platform platform;
  platform.os = "linux";
#if defined(__x86_64__)
  platform.architecture = "amd64";
#elif defined(__aarch64__)
  platform.architecture = "arm64";
#elif defined(__arm__)
  platform.architecture = "arm";
  platform.variant = "v7";
#elif defined(__i386__)
  platform.architecture = "386";
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
  platform.architecture = "ppc64le";
#elif defined(__s390x__)
  platform.architecture = "s390x";
#elif defined(__riscv) && __riscv_xlen == 64
  platform.architecture = "riscv64";
#elif defined(__loongarch64)
  platform.architecture = "loong64";
#else
#error "no GOARCH is known for this architecture"
#endif
  return platform;
}

Image open_image(const Document& root, const std::optional<Platform>& platform) {
  if (document_kind(root.json, root.descriptor.media_type) == DocumentKind::manifest) {
    auto image = image_of(root);
    const auto offered = platform_offered(root, image);
    if (platform && !platform->matches(offered) && !may_be(*platform, offered)) {
      no_such_platform(root, *platform, {{.descriptor = root.descriptor, .platform = offered}});
    }
    return image;
  }
  return image_of(open_manifest(root, platform));
}

Document open_manifest(const Document& root, const std::optional<Platform>& platform) {
  if (document_kind(root.json, root.descriptor.media_type) == DocumentKind::manifest) return root;
  CandidateFinder finder(root.blobs);
  finder.add_index(root, 1);
  return read_document(choose(root, finder.take(), platform).descriptor, root.blobs);
}

ImageIndex open_index(const Document& root, const std::vector<Platform>& platforms) {
  if (document_kind(root.json, root.descriptor.media_type) == DocumentKind::manifest) {
    throw Error(ErrorCode::not_found,
                fmt::format("cannot find an index in {}: it is the image of one platform", describe(root)));
  }
  auto document = unwrap(root);
  auto index = Index::parse(document.json, document.descriptor.media_type);
  refuse_nested(document, index);
  CandidateFinder finder(root.blobs);
  finder.add_index(document, 1);
  const auto candidates = finder.take();
  for (const auto& wanted : platforms) {
    if (find_platform(candidates, wanted) == nullptr) no_such_platform(root, wanted, candidates);
  }
  ImageIndex result{.descriptor = std::move(document.descriptor),
                    .json = std::move(document.json),
                    .index = std::move(index),
                    .images = {}};
  for (const auto& candidate : candidates) {
    const auto wanted = [&](const auto& platform) { return platform.matches(candidate.platform); };
    if (!platforms.empty() && std::none_of(platforms.begin(), platforms.end(), wanted)) continue;
    result.images.push_back(image_of(read_document(candidate.descriptor, root.blobs)));
  }
  return result;
}

}  // namespace ociassemble
