// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ociassemble/compression.hpp"
#include "ociassemble/entry_type.hpp"
#include "ociassemble/export.hpp"
#include "ociassemble/platform.hpp"
#include "ociassemble/reference.hpp"
#include "ociassemble/workplace.hpp"

namespace ociassemble {

inline constexpr int kLockFormat = 2;
inline constexpr const char* kLockFileName = "ociassemble.lock";

// Whether a base in a registry may be one that the lock does not pin.
enum class LockUse { preferred, required };

// One platform's image of a base.
struct LockedPlatform {
  Digest manifest;
  std::string system;  // for people: "Alpine Linux v3.20, musl"; may be empty, and is compared with nothing
  // The facts that a build decides by.
  Digest files;                                    // of the record of what a build needs to know about the files
  std::map<std::string, std::string> other_facts;  // those that this version does not know, as JSON: kept, not used

  bool operator==(const LockedPlatform&) const = default;
};

// What a base's reference stood for when it was locked, and all that a build needs of it: enough to compute the image's
// digest without a request.
struct OCIASSEMBLE_EXPORT LockedBase {
  Digest digest;                                    // of the index, or of the only image's manifest
  std::string media_type;                           // of that
  std::map<std::string, LockedPlatform> platforms;  // by Platform::to_string(), normalised
  std::map<Digest, std::string> documents;          // index, manifests, configs: their bytes
  std::map<Digest, std::string> records;            // compressed by gzip, in base64
  // AssembleOptions::base_name of builds that say none themselves.
  std::optional<std::string> name = {};
  // The SHA-256 of the public key (SubjectPublicKeyInfo) that this digest was signed by when it was locked, where that
  // was checked. Who writes the lock checks it; builds do not.
  std::optional<Digest> signed_by = {};

  const LockedPlatform* find(const Platform& platform) const;

  bool operator==(const LockedBase&) const = default;
};

// A file, folder or link of an image that a build takes files from.
struct TakenFile {
  EntryType type = EntryType::regular;  // or directory, or symlink
  bool is_program = false;              // of a regular file: its owner may execute it
  std::uint64_t size = 0;
  std::optional<Digest> digest;  // of a regular file's bytes, always
  std::string link_target;       // of a symlink

  bool operator==(const TakenFile&) const = default;
};
// What lies at a path of an image, by the path below that; "" is what lies there itself, and always among them.
using TakenFiles = std::map<std::string, TakenFile>;

// An image that files are taken from, as its reference was when it was locked.
struct OCIASSEMBLE_EXPORT LockedImage {
  struct OfPlatform {
    Digest manifest;
    std::map<std::string, TakenFiles> files;  // by the absolute path that a build takes

    bool operator==(const OfPlatform&) const = default;
  };

  Digest digest;  // of the index, or of the only image's manifest
  std::string media_type;
  std::map<std::string, OfPlatform> platforms;  // by Platform::to_string(), normalised

  const OfPlatform* find(const Platform& platform) const;

  bool operator==(const LockedImage&) const = default;
};

// The lock file (docs/lock.md): what builds take from a registry or from the machine, pinned. A value.
struct OCIASSEMBLE_EXPORT Lock {
  int format = kLockFormat;                   // that it was read in, 1 or 2; it is always written in the newest
  std::map<std::string, LockedBase> bases;    // by the reference as builds name it, "docker.io/library/alpine:3.20"
  std::map<std::string, LockedImage> images;  // that files are taken from, by their full reference
  std::map<std::string, Codec> codecs;        // by the compression, "gzip:4"
  std::map<std::string, Digest> host;         // data of the host, by what it is: "caCertificates", "tzdata"

  // Checks every digest, and that each platform's manifest is the one that the index names. `subject` names the file in
  // errors. Throws Error{corrupt} that says where, with a hint how to make the file anew; Error{unsupported} for
  // another format.
  static Lock parse(std::string_view json, std::string_view subject);
  // Reads the file, too; nothing when there is no such file.
  static std::optional<Lock> read(const std::filesystem::path& file);
  // The same value gives the same bytes. Throws Error{unsupported} past 32 MiB.
  std::string to_json() const;
  // Replaces the file whole, unless it has these bytes; returns whether it had others. Throws Error{io}.
  bool write(const std::filesystem::path& file) const;

  const LockedBase* find(const Reference& base) const;
  const LockedImage* find_image(const Reference& image) const;

  bool operator==(const Lock&) const = default;
};

// Pins a base as it is now for these platforms: asks the registry for index, manifests and configs, and reads the
// layers (or takes what the cache knows of them). Throws as the registry client does, and Error{not_found} for a
// platform that the base does not have.
OCIASSEMBLE_EXPORT LockedBase lock_base(const Reference& base, const std::vector<Platform>& platforms,
                                        const Workplace& workplace);
// Adds the platforms that are not locked yet, of the very index that is locked.
OCIASSEMBLE_EXPORT void lock_platforms(LockedBase& locked, const Reference& base,
                                       const std::vector<Platform>& platforms, const Workplace& workplace);

// The absolute paths that are taken from an image, by the platform that they are taken for.
using WantedFiles = std::map<std::string, std::set<std::string>>;

// Pins an image as it is now, and what lies at these paths of it: reads the layers, or takes what the cache knows of
// them. Throws as lock_base(), and Error{not_found} for a path that the image does not have.
OCIASSEMBLE_EXPORT LockedImage lock_image(const Reference& image, const WantedFiles& wanted,
                                          const Workplace& workplace);
// Adds what is not locked yet, of the very image that is locked.
OCIASSEMBLE_EXPORT void lock_files(LockedImage& locked, const Reference& image, const WantedFiles& wanted,
                                   const Workplace& workplace);

// A tag that stands for something else than is locked; for nothing any more where `now` is not set.
struct MovedBase {
  std::string base;
  Digest locked;
  std::optional<Digest> now;
};
// Asks for each tag, one request a base. A base that is named by its digest cannot move.
OCIASSEMBLE_EXPORT std::vector<MovedBase> find_moved(const Lock& lock, const Workplace& workplace);

// Platforms by the reference of the base that is wanted for them.
using WantedBases = std::map<std::string, std::vector<Platform>>;

// What is taken from images, by their references.
using WantedImages = std::map<std::string, WantedFiles>;

struct LockCheck {
  std::vector<MovedBase> moved;  // images that files are taken from, too
  WantedBases unlocked;          // what is wanted and not in the lock
  WantedImages unlocked_files;

  bool ok() const noexcept { return moved.empty() && unlocked.empty() && unlocked_files.empty(); }
};
// find_moved(), and what the lock lacks of what is wanted.
OCIASSEMBLE_EXPORT LockCheck check_lock(const Lock& lock, const WantedBases& bases, const WantedImages& images,
                                        const Workplace& workplace);

}  // namespace ociassemble
