// SPDX-License-Identifier: Apache-2.0
// Long because it is a table of lies. Each is put beside an image that is not signed, and must not make it pass.
#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "base/base64.hpp"
#include "layout/index_entries.hpp"
#include "ociassemble/artifact.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/layout.hpp"
#include "ociassemble/manifest.hpp"
#include "ociassemble/places.hpp"
#include "ociassemble/referrers.hpp"
#include "ociassemble/signatures.hpp"
#include "sign/envelope.hpp"
#include "sign/simple_signing.hpp"
#include "test_folder.hpp"

using namespace ociassemble;
using test::TestFolder;

namespace {

constexpr const char* kPredicateAnnotation = "dev.sigstore.bundle.predicateType";

Image image_of(const std::string& platform, const std::string& bytes) {
  const auto store = make_memory_store();
  ImageConfig config;
  config.platform = Platform::parse(platform);
  return Image::from_layers(ImageFormat::oci, {{store->put(bytes, media_type::kOciLayer), Digest::of(bytes), store}},
                            std::move(config), {});
}

const SigningKey& our_key() {
  static const auto key = SigningKey::generate(KeyKind::ecdsa_p256);
  return key;
}
const SigningKey& another_key() {
  static const auto key = SigningKey::generate(KeyKind::ecdsa_p256);
  return key;
}

// A layout with an image and one beside it.
class Place {
 public:
  Place() : image_(image_of("linux/amd64", "layer")), other_(image_of("linux/amd64", "another")) {
    publish(image_, Location::parse(text("image")), {});
    publish(other_, Location::parse(text("other")), {});
  }

  const Descriptor& image() const { return image_.descriptor(); }
  const Descriptor& other() const { return other_.descriptor(); }
  Location location() const { return Location::parse(text("image")); }
  const std::shared_ptr<BlobStore>& store() const { return store_; }

  void attach(const Document& referrer) { ociassemble::attach(referrer, location(), {}); }
  // A bundle as its bytes are, whatever they are.
  void attach_bundle(const std::string& json, const Annotations& annotations = signature_annotations()) {
    attach(make_referrer(image(), kBundleType, kBundleType, json, annotations, store_));
  }
  static Annotations signature_annotations() { return {{kPredicateAnnotation, std::string(kSignaturePredicateType)}}; }
  void attach_tag(const Document& manifest, const Descriptor& of, const char* suffix = ".sig") {
    ociassemble::attach(manifest, location(), {}, "sha256-" + std::string(of.digest.hex()) + suffix);
  }

  SignatureReport verify(const SignatureRequirements& requirements = {}) const {
    return verify_signatures(open_document(location(), {}), location(), {our_key().public_key()}, requirements, {});
  }
  std::string text(const std::string& name) const { return "oci:" + (folder_ / "layout").string() + ":" + name; }
  std::filesystem::path folder() const { return folder_ / "layout"; }

 private:
  TestFolder folder_;
  Image image_;
  Image other_;
  std::shared_ptr<BlobStore> store_ = make_memory_store();
};

std::string statement_of(const Descriptor& subject, std::string_view type = kSignaturePredicateType) {
  return make_statement(subject.digest, type, "{}");
}
std::string bundle_by(const SigningKey& key, const std::string& statement) {
  return make_bundle(statement, key.sign(pre_authentication_encoding(kStatementPayloadType, statement)),
                     key.public_key());
}
std::string replaced(std::string text, std::string_view what, std::string_view by) {
  const auto at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), by);
}

Document simple(const Place& place, const Descriptor& about, const SigningKey& key) {
  const auto payload = simple_payload(about.digest, "registry.example.com/app");
  return add_simple_signature({}, payload, key.sign(payload), place.store(), {});
}
// A manifest under a tag whose only layer is this.
Document tagged_layer(const Place& place, const std::string& bytes, std::string_view type,
                      const Annotations& annotations) {
  Manifest manifest{.config = place.store()->put("{}", media_type::kEmpty)};
  manifest.layers.push_back(place.store()->put(bytes, type));
  manifest.layers.back().annotations = annotations;
  auto json = manifest.to_json();
  auto descriptor = place.store()->put(json, manifest.media_type());
  return {std::move(descriptor), std::move(json), place.store()};
}

