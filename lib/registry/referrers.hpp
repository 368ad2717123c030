// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ociassemble/reference.hpp"
#include "registry/registry_session.hpp"

namespace ociassemble {

// The manifests that name `subject` as theirs (OCI distribution specification 1.1, "Listing Referrers"): by the API
// over all its pages, or where that is 404 by the tag schema; of one artifact type unless it is empty. Errors as
// RegistryClient's.
std::vector<Descriptor> list_referrers(RegistrySession& session, const std::string& repository, const Digest& subject,
                                       const std::string& artifact_type);

// A manifest that the registry does not list among the referrers of its subject.
struct UnlistedReferrer {
  Descriptor subject;
  Descriptor entry;
};
// After a manifest was put with `answer`: nothing where it has no subject, or the registry said OCI-Subject.
std::optional<UnlistedReferrer> unlisted_referrer(const Descriptor& descriptor, const std::string& json,
                                                  const HttpHeaders& answer);
// Adds them to the indexes under their subjects' tags, all of one subject at once; what others put there stays
// ("Pushing Manifests with Subject").
void list_under_tags(RegistrySession& session, const std::string& repository,
                     const std::vector<UnlistedReferrer>& referrers);

// "sha256-0123…", the tag that lists the referrers of a digest where there is no API.
std::string referrers_tag(const Digest& subject);

}  // namespace ociassemble
