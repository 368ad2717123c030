// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>
#include <vector>

#include "ociassemble/document.hpp"

namespace ociassemble {

// What a document names: a manifest its config and layers, an index its manifests and indexes.
struct DocumentContents {
  std::vector<Descriptor> blobs;
  std::vector<Descriptor> documents;
};
// Throws as Manifest::parse and Index::parse.
DocumentContents contents_of(const Document& document);

// Reads a manifest or index, verified, and at most kMaxManifestSize of it.
Document read_document(const Descriptor& descriptor, const std::shared_ptr<BlobReader>& blobs);

inline constexpr int kMaxIndexDepth = 4;

// Keeps an index from being without end: documents below it are counted, and so is how deep they lie.
class DocumentBudget {
 public:
  // Throws Error{corrupt} when there is too much of it. `depth` of the root is 1.
  void take(const Descriptor& descriptor, int depth);

 private:
  std::size_t documents_ = 0;
  std::uint64_t bytes_ = 0;
};

// The root and all documents below it, each once and after those that it names; so the root is the last. Throws as
// read_document(), contents_of() and DocumentBudget::take().
std::vector<Document> all_documents(const Document& root, const std::stop_token& stop);

}  // namespace ociassemble
