// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "ociassemble/descriptor.hpp"
#include "ociassemble/export.hpp"
#include "ociassemble/io.hpp"

namespace ociassemble {

// Somewhere that blobs can be read from: a store, an archive, a registry's repository. Safe for concurrent use.
class OCIASSEMBLE_EXPORT BlobReader {
 public:
  BlobReader() = default;
  BlobReader(const BlobReader&) = delete;
  BlobReader& operator=(const BlobReader&) = delete;
  virtual ~BlobReader() = default;

  // The blob's bytes, verified against digest and size through to the end. The source may outlive this object only
  // where its kind says so. Throws Error{not_found} naming the blob, Error{network}, Error{io}.
  virtual std::unique_ptr<Source> open(const Descriptor& descriptor) = 0;

  // A file that holds exactly the blob's bytes, for copying by the kernel and for reading twice; nothing where the blob
  // is no file of its own. The bytes are not verified.
  virtual std::optional<std::filesystem::path> file(const Digest& digest) const;

  // Whether these bytes were made or fetched through this object, and not only found.
  virtual bool brought(const Digest& digest) const;

  // "REGISTRY/REPOSITORY" where the blob already lies in a registry, so that it can be mounted from there.
  virtual std::optional<std::string> repository() const;
};

// A new blob on its way into a store. The destructor discards what was not committed.
class OCIASSEMBLE_EXPORT BlobWriter : public Sink {
 public:
  // Publishes the bytes under their digest; a second commit of equal bytes is a no-op, and a blob whose bytes are not
  // those of its name is replaced. Throws Error{io} and leaves the
  // store as it was. Called once.
  virtual Descriptor commit(std::string_view media_type) = 0;
  // The same, but only when digest and size are the expected ones; else throws DigestMismatch or Error{corrupt}, and
  // nothing is published.
  virtual void commit(const Descriptor& expected) = 0;
};

// Content-addressed blobs. Safe for concurrent use, in one process and between processes.
class OCIASSEMBLE_EXPORT BlobStore : public BlobReader {
 public:
  virtual std::unique_ptr<BlobWriter> begin() = 0;
  // The blob's size when it is there; nothing otherwise. Its bytes are not looked at.
  virtual std::optional<std::uint64_t> size(const Digest& digest) const = 0;

  bool contains(const Descriptor& descriptor) const { return size(descriptor.digest) == descriptor.size; }
  // Whether it is there and its bytes are right, all of which are read for that. Throws Error{interrupted}, Error{io}.
  bool holds(const Descriptor& descriptor, const std::stop_token& stop = {});
  // Stores a small document and returns its descriptor; what is there already is compared.
  Descriptor put(std::string_view bytes, std::string_view media_type);
  // The bytes of a document, verified. Throws Error{corrupt} past `limit`.
  static std::string read(BlobReader& from, const Descriptor& descriptor, std::size_t limit);
};

// Blobs as files FOLDER/blobs/ALGORITHM/HEX, as in an OCI image layout; temporary files lie in FOLDER itself. Makes the
// folders that are missing when the first blob is written, not before.
OCIASSEMBLE_EXPORT std::shared_ptr<BlobStore> open_directory_store(const std::filesystem::path& folder);
// A directory store in a private temporary folder under `parent` (empty: $TMPDIR or /var/tmp), removed with the last
// owner of the store.
OCIASSEMBLE_EXPORT std::shared_ptr<BlobStore> make_temporary_store(const std::filesystem::path& parent = {});
// Blobs in memory; for tests and small documents.
OCIASSEMBLE_EXPORT std::shared_ptr<BlobStore> make_memory_store();

// What is taken for a blob that is there already: a file of its name and size, or only one with the right bytes.
enum class Present { by_size, by_bytes };

// Brings a blob into `to` unless it is there (one that `from` brought itself is compared in any case): by a clone or a
// copy of the file system's own (FICLONE, copy_file_range) where both are files and it can, else through its bytes;
// verified either way. Throws what reading and committing throw.
OCIASSEMBLE_EXPORT void copy_blob(BlobReader& from, const Descriptor& descriptor, BlobStore& to,
                                  const std::stop_token& stop, Present present = Present::by_size);

}  // namespace ociassemble
