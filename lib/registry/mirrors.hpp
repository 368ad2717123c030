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
#include "registry/system/system_mirrors.hpp"

namespace ociassemble {

// What is pulled where: a registry, or another place that may have its images.
struct PullPlace {
  std::shared_ptr<RegistrySession> session;
  Reference reference;  // as it is called there
};

// What the place has for the reference; nothing, and a warning unless that was 404, when it does not answer with it.
// The document's blobs come from there, or from `origin` where that fails to begin. Throws Error{interrupted}.
std::optional<Document> fetch_from_mirror(const PullPlace& mirror, const PullPlace& origin);

// The mirrors that the options name, and those that the system's files name, as sessions. A mirror never hears the
// credentials of the options; those that the user's files have for its own host it does. Not safe for concurrent use.
class Mirrors {
 public:
  Mirrors(const RegistryOptions& options, const std::shared_ptr<Listener>& listener, std::stop_token stop);

  struct Places {
    std::vector<PullPlace> mirrors;   // in the order in which they are asked
    std::optional<PullPlace> origin;  // in place of the registry itself
    std::string blocked_by;           // the file that forbids to pull from the registry; may be empty
  };
  // Throws Error{invalid_argument} for a bad URL in the options.
  Places of(const Reference& reference);

 private:
  struct Known {
    std::string authority;
    HostTrust trust;
    std::shared_ptr<RegistrySession> session;
  };

  std::shared_ptr<RegistrySession> session_of(const std::string& authority, const HostTrust& trust);
  std::optional<PullPlace> place_of(const SystemSource& source);

  const RegistryOptions options_;  // of every mirror
  const std::vector<RegistryMirror> named_;
  const std::shared_ptr<Listener> listener_;
  const std::stop_token stop_;
  std::optional<SystemMirrors> system_;
  std::vector<Known> known_;
};

}  // namespace ociassemble
