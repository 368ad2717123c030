// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ociassemble/digest.hpp"
#include "ociassemble/export.hpp"

namespace ociassemble {

// The name of an image in a registry: [REGISTRY/]REPOSITORY[:TAG][@DIGEST] (OCI distribution specification; the grammar
// of distribution/reference, with Docker Hub's short names). The first component is a registry only when it holds '.'
// or ':' or is "localhost"; otherwise the registry is docker.io, and a repository of one component gets "library/".
class OCIASSEMBLE_EXPORT Reference {
 public:
  // Throws Error{invalid_argument} with what is wrong, and a hint for upper case, spaces, "http://" and the like.
  static Reference parse(std::string_view text);

  const std::string& registry() const noexcept { return registry_; }      // "docker.io", "127.0.0.1:5000"
  const std::string& repository() const noexcept { return repository_; }  // "library/alpine"
  const std::optional<std::string>& tag() const noexcept { return tag_; }
  const std::optional<Digest>& digest() const noexcept { return digest_; }

  // What a manifest request names: the digest where there is one (it wins), else the tag, else "latest".
  std::string identifier() const;
  // "REGISTRY/REPOSITORY", for example "docker.io/library/alpine".
  std::string name() const { return registry_ + "/" + repository_; }
  // name() with the tag and the digest that were given ("latest" is not added).
  std::string to_string() const;
  Reference with_digest(const Digest& digest) const;  // replaces the digest, keeps the tag
  Reference with_tag(std::string tag) const;          // replaces the tag, drops the digest

  bool operator==(const Reference&) const = default;

 private:
  Reference() = default;

  std::string registry_;
  std::string repository_;
  std::optional<std::string> tag_;
  std::optional<Digest> digest_;
};

}  // namespace ociassemble