struct Lie {
  const char* name;
  std::function<void(Place&)> tell;
};

// clang-format off
const std::vector<Lie>& lies() {
  static const std::vector<Lie> all{
    {"nothing at all", [](Place&) {}},
    {"a bundle by another key", [](Place& place) {
      place.attach_bundle(bundle_by(another_key(), statement_of(place.image()))); }},
    {"a bundle by another key that hints at ours", [](Place& place) {
      const auto statement = statement_of(place.image());
      place.attach_bundle(make_bundle(statement, another_key().sign(pre_authentication_encoding(kStatementPayloadType, statement)),
                                      our_key().public_key())); }},
    {"our bundle of another image, replayed", [](Place& place) {
      place.attach_bundle(bundle_by(our_key(), statement_of(place.other()))); }},
    {"our bundle that refers to another image", [](Place& place) {
      place.attach(make_signature(place.other(), make_signer(our_key()), place.store())); }},
    {"a signed SBOM posing as a signature", [](Place& place) {
      place.attach_bundle(bundle_by(our_key(), statement_of(place.image(), "https://spdx.dev/Document"))); }},
    {"two signatures, the second ours", [](Place& place) {
      const auto bundle = bundle_by(our_key(), statement_of(place.image()));
      place.attach_bundle(replaced(bundle, R"("signatures":[)", R"("signatures":[{"sig":"AAAA"},)")); }},
    {"two signatures, the first ours", [](Place& place) {
      const auto bundle = bundle_by(our_key(), statement_of(place.image()));
      place.attach_bundle(replaced(bundle, R"("}]}})", R"("},{"sig":"AAAA"}]}})")); }},
    {"no signature in the envelope", [](Place& place) {
      const auto bundle = bundle_by(our_key(), statement_of(place.image()));
      const auto from = bundle.find(R"({"sig":)");
      place.attach_bundle(bundle.substr(0, from) + "]}}"); }},
    {"another payload type", [](Place& place) {
      place.attach_bundle(replaced(bundle_by(our_key(), statement_of(place.image())), kStatementPayloadType, "application/json")); }},
    {"a payload signed without its type", [](Place& place) {
      const auto statement = statement_of(place.image());
      place.attach_bundle(make_bundle(statement, our_key().sign(statement), our_key().public_key())); }},
    {"a payload signed with another type's encoding", [](Place& place) {
      const auto statement = statement_of(place.image());
      place.attach_bundle(make_bundle(statement, our_key().sign(pre_authentication_encoding("text/plain", statement)),
                                      our_key().public_key())); }},
    {"a truncated bundle", [](Place& place) {
      const auto bundle = bundle_by(our_key(), statement_of(place.image()));
      place.attach_bundle(bundle.substr(0, bundle.size() / 2)); }},
    {"a bundle with something behind it", [](Place& place) {
      place.attach_bundle(bundle_by(our_key(), statement_of(place.image())) + "{}"); }},
    {"a bundle with a member twice", [](Place& place) {
      place.attach_bundle(replaced(bundle_by(our_key(), statement_of(place.image())), R"("payload":)", R"("payload":"e30=","payload":)")); }},
    {"a bundle with a member in another case, too", [](Place& place) {
      place.attach_bundle(replaced(bundle_by(our_key(), statement_of(place.image())), R"("payload":)", R"("Payload":"e30=","payload":)")); }},
    {"a bundle of another media type", [](Place& place) {
      place.attach_bundle(replaced(bundle_by(our_key(), statement_of(place.image())), kBundleType, "application/json")); }},
    {"a payload that is not base64", [](Place& place) {
      place.attach_bundle(replaced(bundle_by(our_key(), statement_of(place.image())), R"("payload":")", R"("payload":"!!)")); }},
    {"a statement without a subject", [](Place& place) {
      place.attach_bundle(bundle_by(our_key(), R"({"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{}})")); }},
    {"a statement whose subject has the digest by another algorithm's name", [](Place& place) {
      place.attach_bundle(bundle_by(our_key(), replaced(statement_of(place.image()), R"("sha256":)", R"("sha512":)"))); }},
    {"a statement of another version", [](Place& place) {
      place.attach_bundle(bundle_by(our_key(), replaced(statement_of(place.image()), "Statement/v1", "Statement/v9"))); }},
    {"a signature that ends early", [](Place& place) {
      const auto statement = statement_of(place.image());
      auto signature = our_key().sign(pre_authentication_encoding(kStatementPayloadType, statement));
      signature.pop_back();
      place.attach_bundle(make_bundle(statement, signature, our_key().public_key())); }},
    {"a signature in DER that is not canonical", [](Place& place) {
      const auto statement = statement_of(place.image());
      auto signature = our_key().sign(pre_authentication_encoding(kStatementPayloadType, statement));
      signature.insert(1, "\x81");
      place.attach_bundle(make_bundle(statement, signature, our_key().public_key())); }},
    {"a signature of zeros", [](Place& place) {
      place.attach_bundle(make_bundle(statement_of(place.image()), std::string("\x30\x06\x02\x01\x00\x02\x01\x00", 8), our_key().public_key())); }},
    {"an empty signature", [](Place& place) {
      place.attach_bundle(make_bundle(statement_of(place.image()), {}, our_key().public_key())); }},
    {"our bundle in two layers", [](Place& place) {
      Manifest manifest{.artifact_type = std::string(kBundleType), .config = place.store()->put("{}", media_type::kEmpty)};
      manifest.layers = {place.store()->put(bundle_by(our_key(), statement_of(place.image())), kBundleType),
                         place.store()->put("{}", kBundleType)};
      manifest.subject = Descriptor{.media_type = place.image().media_type, .digest = place.image().digest, .size = place.image().size};
      const auto json = manifest.to_json();
      place.attach({place.store()->put(json, manifest.media_type()), json, place.store()}); }},
    {"a referrer of ten megabytes", [](Place& place) {
      place.attach_bundle(bundle_by(our_key(), statement_of(place.image())) + std::string(std::size_t{10} << 20U, ' ')); }},
    {"a referrer of deep nesting", [](Place& place) {
      place.attach_bundle(std::string(100000, '[') + std::string(100000, ']')); }},
    {"our signature under the image's tag, of another image", [](Place& place) {
      place.attach_tag(simple(place, place.other(), our_key()), place.image()); }},
    {"a signature under the tag by another key", [](Place& place) {
      place.attach_tag(simple(place, place.image(), another_key()), place.image()); }},
    {"our signature under another image's tag", [](Place& place) {
      place.attach_tag(simple(place, place.image(), our_key()), place.other()); }},
    {"a layer under the tag without a signature", [](Place& place) {
      place.attach_tag(tagged_layer(place, simple_payload(place.image().digest, "x"), kSimpleSigningType, {}), place.image()); }},
    {"a layer under the tag whose signature is not base64", [](Place& place) {
      place.attach_tag(tagged_layer(place, simple_payload(place.image().digest, "x"), kSimpleSigningType,
                                    {{kSignatureAnnotation, "!"}}), place.image()); }},
    {"a payload of another kind under the tag", [](Place& place) {
      const auto payload = replaced(simple_payload(place.image().digest, "x"), "cosign container image signature", "atomic container signature");
      place.attach_tag(tagged_layer(place, payload, kSimpleSigningType,
                                    {{kSignatureAnnotation, encode_base64(our_key().sign(payload))}}), place.image()); }},
    {"a signed payload whose layer has another type", [](Place& place) {
      const auto payload = simple_payload(place.image().digest, "x");
      place.attach_tag(tagged_layer(place, payload, "application/json",
                                    {{kSignatureAnnotation, encode_base64(our_key().sign(payload))}}), place.image()); }},
    {"a statement posing as a payload", [](Place& place) {
      const auto payload = statement_of(place.image());
      place.attach_tag(tagged_layer(place, payload, kSimpleSigningType,
                                    {{kSignatureAnnotation, encode_base64(our_key().sign(payload))}}), place.image()); }},
    {"a payload of the tag's form, signed in an envelope", [](Place& place) {
      const auto payload = simple_payload(place.image().digest, "x");
      const auto signature = our_key().sign(pre_authentication_encoding(kSimpleSigningType, payload));
      place.attach_bundle(replaced(make_bundle(payload, signature, our_key().public_key()), kStatementPayloadType, kSimpleSigningType)); }},
    {"a payload of the tag's form in an envelope of a Statement", [](Place& place) {
      place.attach_bundle(bundle_by(our_key(), simple_payload(place.image().digest, "x"))); }},
    {"the signature of the tag's form in an envelope", [](Place& place) {
      const auto payload = simple_payload(place.image().digest, "x");
      place.attach_bundle(make_bundle(payload, our_key().sign(payload), our_key().public_key())); }},
    {"the signed bytes of an envelope under the tag", [](Place& place) {
      const auto bytes = pre_authentication_encoding(kStatementPayloadType, statement_of(place.image()));
      place.attach_tag(tagged_layer(place, bytes, kSimpleSigningType,
                                    {{kSignatureAnnotation, encode_base64(our_key().sign(bytes))}}), place.image()); }},
    {"an envelope under the tag of attestations, of a signature of another image", [](Place& place) {
      place.attach_tag(tagged_layer(place, R"({"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[]})", kEnvelopeType, {}),
                       place.image(), ".att"); }},
    {"our signature of the manifest's bytes, as `cosign sign-blob` makes one", [](Place& place) {
      const auto signature = our_key().sign(open_document(place.location(), {}).json);
      place.attach_bundle(R"({"mediaType":")" + std::string(kBundleType) + R"(","verificationMaterial":{"publicKey":{"hint":"x"}},"messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":"AAAA"},"signature":")" +
                          encode_base64(signature) + R"("}})"); }},
    {"a bundle that brings its own key", [](Place& place) {
      place.attach_bundle(replaced(bundle_by(another_key(), statement_of(place.image())), R"("publicKey":{)",
                                   R"("publicKey":{"rawBytes":")" + encode_base64(another_key().public_key().der()) + R"(",)")); }},
    {"a bundle with a certificate of another key", [](Place& place) {
      place.attach_bundle(replaced(bundle_by(another_key(), statement_of(place.image())), R"("publicKey":{)", R"("certificate":{"rawBytes":"AAAA"},"publicKey":{)")); }},
    {"a bundle with a log entry in the place of a signature", [](Place& place) {
      place.attach_bundle(replaced(make_bundle(statement_of(place.image()), {}, our_key().public_key()), R"("publicKey":{)",
                                   R"("tlogEntries":[{"logIndex":"1","integratedTime":"1"}],"publicKey":{)")); }},
    {"a digest in capital letters", [](Place& place) {
      auto digits = std::string(place.image().digest.hex());
      for (auto& c : digits) c = static_cast<char>(c >= 'a' ? c - 32 : c);
      place.attach_bundle(bundle_by(our_key(), replaced(statement_of(place.image()), place.image().digest.hex(), digits))); }},
    {"a digest with its algorithm before it", [](Place& place) {
      place.attach_bundle(bundle_by(our_key(), replaced(statement_of(place.image()), place.image().digest.hex(), place.image().digest.to_string()))); }},
    {"a digest that begins as the image's does", [](Place& place) {
      place.attach_bundle(bundle_by(our_key(), replaced(statement_of(place.image()), place.image().digest.hex(), place.image().digest.hex().substr(0, 60)))); }},
    {"a statement whose subject is only called like the image", [](Place& place) {
      place.attach_bundle(bundle_by(our_key(), replaced(statement_of(place.other()), R"("subject":[{)", R"("subject":[{"name":")" + place.image().digest.to_string() + R"(",)"))); }},
    {"a statement with two subjects, neither of which is the image", [](Place& place) {
      place.attach_bundle(bundle_by(our_key(), replaced(statement_of(place.other()), R"("subject":[)", R"("subject":[{"digest":{"sha256":"00"}},)"))); }},
    {"a statement that has its subjects twice", [](Place& place) {
      place.attach_bundle(bundle_by(our_key(), replaced(statement_of(place.image()), R"("subject":[)", R"("subject":[],"subject":[)"))); }},
    {"a statement in capital letters", [](Place& place) {
      place.attach_bundle(bundle_by(our_key(), replaced(statement_of(place.image()), R"("predicateType":)", R"("PredicateType":"https://spdx.dev/Document","predicateType":)"))); }},
    {"a statement without a predicate's type", [](Place& place) {
      place.attach_bundle(bundle_by(our_key(), replaced(statement_of(place.image()), R"("predicateType":"https://sigstore.dev/cosign/sign/v1",)", ""))); }},
    {"a predicate's type that only begins as that of a signature", [](Place& place) {
      place.attach_bundle(bundle_by(our_key(), statement_of(place.image(), std::string(kSignaturePredicateType) + "/v2"))); }},
    {"an index signed by our key that does not hold the image, its signature beside the image", [](Place& place) {
      const auto index = Descriptor{.media_type = std::string(media_type::kOciIndex), .digest = Digest::of("{}"), .size = 2};
      place.attach_bundle(bundle_by(our_key(), statement_of(index))); }},
    {"a payload under the tag with the digest twice", [](Place& place) {
      const auto payload = replaced(simple_payload(place.other().digest, "x"), R"("image":{)",
                                    R"("image":{"docker-manifest-digest":")" + place.image().digest.to_string() + R"(",)");
      place.attach_tag(tagged_layer(place, payload, kSimpleSigningType,
                                    {{kSignatureAnnotation, encode_base64(our_key().sign(payload))}}), place.image()); }},
    {"a payload under the tag whose digest is in the part that is free", [](Place& place) {
      const auto payload = replaced(simple_payload(place.other().digest, "x"), R"("optional":null)",
                                    R"("optional":{"docker-manifest-digest":")" + place.image().digest.to_string() + R"("})");
      place.attach_tag(tagged_layer(place, payload, kSimpleSigningType,
                                    {{kSignatureAnnotation, encode_base64(our_key().sign(payload))}}), place.image()); }},
  };
  return all;
}
// clang-format on

std::string envelope_of(const std::string& bundle) {
  const auto from = bundle.find(R"("dsseEnvelope":)") + 15;
  return bundle.substr(from, bundle.size() - from - 1);
}

}  // namespace

TEST_CASE("at least thirty lies do not make an image pass, and the truth beside each does") {
  CHECK(lies().size() >= 30);
  for (const auto& lie : lies()) {
    CAPTURE(lie.name);
    Place place;
    lie.tell(place);
    const auto report = place.verify();
    CHECK_FALSE(report.ok());
    REQUIRE(report.missing.size() == 1);
    CHECK(report.missing.front().what == "signature");
    CHECK(report.missing.front().subject == place.image().digest);
    // What somebody else puts there does not keep a true signature from being found.
    place.attach(make_signature(place.image(), make_signer(our_key()), place.store()));
    CHECK(place.verify().ok());
  }
}

TEST_CASE("what is written otherwise and says the same is true") {
  const auto ok = [](const std::function<void(Place&)>& tell) {
    Place place;
    tell(place);
    return place.verify().ok();
  };
  // DSSE, protocol.md: "Either standard or URL-safe encoding is allowed".
  CHECK(ok([](Place& place) {
    auto bundle = bundle_by(our_key(), statement_of(place.image()));
    for (auto& c : bundle) c = c == '+' && &c > &bundle[bundle.find("\"signatures\"")] ? '-' : c;
    place.attach_bundle(bundle);
  }));
  CHECK(ok([](Place& place) {
    place.attach_bundle(bundle_by(our_key(), replaced(statement_of(place.image()), R"("subject":[)",
                                                      R"("subject":[{"digest":{"sha256":"00"}},)")));
  }));
  CHECK(ok([](Place& place) {
    place.attach_bundle(
        bundle_by(our_key(), replaced(statement_of(place.image()), R"("digest":{)", R"("digest":{"sha512":"00",)")));
  }));
  // The name in a signature under a tag is not compared: a mirror has another, and the digest says which image it is.
  CHECK(ok([](Place& place) {
    const auto payload = simple_payload(place.image().digest, "registry.example.org/mirror/of/app");
    place.attach_tag(tagged_layer(place, payload, kSimpleSigningType,
                                  {{kSignatureAnnotation, encode_base64(our_key().sign(payload))}}),
                     place.image());
  }));
  // One of several under the tag.
  CHECK(ok([](Place& place) {
    const auto payload = simple_payload(place.image().digest, "x");
    Manifest manifest{.config = place.store()->put("{}", media_type::kEmpty)};
    for (const auto& signature :
         {std::string("no signature"), another_key().sign(payload), our_key().sign(payload), std::string()}) {
      manifest.layers.push_back(place.store()->put(payload, kSimpleSigningType));
      manifest.layers.back().annotations = {{kSignatureAnnotation, encode_base64(signature)}};
    }
    const auto json = manifest.to_json();
    place.attach_tag({place.store()->put(json, manifest.media_type()), json, place.store()}, place.image());
  }));
}

TEST_CASE("no changed byte of a bundle makes another statement of it") {
  const auto statement =
      R"({"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"00"}}],"predicateType":"x","predicate":{}})";
  const auto bundle = bundle_by(our_key(), statement);
  const auto key = our_key().public_key();
  std::size_t refused = 0;
  for (std::size_t at = 0; at < bundle.size(); ++at) {
    for (const char change : {'\x01', '\x20', '\x40'}) {
      auto changed = bundle;
      changed[at] = static_cast<char>(changed[at] ^ change);
      try {
        const auto envelope = parse_bundle(changed, "bundle");
        const bool is_signed =
            key.verifies(pre_authentication_encoding(envelope.payload_type, envelope.payload), envelope.signature);
        if (!is_signed) ++refused;
        if (is_signed) CHECK(envelope.payload == statement);
      } catch (const Error& error) {
        ++refused;
        if (error.code() != ErrorCode::corrupt) FAIL("another error than corrupt: " << error.what());
      }
    }
    try {
      parse_bundle(bundle.substr(0, at), "bundle");
      FAIL("a bundle was taken that ends at byte " << at);
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::corrupt);
    }
  }
  // All but those of the hint and of letters that base64 does not read.
  CHECK(refused > bundle.size() * 2);
}

TEST_CASE("an attestation counts for its own type, signed for the very image") {
  const auto needs_sbom = SignatureRequirements{.signature = false, .predicates = {"sbom"}};
  const auto attested = [&](const std::string& bundle, const Annotations& annotations) {
    Place place;
    place.attach_bundle(bundle, annotations);
    return place.verify(needs_sbom).ok();
  };
  Place place;
  const auto subject = place.image();  // the same in each place
  const Annotations spdx{{kPredicateAnnotation, "https://spdx.dev/Document"}};
  CHECK(attested(bundle_by(our_key(), statement_of(subject, "https://spdx.dev/Document")), spdx));
  CHECK(attested(bundle_by(our_key(), statement_of(subject, "https://spdx.dev/Document/v2.3")), {}));
  CHECK(attested(bundle_by(our_key(), statement_of(subject, "https://cyclonedx.org/bom")), {}));
  // A signature of the image, a provenance, another name and another key's.
  CHECK_FALSE(attested(bundle_by(our_key(), statement_of(subject)), Place::signature_annotations()));
  CHECK_FALSE(attested(bundle_by(our_key(), statement_of(subject, "https://slsa.dev/provenance/v1")), spdx));
  CHECK_FALSE(attested(bundle_by(our_key(), statement_of(subject, "https://spdx.dev/Documents")), spdx));
  CHECK_FALSE(attested(bundle_by(another_key(), statement_of(subject, "https://spdx.dev/Document")), spdx));
  CHECK_FALSE(attested(bundle_by(our_key(), statement_of(place.other(), "https://spdx.dev/Document")), spdx));
}

TEST_CASE("cosign 2 keeps attestations under a tag") {
  const auto envelope = [](const SigningKey& key, const std::string& statement) {
    return envelope_of(bundle_by(key, statement));
  };
  const auto ok = [&](const SigningKey& key) {
    Place place;
    const auto statement = replaced(statement_of(place.image(), "https://slsa.dev/provenance/v1"), "/v1", "/v0.1");
    place.attach_tag(tagged_layer(place, envelope(key, statement), kEnvelopeType, {}), place.image(), ".att");
    return place.verify({.signature = false, .predicates = {"provenance"}}).ok();
  };
  CHECK(ok(our_key()));
  CHECK_FALSE(ok(another_key()));
}

TEST_CASE("a thousand referrers and one are refused, and not all are read") {
  Place place;
  auto layout = OciLayout::open(place.folder());
  auto index = layout.index();
  Manifest manifest{.artifact_type = std::string(kBundleType), .config = layout.blobs()->put("{}", media_type::kEmpty)};
  manifest.layers.push_back(layout.blobs()->put("no bundle", kBundleType));
  manifest.subject =
      Descriptor{.media_type = place.image().media_type, .digest = place.image().digest, .size = place.image().size};
  for (int i = 0; i < 1001; ++i) {
    manifest.annotations["number"] = std::to_string(i);
    auto entry = layout.blobs()->put(manifest.to_json(), manifest.media_type());
    entry.artifact_type = kBundleType;
    index.manifests.push_back(std::move(entry));
  }
  std::ofstream(place.folder() / "index.json") << index.to_json();
  CHECK_THROWS_WITH_AS(place.verify(), "cannot check signatures: there are more than 1000 of them", Error);
}

TEST_CASE("signing again makes the same manifests, and what others signed under the tag stays") {
  Place place;
  const SignOptions options{.repository = "registry.example.com/app"};
  const auto root = open_document(place.location(), {});
  const auto sign = [&](const SigningKey& key) {
    return sign_documents({root}, place.location(), make_signer(key), options, {});
  };
  const auto first = sign(our_key());
  REQUIRE(first.size() == 2);
  const auto again = sign(our_key());
  CHECK(first[0].manifest == again[0].manifest);
  CHECK(first[1].manifest == again[1].manifest);
  sign(another_key());
  const auto report = verify_signatures(root, place.location(), {our_key().public_key()}, {}, {});
  CHECK(report.found.size() == 2);
  CHECK(report.skipped.size() == 2);
}

TEST_CASE("what is signed has the bytes that cosign signs") {
  const auto digest = Digest::of("");
  // A predicate type, and a payload that cosign's own source writes so.
  CHECK(
      simple_payload(digest, "registry.example.com/app") ==
      R"({"critical":{"identity":{"docker-reference":"registry.example.com/app"},"image":{"docker-manifest-digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},"type":"cosign container image signature"},"optional":null})");
  // DSSE, protocol.md: its example.
  CHECK(pre_authentication_encoding("http://example.com/HelloWorld", "hello world") ==
        "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
}
