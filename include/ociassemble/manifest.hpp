// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ociassemble/descriptor.hpp"
#include "ociassemble/export.hpp"
#include "ociassemble/media_type.hpp"

namespace ociassemble {

inline constexpr std::size_t kMaxManifestSize = std::size_t{16} << 20U;
inline constexpr std::size_t kMaxConfigSize = std::size_t{16} << 20U;

// OCI image specification, manifest.md, and Docker's schema 2. Values without I/O; safe to share between threads.
struct OCIASSEMBLE_EXPORT Manifest {
  ImageFormat format = ImageFormat::oci;
  std::string artifact_type;  // may be empty
  Descriptor config;
  std::vector<Descriptor> layers;
  std::optional<Descriptor> subject;
  Annotations annotations;

  // `type` is what the transport or the descriptor said (may be empty); a document whose own mediaType contradicts it
  // is refused. Throws Error{corrupt} for what does not follow the specification (bad JSON or UTF-8, missing or wrongly
  // typed members, negative or fractional sizes, bad digests), Error{unsupported} for schema 1.
  static Manifest parse(std::string_view json, std::string_view type = {});
  // Compact, members in the order of the specification, no empty members; the same value gives the same bytes.
  // Throws Error{invalid_argument} for text that is not UTF-8.
  std::string to_json() const;
  std::string_view media_type() const noexcept { return manifest_type(format); }

  bool operator==(const Manifest&) const = default;
};

// An entry of an index whose digest is of an algorithm that we do not know, but well-formed: it can be named, not read.
struct UnreadableEntry {
  std::string media_type;
  std::string digest;  // "blake3:…"
  Annotations annotations;

  bool operator==(const UnreadableEntry&) const = default;
};

// OCI image specification, image-index.md, and Docker's manifest list.
struct OCIASSEMBLE_EXPORT Index {
  ImageFormat format = ImageFormat::oci;
  std::string artifact_type;  // may be empty
  std::vector<Descriptor> manifests;
  std::optional<Descriptor> subject;
  Annotations annotations;
  std::vector<UnreadableEntry> unreadable;  // beside `manifests`; not written by to_json()

  // As Manifest::parse.
  static Index parse(std::string_view json, std::string_view type = {});
  std::string to_json() const;
  std::string_view media_type() const noexcept { return index_type(format); }

  bool operator==(const Index&) const = default;
};

// Whether the bytes are a manifest or an index: by `type` where it says so, else by mediaType, else by the members.
// Throws Error{corrupt} when they are neither, Error{unsupported} for schema 1.
enum class DocumentKind { manifest, index };
OCIASSEMBLE_EXPORT DocumentKind document_kind(std::string_view json, std::string_view type = {});

}  // namespace ociassemble
