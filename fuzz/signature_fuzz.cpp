// SPDX-License-Identifier: Apache-2.0
#include "fuzz.hpp"
#include "ociassemble/error.hpp"
#include "sign/envelope.hpp"
#include "sign/simple_signing.hpp"

namespace {

template <class Parse>
void attempt(const Parse& parse) {
  using namespace ociassemble;
  try {
    parse();
  } catch (const Error& error) {
    fuzz::require(error.code() == ErrorCode::corrupt, "what is malformed is corrupt");
  }
}

}  // namespace

// Bundles, envelopes, the statements in them, and cosign's older payloads: what a verifier reads of strangers.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ociassemble;
  const auto text = fuzz::as_text(data, size);
  attempt([&] {
    const auto envelope = parse_bundle(text, "bundle");
    fuzz::require(envelope.payload_type == kStatementPayloadType, "the payload is a Statement");
    attempt([&] { parse_statement(envelope.payload, "statement"); });
  });
  attempt([&] { fuzz::require(parse_envelope(text, "envelope").signature.size() <= 512, "a signature is short"); });
  attempt([&] {
    const auto head = parse_statement(text, "statement");
    fuzz::require(!head.subjects.empty(), "a statement has a subject");
  });
  attempt([&] {
    const auto digest = parse_simple_payload(text, "payload");
    fuzz::require(parse_simple_payload(simple_payload(digest, "r.example/x"), "ours") == digest,
                  "one payload, one digest");
  });
  return 0;
}
