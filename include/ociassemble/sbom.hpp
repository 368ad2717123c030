// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "ociassemble/blob_store.hpp"
#include "ociassemble/export.hpp"
#include "ociassemble/image.hpp"
#include "ociassemble/io.hpp"

namespace ociassemble {

// What an image holds, read from the bytes of its layers: the system, the packages of apk's and dpkg's databases, every
// Go program with the modules that were linked into it, and the files that no package owns.
struct Inventory;

struct InventoryOptions {
  // Where what was found in a layer is kept; such a layer is not read again, and need not be there. Empty: nowhere.
  std::filesystem::path cache_folder;
  std::function<void(const std::string&)> warn;  // may be empty; of a cache that is not used
  // Layers that are there are read from there, and not where the image has them; may be null.
  std::shared_ptr<BlobStore> kept_layers = {};
  // Also which functions are linked into Go programs, for vulnerabilities; an SBOM needs none.
  bool with_functions = false;
};

// Reads every layer once, and checks it. The inventory may be shared between threads. Throws DigestMismatch, what
// reading blobs throws, naming the layer, and Error{unsupported} for more than a gigabyte of file metadata.
OCIASSEMBLE_EXPORT std::shared_ptr<const Inventory> read_inventory(const Image& image, const std::stop_token& stop = {},
                                                                   const InventoryOptions& options = {});

// How many records of the package databases could not be read, so that the packages are not all.
OCIASSEMBLE_EXPORT std::size_t count_broken_records(const Inventory& inventory);

// SPDX 2.3 and CycloneDX 1.6, as JSON.
enum class SbomFormat { spdx, cyclonedx };

// "spdx", "cyclonedx". Throws Error{invalid_argument}.
OCIASSEMBLE_EXPORT SbomFormat parse_sbom_format(std::string_view text);
// "application/spdx+json", "application/vnd.cyclonedx+json".
OCIASSEMBLE_EXPORT std::string_view sbom_media_type(SbomFormat format);

// "https://spdx.dev/Document", "https://cyclonedx.org/bom": its type as the predicate of a Statement.
OCIASSEMBLE_EXPORT std::string_view sbom_predicate_type(SbomFormat format);

struct SbomOptions {
  // What the image is called; when empty the title that its annotations or labels give it, else its entrypoint's file.
  std::string name;
  std::string author;    // who made the document: "Organization: NAME", "Person: NAME (EMAIL)" or a NAME
  std::string supplier;  // who hands the image out, in the same forms
};

// Writes the document as it is streamed. Its bytes depend on the image, the options and this library's version alone.
OCIASSEMBLE_EXPORT void write_sbom(const Inventory& inventory, SbomFormat format, const SbomOptions& options, Sink& to);

// How SBOMs go along with an image.
enum class AttestationForm {
  referrers,  // manifests that refer to the image's, which stays as it is
  index,      // BuildKit's: manifests in an index over the image, whose digest is another then
};
// "referrers", "index". Throws Error{invalid_argument}.
OCIASSEMBLE_EXPORT AttestationForm parse_attestation_form(std::string_view text);

// The SBOMs that a build makes.
struct SbomRequest {
  std::vector<SbomFormat> formats;  // none: no SBOM
  SbomOptions options;
  AttestationForm form = AttestationForm::referrers;
};

// Makes a document in each format, and of each a manifest that refers to the image's, its one layer of the document's
// own type, as tools look for it. All of it is in `store` afterwards.
OCIASSEMBLE_EXPORT std::vector<Document> make_sbom_referrers(const Inventory& inventory, const SbomRequest& request,
                                                             const std::shared_ptr<BlobStore>& store);

// The documents as in-toto Statements about the image: what add_attestations() takes.
OCIASSEMBLE_EXPORT std::vector<Descriptor> put_sbom_statements(const Inventory& inventory, const SbomRequest& request,
                                                               BlobStore& store);

// BuildKit's form: puts a manifest behind each image of the index that holds what `inventories` (one for each image, in
// their order) say as in-toto Statements, for Docker Scout and `docker buildx imagetools inspect`. The digest of the
// index is another then; those of the images stay. Throws Error{invalid_argument} for another number of inventories and
// for an index in Docker's format.
OCIASSEMBLE_EXPORT ImageIndex add_sboms(ImageIndex index,
                                        const std::vector<std::shared_ptr<const Inventory>>& inventories,
                                        const SbomRequest& request, const std::shared_ptr<BlobStore>& store);

}  // namespace ociassemble
