// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "ociassemble/document.hpp"
#include "ociassemble/reference.hpp"
#include "registry/registry_session.hpp"

namespace ociassemble {

// Another place that may have a registry's images. It never hears the credentials of the options; those that the user's
// files have for its own host it does. Safe for concurrent use.
class Mirror {
 public:
  Mirror(std::shared_ptr<RegistrySession> session, std::string prefix)
      : session_(std::move(session)), prefix_(std::move(prefix)) {}

  // What it has for the reference; nothing, and a warning unless that was 404, when it does not answer with it. The
  // document's blobs come from here, or from `origin` where that fails to begin. Throws Error{interrupted}.
  std::optional<Document> fetch(const Reference& reference, const std::shared_ptr<RegistrySession>& origin) const;

 private:
  const std::shared_ptr<RegistrySession> session_;
  const std::string prefix_;  // of repositories: "" or "proxy/"
};

// The mirrors that the options name for the registry, in their order. Throws Error{invalid_argument} for a bad URL.
std::vector<std::shared_ptr<Mirror>> open_mirrors(const std::string& registry, const RegistryOptions& options,
                                                  const std::stop_token& stop);

}  // namespace ociassemble
