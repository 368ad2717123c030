// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ociassemble/document.hpp"
#include "ociassemble/signatures.hpp"

namespace ociassemble {

inline constexpr std::string_view kSimpleSigningType = "application/vnd.dev.cosign.simplesigning.v1+json";
inline constexpr std::string_view kEnvelopeType = "application/vnd.dsse.envelope.v1+json";
inline constexpr const char* kSignatureAnnotation = "dev.cosignproject.cosign/signature";

// cosign's payload (containers/image, docs/containers-signature.5.md): the digest, and what the image is called.
std::string simple_payload(const Digest& manifest, std::string_view repository);
// The digest that a payload is about. Throws Error{corrupt} naming `subject` for what is no such payload.
Digest parse_simple_payload(std::string_view json, std::string_view subject);

// The manifest that the tag shall have: that which it has, with one more layer; or `existing` itself where the very
// signature is there. Small layers that are kept come into `store`, too.
Document add_simple_signature(const std::optional<Document>& existing, std::string_view payload,
                              const std::string& signature, const std::shared_ptr<BlobStore>& store,
                              const std::stop_token& stop);

}  // namespace ociassemble
