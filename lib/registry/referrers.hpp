// SPDX-License-Identifier: Apache-2.0
#pragma once

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

// After a manifest was put with `answer`: where it has a subject and the registry did not say OCI-Subject, it is added
// to the index under the subject's tag; what others put there stays ("Pushing Manifests with Subject").
void announce_subject(RegistrySession& session, const std::string& repository, const Descriptor& descriptor,
                      const std::string& json, const HttpHeaders& answer);

// "sha256-0123…", the tag that lists the referrers of a digest where there is no API.
std::string referrers_tag(const Digest& subject);

}  // namespace ociassemble
