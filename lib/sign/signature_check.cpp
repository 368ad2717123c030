// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/base64.hpp"
#include "base/stop.hpp"
#include "base/text.hpp"
#include "ociassemble/blob_store.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/manifest.hpp"
#include "ociassemble/registry.hpp"
#include "ociassemble/signatures.hpp"
#include "places/referrer_place.hpp"
#include "registry/referrers.hpp"
#include "sign/envelope.hpp"
#include "sign/simple_signing.hpp"

namespace ociassemble {
namespace {

constexpr std::size_t kMostCandidates = 1000;
constexpr std::uint64_t kMostBytes = std::uint64_t{256} << 20U;
constexpr std::array<std::string_view, 2> kSbomTypes{"https://spdx.dev/Document", "https://cyclonedx.org/bom"};
constexpr std::array<std::string_view, 2> kProvenanceTypes{"https://slsa.dev/provenance/v1",
                                                           "https://slsa.dev/provenance/v0.2"};

// "https://spdx.dev/Document" also stands for "https://spdx.dev/Document/v2.3", as some write it.
bool is_type(std::string_view type, std::string_view wanted) {
  return type == wanted || (type.starts_with(wanted) && type.substr(wanted.size()).starts_with("/v"));
}

bool fulfils(std::string_view requirement, std::string_view predicate_type) {
  const auto matches = [&](std::string_view wanted) { return is_type(predicate_type, wanted); };
  if (requirement == "sbom") return std::any_of(kSbomTypes.begin(), kSbomTypes.end(), matches);
  if (requirement == "provenance")
    return std::find(kProvenanceTypes.begin(), kProvenanceTypes.end(), predicate_type) != kProvenanceTypes.end();
  return predicate_type == requirement;
}

// Malformed, or signed by somebody else: told, and passed over.
class Skip : public std::exception {
 public:
  explicit Skip(std::string reason) : reason_(std::move(reason)) {}
  const std::string& reason() const noexcept { return reason_; }

 private:
  std::string reason_;
};

constexpr const char* kAnotherKey = "its signature is not by this key, or not of these bytes";

class SignatureSearch {
 public:
  SignatureSearch(ReferrerPlace& place, const std::vector<PublicKey>& keys, const SignatureRequirements& requirements,
                  const std::stop_token& stop)
      : place_(place), keys_(keys), requirements_(requirements), stop_(stop) {}

  // Everything that is signed for the digest.
  void look_at(const Digest& subject) {
    if (!seen_.insert(subject).second) return;
    for (const auto& entry : place_.referrers(subject)) {
      if (may_be_bundle(entry)) attempt(entry.digest, [&] { read_bundle(subject, entry); });
    }
    if (subject.algorithm() != Digest::Algorithm::sha256) return;
    const auto tag = referrers_tag(subject);
    read_tag(subject, tag + ".sig");
    if (!requirements_.predicates.empty()) read_tag(subject, tag + ".att");
  }

  std::vector<FoundSignature> found;
  std::vector<SkippedSignature> skipped;

 private:
  // cosign 3 lists its bundles under the empty type where a registry has no API for referrers.
  static bool may_be_bundle(const Descriptor& entry) {
    const auto& type = entry.artifact_type;
    return type.empty() || type == "application/vnd.oci.empty.v1+json" || type.starts_with(kBundleTypePrefix);
  }

  template <class Work>
  void attempt(const Digest& manifest, const Work& work) {
    throw_if_stopped(stop_);
    if (++candidates_ > kMostCandidates) {
      throw Error(ErrorCode::check_failed,
                  fmt::format("cannot check signatures: there are more than {} of them", kMostCandidates),
                  "somebody may have flooded the repository; `ociassemble referrers` lists what is there");
    }
    try {
      work();
    } catch (const Skip& skip) {
      skipped.push_back({manifest, skip.reason()});
    } catch (const Error& error) {
      const auto code = error.code();
      const bool is_theirs = code == ErrorCode::corrupt || code == ErrorCode::unsupported ||
                             code == ErrorCode::not_found || code == ErrorCode::invalid_argument;
      if (!is_theirs) throw;
      skipped.push_back({manifest, printable(error.what())});
    }
  }

