// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "ociassemble/document.hpp"
#include "ociassemble/export.hpp"
#include "ociassemble/image.hpp"

namespace ociassemble {

// A blob that was removed, or would be.
struct PrunedBlob {
  Digest digest;
  std::uint64_t size = 0;
};

// Where a damaged blob may be had; opened when the first is wanted.
struct RepairSource {
  std::string name;  // for messages
  std::function<std::shared_ptr<BlobReader>()> open;
};

struct RepairOptions {
  std::vector<RepairSource> sources;  // tried in this order
  // Opens the base that an image's annotations name, after all sources. Empty: no such base is asked.
  std::function<std::shared_ptr<BlobReader>(const std::string& name, const std::string& digest)> base;
};

struct RepairReport {
  struct Repaired {
    Digest digest;
    std::uint64_t size = 0;
    std::string source;  // its name
  };
  struct Left {
    std::string digest;
    std::string cause;  // one line
  };

  std::vector<Repaired> repaired;
  std::vector<Left> left;  // damaged or missing still
};

// An OCI image layout (OCI image specification, image-layout.md): a folder with oci-layout, index.json and blobs/.
// Safe for concurrent use by threads and processes: the index is changed under a lock of the folder, and replaced
// whole.
class OCIASSEMBLE_EXPORT OciLayout {
 public:
  // An existing layout. Throws Error{not_found} saying what is missing (the folder, oci-layout, index.json),
  // Error{unsupported} for another imageLayoutVersion.
  static OciLayout open(const std::filesystem::path& folder);
  // A layout to write to, new or existing; what a killed process left half-written in it is removed; the folder and its
  // files are made by the first put(). A folder that holds other files and no oci-layout is Error{invalid_argument}: we
  // do not strew blobs into somebody's home.
  static OciLayout open_or_create(const std::filesystem::path& folder);

  const std::filesystem::path& folder() const noexcept { return folder_; }
  const std::shared_ptr<BlobStore>& blobs() const noexcept { return blobs_; }

  // The index as it stands now; empty for a layout that is yet to be made.
  Index index() const;
  // Its bytes.
  std::string index_json() const;
  // The names (org.opencontainers.image.ref.name) in the index.
  std::vector<std::string> names() const;

  // The entry of that name; without one, the only entry. A name may also be a digest, or a full reference that an
  // entry's io.containerd.image.name holds. Throws Error{not_found} that lists the names that there are.
  Document open_document(const std::optional<std::string>& name) const;

  // Puts an entry into the index; what had the same name (and, for entries without a name, the same digest) is
  // replaced. `besides` come in the same step, without names. The documents and all that they name must be in blobs().
  // The index is not touched when nothing changes.
  void put(const Descriptor& descriptor, const std::optional<std::string>& name,
           const std::vector<Descriptor>& besides = {});

  // Removes the blobs that nothing in the index needs, directly or not (a subject that is there counts as needed), or
  // only says which. Blobs of an image that is being written are not in the index yet, and would go: nobody else may
  // write meanwhile. Throws Error{not_found} and Error{unsupported}, with nothing removed, where a manifest cannot be
  // read, so that what it needs is unknown.
  std::vector<PrunedBlob> prune(bool is_dry_run, const std::stop_token& stop);

  // Reads every blob that the entry of that name needs, or all entries, and replaces those that are missing or damaged
  // by what a source has, verified by digest and size first. Never touches a blob that is right, nor index.json. Throws
  // Error{io} for what cannot be written, Error{not_found} for a name that is not there.
  RepairReport repair(const std::optional<std::string>& name, const RepairOptions& options,
                      const std::stop_token& stop);

 private:
  OciLayout(std::filesystem::path folder, std::shared_ptr<BlobStore> blobs);

  std::filesystem::path folder_;
  std::shared_ptr<BlobStore> blobs_;
};

// Brings an image (or index with its images) into the layout and names it. Layers in `left_out` stay where they are:
// the layout then names blobs that it does not have. `besides`, such as what refers to the image, appear with it in one
// step, without names.
OCIASSEMBLE_EXPORT void write_image(OciLayout& layout, const Image& image, const std::optional<std::string>& name,
                                    const std::stop_token& stop, const std::set<Digest>& left_out = {},
                                    const std::vector<Document>& besides = {});
OCIASSEMBLE_EXPORT void write_index(OciLayout& layout, const ImageIndex& index, const std::optional<std::string>& name,
                                    const std::stop_token& stop, const std::set<Digest>& left_out = {},
                                    const std::vector<Document>& besides = {});

// The same for a document with all that it names, whatever that is, `parallel` blobs at a time.
OCIASSEMBLE_EXPORT void write_document(OciLayout& layout, const Document& root, const std::optional<std::string>& name,
                                       std::size_t parallel, const std::stop_token& stop);

// A manifest that lies beside an image: what refers to it, or what one of cosign's tags names.
struct NamedDocument {
  Document document;
  std::optional<std::string> name = {};  // in the index
};

// One form of archive for every engine, written whole or not at all: an OCI layout in a tar file, with docker's
// manifest.json over the same blobs, so that `docker load`, `podman load`, containerd and skopeo take it, and keep the
// digest where they can. Of an index manifest.json, which holds one platform, has the image for linux/amd64, else the
// first. The bytes depend on the images and the names only. What the file held before is replaced; a file with the same
// bytes is not touched. A name is that of the layout's entry; one that is a reference, such as "docker.io/team/app:v1",
// is also what engines call the image.
OCIASSEMBLE_EXPORT void write_oci_archive(const std::filesystem::path& file, const Image& image,
                                          const std::optional<std::string>& name, const std::stop_token& stop,
                                          const std::vector<NamedDocument>& more = {});
OCIASSEMBLE_EXPORT void write_oci_archive(const std::filesystem::path& file, const ImageIndex& index,
                                          const std::optional<std::string>& name, const std::stop_token& stop,
                                          const std::vector<NamedDocument>& more = {});
OCIASSEMBLE_EXPORT void write_oci_archive(const std::filesystem::path& file, const Document& root,
                                          const std::optional<std::string>& name, const std::stop_token& stop,
                                          const std::vector<NamedDocument>& more = {});

// The same under any number of references; the layout's entries are named by their tags.
OCIASSEMBLE_EXPORT void write_docker_archive(const std::filesystem::path& file, const Image& image,
                                             const std::vector<std::string>& references, const std::stop_token& stop);
OCIASSEMBLE_EXPORT void write_docker_archive(const std::filesystem::path& file, const ImageIndex& index,
                                             const std::vector<std::string>& references, const std::stop_token& stop);
OCIASSEMBLE_EXPORT void write_docker_archive(const std::filesystem::path& file, const Document& root,
                                             const std::vector<std::string>& references, const std::stop_token& stop);

// Reading; the archive may be compressed. What cannot be read in place is brought into a temporary store, whose parent
// folder is $TMPDIR or /var/tmp. A docker archive that holds an OCI layout, too, gives that one's documents with their
// digests. Throws Error{corrupt} naming the file when it is no such archive.
OCIASSEMBLE_EXPORT Document open_oci_archive(const std::filesystem::path& file, const std::optional<std::string>& name,
                                             const std::stop_token& stop);
// Its index.json, whole; the digest is that of the file's bytes.
OCIASSEMBLE_EXPORT Document open_oci_archive_index(const std::filesystem::path& file, const std::stop_token& stop);
OCIASSEMBLE_EXPORT Document open_docker_archive(const std::filesystem::path& file,
                                                const std::optional<std::string>& reference,
                                                const std::stop_token& stop);

}  // namespace ociassemble
