// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bases/file_cache.hpp"
#include "image/layer_builder.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/location.hpp"
#include "ociassemble/lock.hpp"
#include "ociassemble/workplace.hpp"
#include "tree/tree.hpp"

namespace ociassemble {

// About one of the paths that an image was asked for.
class TakenPathError : public Error {
 public:
  TakenPathError(ErrorCode code, const std::string& message, std::string path, std::string hint = {})
      : Error(code, message, std::move(hint)), path_(std::move(path)) {}

  const std::string& path() const noexcept { return path_; }  // as it was asked for

 private:
  std::string path_;
};

// One platform's image that files are taken from. What lies at a path is known from the lock, or from the cache, or by
// reading the image's layers; the files' bytes are in the cache, or are read from the layers when somebody asks for
// them. Safe for concurrent use.
class SourceImage : public std::enable_shared_from_this<SourceImage> {
 public:
  // How the layers are found; called once, before anything is read.
  using OpenLayers = std::function<std::vector<Layer>(const Workplace&)>;
  struct Pin {
    std::shared_ptr<const Lock> lock;                 // keeps `locked`
    const LockedImage::OfPlatform* locked = nullptr;  // null: not pinned
    bool is_required = false;
  };

  // `name` is for messages. Keeps a copy of the workplace.
  SourceImage(std::string name, OpenLayers open_layers, Pin pin, const Workplace& workplace);

  // Finds what lies at all of these absolute paths, reading the layers no more than twice. Throws Error{not_found} for
  // nothing, Error{unsupported} for a device and for more than may be taken, Error{check_failed} for a path that a
  // required lock does not pin, each a TakenPathError, and what opening and reading throw.
  void find(const std::set<std::string>& paths);
  // What find() found at a path.
  TakenFiles files(const std::string& path) const;
  // The same as entries of a layer, paths below that path, "" first: programs 0755, other files 0644, folders 0755, all
  // root's. Opening one throws as find(), and Error{check_failed} naming a file whose bytes are not the pinned ones.
  std::vector<LayerEntry> entries(const std::string& path, std::int64_t mtime);

 private:
  struct Reading;

  std::optional<TakenFiles> known_files(const std::string& path);
  const std::vector<Layer>& layers();
  Digest record_key(const std::string& path);
  std::map<std::string, TakenFiles> read(const std::set<std::string>& paths);
  Tree read_tree();
  void list(Reading& reading, const Tree& tree, const std::string& path) const;
  void list_below(Reading& reading, const std::string& asked, const std::string& below, const Tree::Node& node) const;
  void extract(Reading& reading, BlobStore& store);
  void extract_layer(Reading& reading, std::uint32_t layer, BlobStore& store);
  std::unique_ptr<Source> open(const std::string& path, const std::string& below);
  std::unique_ptr<Source> find_bytes(const Descriptor& file);
  void require_same(const std::string& path, const TakenFiles& actual) const;

  const std::string name_;
  const OpenLayers open_layers_;
  const Pin pin_;
  const Workplace workplace_;
  mutable std::mutex mutex_;
  std::optional<std::vector<Layer>> layers_;
  std::map<std::string, TakenFiles> files_;
  std::optional<FileCache> cache_;
  std::shared_ptr<BlobStore> aside_;  // bytes that are not in the cache
};

// What is taken from.
struct SourceRequest {
  Location location;
  std::shared_ptr<const Lock> lock;  // may be null
  LockUse lock_use = LockUse::preferred;
};

// Looks up the images that files are taken from, each once, so that all who share this have the same however a tag
// moves meanwhile. Safe for concurrent use; borrows the workplace.
class SourceImages {
 public:
  explicit SourceImages(const Workplace& workplace) : workplace_(workplace) {}

  // Throws Error{check_failed} for an image in a registry that a required lock does not pin; asks for nothing yet.
  std::shared_ptr<SourceImage> open(const SourceRequest& request, const Platform& platform);

 private:
  struct Roots;

  const Workplace& workplace_;
  std::mutex mutex_;
  std::shared_ptr<Roots> roots_;
  std::map<std::string, std::shared_ptr<SourceImage>> images_;  // by location and platform
};

}  // namespace ociassemble