  void read_bundle(const Digest& subject, const Descriptor& entry) {
    const auto document = place_.open(entry);
    const auto manifest = Manifest::parse(document.json, document.descriptor.media_type);
    if (!manifest.artifact_type.starts_with(kBundleTypePrefix)) return;  // listed without a type, and something else
    if (!manifest.subject || manifest.subject->digest != subject) throw Skip("its subject is another manifest");
    if (manifest.layers.size() != 1) throw Skip(fmt::format("it has {} layers, not one", manifest.layers.size()));
    const auto type = manifest.annotations.find("dev.sigstore.bundle.predicateType");
    const bool is_attestation = type == manifest.annotations.end() || type->second != kSignaturePredicateType;
    if (is_attestation && requirements_.predicates.empty() && type != manifest.annotations.end()) return;
    const auto bundle = read(*document.blobs, manifest.layers.front(), is_attestation);
    add_statement(subject, entry.digest, {}, parse_bundle(bundle, "the bundle"));
  }

  void read_tag(const Digest& subject, const std::string& tag) {
    const auto document = place_.tagged(tag);
    if (!document) return;
    std::vector<Descriptor> layers;
    attempt(document->descriptor.digest,
            [&] { layers = Manifest::parse(document->json, document->descriptor.media_type).layers; });
    for (const auto& layer : layers) {
      attempt(document->descriptor.digest, [&] { read_tagged_layer(subject, *document, tag, layer); });
    }
  }

  void read_tagged_layer(const Digest& subject, const Document& document, const std::string& tag,
                         const Descriptor& layer) {
    const auto& holder = document.descriptor.digest;
    if (layer.media_type == kEnvelopeType) {
      add_statement(subject, holder, tag, parse_envelope(read(*document.blobs, layer, true), "the attestation"));
      return;
    }
    if (layer.media_type != kSimpleSigningType) return;
    const auto annotation = layer.annotations.find(kSignatureAnnotation);
    if (annotation == layer.annotations.end()) throw Skip("a layer has no signature");
    const auto signature = decode_base64(annotation->second);
    if (!signature) throw Skip("a layer's signature is not base64");
    const auto payload = read(*document.blobs, layer, false);
    if (!is_signed(payload, *signature)) throw Skip(kAnotherKey);
    const auto about = parse_simple_payload(payload, "the signature's payload");
    if (about != subject) throw Skip("it signs another manifest, " + about.to_string());
    found.push_back({subject, holder, tag, {}});
  }

  // Only what this key signed is looked into.
  void add_statement(const Digest& subject, const Digest& holder, const std::string& tag, const Envelope& envelope) {
    if (!is_signed(pre_authentication_encoding(envelope.payload_type, envelope.payload), envelope.signature))
      throw Skip(kAnotherKey);
    auto statement = parse_statement(envelope.payload, "the statement");
    const auto& subjects = statement.subjects;
    if (subject.algorithm() != Digest::Algorithm::sha256 ||
        std::find(subjects.begin(), subjects.end(), subject.hex()) == subjects.end()) {
      throw Skip("it is about another manifest, sha256:" + printable(subjects.front()));
    }
    if (statement.predicate_type == kSignaturePredicateType) statement.predicate_type.clear();
    found.push_back({subject, holder, tag, std::move(statement.predicate_type)});
  }

  bool is_signed(std::string_view message, std::string_view signature) const {
    return std::any_of(keys_.begin(), keys_.end(),
                       [&](const PublicKey& key) { return key.verifies(message, signature); });
  }

