// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/signatures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/stop.hpp"
#include "base/task_group.hpp"
#include "base/text.hpp"
#include "image/contents.hpp"
#include "ociassemble/artifact.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/manifest.hpp"
#include "ociassemble/referrers.hpp"
#include "ociassemble/registry.hpp"
#include "places/referrer_place.hpp"
#include "registry/referrers.hpp"
#include "sign/envelope.hpp"
#include "sign/simple_signing.hpp"

namespace ociassemble {
namespace {

Document make_bundle_referrer(const Descriptor& subject, const std::string& statement, std::string_view predicate_type,
                              const Signer& signer, const std::shared_ptr<BlobStore>& store) {
  const auto signature = signer.sign(pre_authentication_encoding(kStatementPayloadType, statement));
  return make_referrer(subject, kBundleType, kBundleType, make_bundle(statement, signature, signer.key),
                       {{"dev.sigstore.bundle.content", "dsse-envelope"},
                        {"dev.sigstore.bundle.predicateType", std::string(predicate_type)}},
                       store);
}

bool is_image(const Descriptor& entry) {
  return entry.artifact_type.empty() && !(entry.platform && entry.platform->os == "unknown");
}

void collect_signed(const Document& document, int depth, DocumentBudget& budget, std::set<Digest>& seen,
                    const std::stop_token& stop, std::vector<Document>& to) {
  throw_if_stopped(stop);
  if (!seen.insert(document.descriptor.digest).second) return;
  budget.take(document.descriptor, depth);
  if (document_kind(document.json, document.descriptor.media_type) == DocumentKind::index) {
    for (const auto& entry : Index::parse(document.json, document.descriptor.media_type).manifests) {
      if (is_image(entry)) collect_signed(read_document(entry, document.blobs), depth + 1, budget, seen, stop, to);
    }
  }
  to.push_back(document);
}

// Where signatures go.
class SignaturePlace {
 public:
  SignaturePlace(const Location& where, const Signer& signer, const SignOptions& options, const Workplace& workplace)
      : where_(where), signer_(signer), options_(options), workplace_(workplace), client_(client_of(workplace)) {
    workplace_.client = client_;
    if (where_.reference && !options_.repository) options_.repository = where_.reference->name();
    place_ = open_referrer_place(where_, *client_, workplace_);
  }

  Digest put(const Document& document, SignatureForm form) {
    const auto store = make_memory_store();
    const auto& digest = document.descriptor.digest;
    if (form == SignatureForm::bundle) {
      const auto bundle = make_signature(document.descriptor, signer_, store);
      attach(bundle, where_, workplace_);
      return bundle.descriptor.digest;
    }
    const auto payload = simple_payload(digest, *options_.repository);
    const auto tag = referrers_tag(digest) + ".sig";
    const auto existing = place_->tagged(tag);
    const auto added = add_simple_signature(existing, payload, signer_.sign(payload), store, workplace_.stop);
    if (!existing || added.descriptor.digest != existing->descriptor.digest) attach(added, where_, workplace_, tag);
    return added.descriptor.digest;
  }

 private:
  Location where_;
  const Signer& signer_;
  SignOptions options_;
  Workplace workplace_;
  std::shared_ptr<RegistryClient> client_;
  std::unique_ptr<ReferrerPlace> place_;
};

void check_forms(const Location& where, const SignOptions& options) {
  const auto& forms = options.forms;
  if (forms.empty()) throw Error(ErrorCode::invalid_argument, "cannot sign: no form of signature is asked for");
  if (where.kind != Location::Kind::registry && where.kind != Location::Kind::oci_layout) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("cannot sign {}: only a registry or a layout takes signatures", where.to_string()),
                "copy the image to oci:DIR, sign there, and copy it back with --referrers");
  }
  const bool has_tag = std::find(forms.begin(), forms.end(), SignatureForm::tag) != forms.end();
  if (!has_tag || where.reference || options.repository) return;
  throw Error(ErrorCode::invalid_argument,
              fmt::format("cannot sign {} under a tag: such a signature names the repository", where.to_string()),
              "add --repository REGISTRY/REPOSITORY, or take --form bundle");
}

}  // namespace

SignatureForm parse_signature_form(std::string_view text) {
  if (text == "bundle") return SignatureForm::bundle;
  if (text == "tag") return SignatureForm::tag;
  throw Error(ErrorCode::invalid_argument, fmt::format("unknown form of signature \"{}\"", printable(text)),
              "the forms are bundle and tag");
}

Signer make_signer(const SigningKey& key) {
  return {key.public_key(), [key](std::string_view message) { return key.sign(message); }};
}

std::string signature_message(SignatureForm form, const Digest& manifest, std::string_view repository) {
  switch (form) {
    case SignatureForm::bundle:
      return pre_authentication_encoding(kStatementPayloadType,
                                         make_statement(manifest, kSignaturePredicateType, "{}"));
    case SignatureForm::tag:
      return simple_payload(manifest, repository);
  }
  return {};
}

Document make_signature(const Descriptor& subject, const Signer& signer, const std::shared_ptr<BlobStore>& store) {
  return make_attestation(subject, kSignaturePredicateType, "{}", signer, store);
}

Document make_attestation(const Descriptor& subject, std::string_view predicate_type, std::string_view predicate,
                          const Signer& signer, const std::shared_ptr<BlobStore>& store) {
  return make_bundle_referrer(subject, make_statement(subject.digest, predicate_type, predicate), predicate_type,
                              signer, store);
}

std::vector<Document> signed_documents(const Document& root, const std::stop_token& stop) {
  std::vector<Document> documents;
  std::set<Digest> seen;
  DocumentBudget budget;
  collect_signed(root, 1, budget, seen, stop, documents);
  return documents;
}

std::vector<MadeSignature> sign_documents(const std::vector<Document>& documents, const Location& where,
                                          const Signer& signer, const SignOptions& options,
                                          const Workplace& workplace) {
  check_forms(where, options);
  SignaturePlace place(where, signer, options, workplace);
  std::vector<std::optional<Digest>> made(documents.size() * options.forms.size());
  // A layout is one file to write.
  TaskGroup tasks(where.reference ? workplace.registry.parallel : 1, workplace.stop);
  for (std::size_t i = 0; i < documents.size(); ++i) {
    tasks.spawn([&, i](const std::stop_token& stop) {
      for (std::size_t form = 0; form < options.forms.size(); ++form) {
        throw_if_stopped(stop);
        made[i * options.forms.size() + form] = place.put(documents[i], options.forms[form]);
      }
    });
  }
  tasks.wait();
  std::vector<MadeSignature> signatures;
  for (std::size_t i = 0; i < made.size(); ++i) {
    signatures.push_back(
        {documents[i / options.forms.size()].descriptor.digest, options.forms[i % options.forms.size()], *made[i]});
  }
  return signatures;
}

}  // namespace ociassemble
