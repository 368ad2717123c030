// SPDX-License-Identifier: Apache-2.0
#include "image/contents.hpp"

#include <fmt/format.h>

#include <set>

#include "base/stop.hpp"
#include "base/text.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMaxDocuments = 4096;
constexpr std::uint64_t kMaxBytes = std::uint64_t{256} << 20U;

class Walk {
 public:
  explicit Walk(const std::stop_token& stop) : stop_(stop) {}

  void add(const Document& document, int depth) {
    if (!seen_.insert(document.descriptor.digest).second) return;
    for (const auto& entry : contents_of(document).documents) {
      throw_if_stopped(stop_);
      if (seen_.contains(entry.digest)) continue;
      budget_.take(entry, depth + 1);
      add(read_document(entry, document.blobs), depth + 1);
    }
    found_.push_back(document);
  }

  std::vector<Document> take() { return std::move(found_); }

 private:
  const std::stop_token& stop_;
  DocumentBudget budget_;
  std::set<Digest> seen_;
  std::vector<Document> found_;
};

}  // namespace

DocumentContents contents_of(const Document& document) {
  const auto& type = document.descriptor.media_type;
  if (document_kind(document.json, type) == DocumentKind::index) {
    auto index = Index::parse(document.json, type);
    if (!index.unreadable.empty()) {
      throw Error(ErrorCode::unsupported,
                  fmt::format("cannot read all of index {}: the digest {} is of an algorithm that is not supported",
                              document.descriptor.digest.to_string(), printable(index.unreadable.front().digest)));
    }
    return {.blobs = {}, .documents = std::move(index.manifests)};
  }
  auto manifest = Manifest::parse(document.json, type);
  DocumentContents contents{.blobs = std::move(manifest.layers), .documents = {}};
  contents.blobs.push_back(std::move(manifest.config));
  return contents;
}

Document read_document(const Descriptor& descriptor, const std::shared_ptr<BlobReader>& blobs) {
  return {.descriptor = descriptor, .json = BlobStore::read(*blobs, descriptor, kMaxManifestSize), .blobs = blobs};
}

void DocumentBudget::take(const Descriptor& descriptor, int depth) {
  const auto name = descriptor.digest.to_string();
  if (depth > kMaxIndexDepth + 1) {
    throw Error(ErrorCode::corrupt,
                fmt::format("cannot read {}: indexes are nested more than {} deep", name, kMaxIndexDepth));
  }
  bytes_ += descriptor.size;
  if (++documents_ > kMaxDocuments || descriptor.size > kMaxBytes || bytes_ > kMaxBytes) {
    throw Error(ErrorCode::corrupt, fmt::format("cannot read {}: its index names too many manifests", name));
  }
}

std::vector<Document> all_documents(const Document& root, const std::stop_token& stop) {
  Walk walk(stop);
  walk.add(root, 1);
  return walk.take();
}

}  // namespace ociassemble
