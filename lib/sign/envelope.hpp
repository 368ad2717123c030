// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ociassemble/digest.hpp"
#include "ociassemble/signing_key.hpp"

namespace ociassemble {

inline constexpr std::string_view kBundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";
inline constexpr std::string_view kBundleTypePrefix = "application/vnd.dev.sigstore.bundle";
inline constexpr std::string_view kStatementPayloadType = "application/vnd.in-toto+json";
inline constexpr std::string_view kSignaturePredicateType = "https://sigstore.dev/cosign/sign/v1";
// A signature is a few kilobytes; an SBOM may have megabytes.
inline constexpr std::size_t kLargestSignature = std::size_t{1} << 20U;
inline constexpr std::size_t kLargestAttestation = std::size_t{48} << 20U;

// A DSSE envelope (secure-systems-lab/dsse, protocol.md) with its only signature.
struct Envelope {
  std::string payload_type;
  std::string payload;
  std::string signature;
};

// What is signed: "DSSEv1 LEN TYPE LEN PAYLOAD".
std::string pre_authentication_encoding(std::string_view payload_type, std::string_view payload);

// A bundle (sigstore/protobuf-specs, v0.3) of an in-toto Statement with a public key for the verification material.
std::string make_bundle(std::string_view statement, std::string_view signature, const PublicKey& key);

// The envelope of a bundle, and one by itself. Other members (log entries, certificates, timestamps) are passed over.
// Throws Error{corrupt} naming `subject`, also for any other number of signatures than one and for another payload type
// than a Statement's.
Envelope parse_bundle(std::string_view json, std::string_view subject);
Envelope parse_envelope(std::string_view json, std::string_view subject);

// What a Statement (in-toto attestation framework, v1 and v0.1) is about.
struct StatementHead {
  std::string predicate_type;
  std::vector<std::string> subjects;  // SHA-256 in hexadecimal digits, as they were
};
StatementHead parse_statement(std::string_view json, std::string_view subject);

}  // namespace ociassemble
