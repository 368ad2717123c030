// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ociassemble/document.hpp"
#include "ociassemble/export.hpp"
#include "ociassemble/location.hpp"
#include "ociassemble/workplace.hpp"

namespace ociassemble {

// A manifest that refers to another (its subject): an SBOM, a signature, an attestation.
struct Referrer {
  Descriptor descriptor;  // with artifact type and annotations
  Digest subject;
  std::string tag;                 // of cosign's older form, such as "sha256-0123….sig": it has no subject of its own
  std::uint64_t content_size = 0;  // of its layers; 0 where that was not looked at
  std::vector<Referrer> referrers;  // its own: signatures may be signed
};

// Whether the referrers' manifests are read for what they hold, or only named as the place lists them.
enum class ReferrerDetail { listed, opened };

// What refers to the manifest or index `root`, which was found at `where`, and to all that an index names: in a
// registry by its referrers API or the fallback tag, in a layout or archive by the subjects of the entries of its
// index; besides, what cosign's tags hold ("sha256-HEX.sig", ".att", ".sbom"). What cannot be read is told to
// workplace.warn and skipped. Error{unsupported} for more than 20,000 of them; they are followed 8 deep. Throws what
// asking throws.
OCIASSEMBLE_EXPORT std::vector<Referrer> find_referrers(const Document& root, const Location& where,
                                                        const Workplace& workplace,
                                                        ReferrerDetail detail = ReferrerDetail::opened);

// Puts a referrer beside its subject, which is in the registry's repository or the layout at `where`; its name or tag
// does not count. With a tag it is put under that, in the place of what was there: cosign's older forms have no
// subject. Nothing is sent when it is there. Throws Error{invalid_argument} for other kinds of places.
OCIASSEMBLE_EXPORT void attach(const Document& referrer, const Location& where, const Workplace& workplace,
                               const std::optional<std::string>& tag = {});

}  // namespace ociassemble
