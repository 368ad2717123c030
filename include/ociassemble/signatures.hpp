// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ociassemble/document.hpp"
#include "ociassemble/export.hpp"
#include "ociassemble/location.hpp"
#include "ociassemble/signing_key.hpp"
#include "ociassemble/workplace.hpp"

namespace ociassemble {

// How a signature is kept: as a sigstore bundle that refers to the image (cosign 3), or in the manifest under the tag
// "sha256-HEX.sig" (cosign 2, skopeo, podman).
enum class SignatureForm { bundle, tag };
// "bundle", "tag". parse_signature_form() throws Error{invalid_argument}.
OCIASSEMBLE_EXPORT SignatureForm parse_signature_form(std::string_view text);

// Who signs: a key here, or one somewhere else whose signatures are brought.
struct Signer {
  PublicKey key;
  std::function<std::string(std::string_view message)> sign;
};
// Keeps the key.
OCIASSEMBLE_EXPORT Signer make_signer(const SigningKey& key);

// What is signed for a manifest, byte for byte, in each form. `repository` is "REGISTRY/REPOSITORY", for the tag's
// form.
OCIASSEMBLE_EXPORT std::string signature_message(SignatureForm form, const Digest& manifest,
                                                 std::string_view repository);

// A bundle that says that the signer has signed `subject`, as a referrer of it. The same arguments give the same bytes,
// where the signer does. All of it is in `store` afterwards.
OCIASSEMBLE_EXPORT Document make_signature(const Descriptor& subject, const Signer& signer,
                                           const std::shared_ptr<BlobStore>& store);
// A signed in-toto Statement about `subject`, as a bundle that refers to it.
OCIASSEMBLE_EXPORT Document make_attestation(const Descriptor& subject, std::string_view predicate_type,
                                             std::string_view predicate, const Signer& signer,
                                             const std::shared_ptr<BlobStore>& store);

// The manifests that a signature of an image is made for: the root, and below an index each image; what is no image
// (attestations of BuildKit's) is left out. An image that several entries name is there once.
OCIASSEMBLE_EXPORT std::vector<Document> signed_documents(const Document& root, const std::stop_token& stop);

struct SignOptions {
  std::vector<SignatureForm> forms{SignatureForm::bundle, SignatureForm::tag};
  // What a signature under a tag says the image is called; the registry's repository unless set. A layout has none.
  std::optional<std::string> repository;
};

// One signature that is in its place now.
struct MadeSignature {
  Digest subject;
  SignatureForm form = SignatureForm::bundle;
  Digest manifest;  // that holds it
};

// Signs each of the documents and puts the signatures beside them, in the registry's repository or the layout at
// `where`. What others signed under a tag stays; what is there already is not sent again. Throws
// Error{invalid_argument} for the tag's form in a layout without a repository, and for other kinds of places.
OCIASSEMBLE_EXPORT std::vector<MadeSignature> sign_documents(const std::vector<Document>& documents,
                                                             const Location& where, const Signer& signer,
                                                             const SignOptions& options, const Workplace& workplace);

// What has to be signed by one of the keys.
struct SignatureRequirements {
  bool signature = true;                // the image itself
  std::vector<std::string> predicates;  // "sbom", "provenance", or the URI of a predicate's type
};

struct FoundSignature {
  Digest subject;
  Digest manifest;             // that holds it
  std::string tag;             // of cosign's older forms; else empty
  std::string predicate_type;  // of an attestation; empty for a signature
};

// What looked like a signature, and does not count.
struct SkippedSignature {
  Digest manifest;
  std::string reason;
};

struct MissingSignature {
  std::string what;  // "signature", "sbom", …
  Digest subject;    // that should have it
};

struct SignatureReport {
  Digest digest;  // that was asked for
  std::vector<FoundSignature> found;
  std::vector<SkippedSignature> skipped;
  std::vector<MissingSignature> missing;  // none: everything required is signed

  bool ok() const noexcept { return missing.empty(); }
};

// Checks what refers to `root`, found at `where`, against the keys: bundles and the tags of cosign's older forms. A
// signature counts for the very digest that it names. What a predicate is required for may be signed for an index, or
// for each image in it. With `through`, an index that names `root`, a signature of that index counts. Everything that
// is read is bounded; what is malformed is skipped, and listed. No transparency log is consulted. Throws
// Error{check_failed} where `through` does not name the root and for more than 1,000 candidates, and what asking
// throws.
OCIASSEMBLE_EXPORT SignatureReport verify_signatures(const Document& root, const Location& where,
                                                     const std::vector<PublicKey>& keys,
                                                     const SignatureRequirements& requirements,
                                                     const Workplace& workplace,
                                                     const std::optional<Document>& through = {});

}  // namespace ociassemble