  std::string read(BlobReader& blobs, const Descriptor& layer, bool is_attestation) {
    const bool is_wanted = is_attestation && !requirements_.predicates.empty();
    const auto limit = is_wanted ? kLargestAttestation : kLargestSignature;
    if (layer.size > limit) throw Skip(fmt::format("it holds {} bytes, too many for a signature", layer.size));
    bytes_ += layer.size;
    if (bytes_ > kMostBytes) {
      throw Error(ErrorCode::check_failed,
                  fmt::format("cannot check signatures: they hold more than {}", format_size(kMostBytes)),
                  "somebody may have flooded the repository; `ociassemble referrers` lists what is there");
    }
    return BlobStore::read(blobs, layer, limit);
  }

  ReferrerPlace& place_;
  const std::vector<PublicKey>& keys_;
  const SignatureRequirements& requirements_;
  const std::stop_token& stop_;
  std::set<Digest> seen_;
  std::size_t candidates_ = 0;
  std::uint64_t bytes_ = 0;
};

bool has(const SignatureSearch& search, const Digest& subject, std::string_view requirement) {
  return std::any_of(search.found.begin(), search.found.end(), [&](const FoundSignature& one) {
    if (one.subject != subject) return false;
    return requirement.empty() ? one.predicate_type.empty() : fulfils(requirement, one.predicate_type);
  });
}

std::vector<Digest> images_below(const Document& root, const std::stop_token& stop) {
  std::vector<Digest> images;
  if (document_kind(root.json, root.descriptor.media_type) != DocumentKind::index) return images;
  for (const auto& document : signed_documents(root, stop)) {
    if (document_kind(document.json, document.descriptor.media_type) == DocumentKind::manifest)
      images.push_back(document.descriptor.digest);
  }
  return images;
}

// An attestation of an index is for all that it holds; else each image needs its own.
void require_predicate(SignatureSearch& search, const std::string& requirement, const std::vector<Digest>& vouching,
                       const std::vector<Digest>& images, SignatureReport& report) {
  for (const auto& digest : vouching) {
    if (has(search, digest, requirement)) return;
  }
  if (images.empty()) report.missing.push_back({requirement, vouching.front()});
  for (const auto& image : images) {
    search.look_at(image);
    if (!has(search, image, requirement)) report.missing.push_back({requirement, image});
  }
}

void require_named(const Document& index, const Digest& digest, const std::stop_token& stop) {
  const bool is_index = document_kind(index.json, index.descriptor.media_type) == DocumentKind::index;
  const auto documents = is_index ? signed_documents(index, stop) : std::vector<Document>();
  const bool is_named = std::any_of(documents.begin(), documents.end(),
                                    [&](const Document& one) { return one.descriptor.digest == digest; });
  if (is_named) return;
  throw Error(ErrorCode::check_failed,
              fmt::format("the signature of {} says nothing about {}: {}", index.descriptor.digest.to_string(),
                          digest.to_string(), is_index ? "the index does not name it" : "it is no index"),
              "name the index that the image is in by --through");
}

}  // namespace

SignatureReport verify_signatures(const Document& root, const Location& where, const std::vector<PublicKey>& keys,
                                  const SignatureRequirements& requirements, const Workplace& workplace,
                                  const std::optional<Document>& through) {
  const auto& digest = root.descriptor.digest;
  std::vector<Digest> vouching{digest};
  if (through) {
    require_named(*through, digest, workplace.stop);
    vouching.push_back(through->descriptor.digest);
  }
  const auto client = client_of(workplace);
  const auto place = open_referrer_place(where, *client, workplace);
  SignatureSearch search(*place, keys, requirements, workplace.stop);
  SignatureReport report{.digest = digest};
  for (const auto& one : vouching) search.look_at(one);
  const auto is_signed = [&](const Digest& one) { return has(search, one, {}); };
  if (requirements.signature && std::none_of(vouching.begin(), vouching.end(), is_signed))
    report.missing.push_back({"signature", digest});
  if (!requirements.predicates.empty()) {
    const auto images = images_below(root, workplace.stop);
    for (const auto& predicate : requirements.predicates)
      require_predicate(search, predicate, vouching, images, report);
  }
  report.found = std::move(search.found);
  report.skipped = std::move(search.skipped);
  return report;
}

}  // namespace ociassemble
