// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "ociassemble/causes.hpp"
#include "ociassemble/document.hpp"
#include "ociassemble/entry_type.hpp"
#include "ociassemble/export.hpp"

namespace ociassemble {

// What two images differ in, as values. "Before" and "after" are the first and the second of what is compared.

// A member of a manifest, index or config that is not the same on both sides. Values are compact JSON; nothing where
// the member is not there.
struct ValueChange {
  std::string member;  // "config.Env", "config.User", "annotations", "mediaType"
  std::string key;     // in a map or the environment: "PATH"; empty for other members
  std::optional<std::string> before;
  std::optional<std::string> after;

  bool operator==(const ValueChange&) const = default;
};

// An entry of a layer.
struct FileState {
  EntryType type = EntryType::regular;
  std::uint32_t mode = 0;  // 07777
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
  std::int64_t mtime = 0;         // seconds since 1970
  std::uint64_t size = 0;         // of a regular file
  std::optional<Digest> content;  // of a regular file
  std::string link_target;        // of a symlink or hard link
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  std::map<std::string, std::string> xattrs;

  bool operator==(const FileState&) const = default;
};

enum class FileAspect { type, content, mode, owner, mtime, link_target, device, xattrs };

// A path that one layer has and the other has not, or has otherwise. A whiteout is a file ".wh.NAME", as it is in the
// layer (OCI image specification, layer.md).
struct FileChange {
  std::string path;  // relative; empty for the root
  std::optional<FileState> before;
  std::optional<FileState> after;
  std::vector<FileAspect> aspects;  // what differs, where it is on both sides
};

// Where changes are kept.
class FileChangeList;
class FileChangeReader;

// Changes in the order of their paths' bytes, read one at a time from where they are kept, which is a temporary file
// when they are many: a million of them take little memory. Immutable; copies share what they hold. Reading throws
// Error{io}. Safe for concurrent use, but each iterator belongs to one thread.
class OCIASSEMBLE_EXPORT FileChanges {
 public:
  class OCIASSEMBLE_EXPORT Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = FileChange;
    using difference_type = std::ptrdiff_t;
    using pointer = const FileChange*;
    using reference = const FileChange&;

    Iterator() = default;
    reference operator*() const { return current_; }
    pointer operator->() const { return &current_; }
    Iterator& operator++();
    void operator++(int) { ++*this; }
    // Whether both are at the end.
    bool operator==(const Iterator& other) const { return reader_ == other.reader_; }

   private:
    friend class FileChanges;
    explicit Iterator(std::shared_ptr<FileChangeReader> reader);

    std::shared_ptr<FileChangeReader> reader_;  // null at the end
    FileChange current_;
  };
  using value_type = FileChange;
  using const_iterator = Iterator;

  FileChanges() = default;
  explicit FileChanges(std::vector<FileChange> changes);
  explicit FileChanges(std::shared_ptr<const FileChangeList> list);

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  std::size_t added() const noexcept { return added_; }
  std::size_t removed() const noexcept { return removed_; }
  Iterator begin() const;
  Iterator end() const { return {}; }

 private:
  std::shared_ptr<const FileChangeList> list_;
  std::size_t size_ = 0;
  std::size_t added_ = 0;
  std::size_t removed_ = 0;
};

// A layer in its image.
struct LayerSide {
  std::size_t number = 0;  // from 1
  Descriptor descriptor;
  Digest diff_id;
  std::string created_by;  // by the history; may be empty
};

// same: the same blob. recompressed: the same diff ID in another blob, so the same contents by another compressor.
// changed: one stands where the other stood. moved: the same diff ID at another place among the layers.
enum class LayerChange { same, recompressed, changed, added, removed, moved };

struct LayerComparison {
  LayerChange change = LayerChange::same;
  std::optional<LayerSide> before;
  std::optional<LayerSide> after;
  std::vector<ValueChange> descriptor;  // media type, urls and annotations, where both sides are there
  // Of a changed, added or removed layer that was read: what differs in it, or all that it holds. Empty for a changed
  // layer whose entries are the same in other tar bytes.
  bool was_read = false;
  FileChanges files;
};

// What the images say they lie on, by org.opencontainers.image.base.name and .digest, and by what our own history says.
struct OCIASSEMBLE_EXPORT BaseComparison {
  std::string name_before;
  std::string name_after;
  std::string digest_before;
  std::string digest_after;
  bool layers_differ = false;  // those below the application's; false where a history does not tell

  // Whether it is the same base by another name.
  bool named_otherwise() const {
    return name_before != name_after && digest_before == digest_after && !layers_differ && !digest_before.empty();
  }
  bool moved() const {
    return !named_otherwise() && (name_before != name_after || digest_before != digest_after || layers_differ);
  }
};

enum class Verdict { same, recompressed, different };

// One platform's images.
struct OCIASSEMBLE_EXPORT ImageComparison {
  Platform platform;  // the second's
  Digest before;
  Digest after;
  BaseComparison base;
  std::vector<LayerComparison> layers;  // from below; a removed one where it stood
  std::vector<ValueChange> config;
  std::vector<ValueChange> manifest;
  std::vector<Cause> causes;  // why they differ, as far as can be told

  // recompressed: other digests, and nothing but the compression of layers is why.
  Verdict verdict() const;
};

struct OCIASSEMBLE_EXPORT Comparison {
  Digest before;
  Digest after;
  std::vector<ImageComparison> images;   // of the platforms that both have
  std::vector<std::string> only_before;  // platforms, or "artifact DIGEST" for what no platform runs
  std::vector<std::string> only_after;
  std::vector<ValueChange> index;  // of the indexes themselves

  Verdict verdict() const;
};

struct CompareOptions {
  bool read_layers = true;  // false: documents only, so what changed in a layer stays unknown
  std::stop_token stop;
};

// Compares documents first; of layers reads only those whose diff IDs differ (which are taken from the configs: only
// verify() proves them), and the first megabyte of those that were compressed again. Go programs of changed layers pass
// through a temporary file. Memory is bounded whatever the number of files: what does not fit goes to a temporary file,
// and more than a gigabyte there is Error{unsupported}. Throws what reading blobs throws.
OCIASSEMBLE_EXPORT ImageComparison compare_images(const Image& before, const Image& after,
                                                  const CompareOptions& options = {});

// Two images, two indexes platform by platform, or an image with its platform's in an index. With a platform only that
// is compared. Equal digests read nothing. Throws as open_image, open_index and compare_images.
OCIASSEMBLE_EXPORT Comparison compare(const Document& before, const Document& after,
                                      const std::optional<Platform>& platform, const CompareOptions& options = {});

// Where the bytes of two images begin to differ, in words: which layer, offset and entry, or which member of the config
// or the manifest. Nothing when they are the same image. Reads the first layer that differs. Throws what reading
// throws.
OCIASSEMBLE_EXPORT std::optional<std::string> first_difference(const Image& first, const Image& second,
                                                               const std::stop_token& stop);

}  // namespace ociassemble
