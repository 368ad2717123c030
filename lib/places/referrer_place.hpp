// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ociassemble/document.hpp"
#include "ociassemble/location.hpp"
#include "ociassemble/registry.hpp"
#include "ociassemble/workplace.hpp"

namespace ociassemble {

// A place that can be asked what refers to a digest. Safe for concurrent use.
class ReferrerPlace {
 public:
  ReferrerPlace() = default;
  ReferrerPlace(const ReferrerPlace&) = delete;
  ReferrerPlace& operator=(const ReferrerPlace&) = delete;
  virtual ~ReferrerPlace() = default;

  virtual std::vector<Descriptor> referrers(const Digest& subject) = 0;
  // The manifest under a tag; nothing where there is none.
  virtual std::optional<Document> tagged(const std::string& tag) = 0;
  virtual Document open(const Descriptor& manifest) = 0;
};

// Borrows the client, which is asked where `where` is a registry's alone. Throws Error{invalid_argument} for a place
// that holds no referrers, and what opening throws.
std::unique_ptr<ReferrerPlace> open_referrer_place(const Location& where, RegistryClient& client,
                                                   const Workplace& workplace);

}  // namespace ociassemble
