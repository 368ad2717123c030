// SPDX-License-Identifier: Apache-2.0
#include "commands/signed.hpp"

#include <CLI/CLI.hpp>

#include <ostream>
#include <sstream>

#include "base/escape.hpp"
#include "base/text.hpp"
#include "flags/key_flags.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/places.hpp"
#include "ociassemble/signatures.hpp"
#include "report/signatures.hpp"
#include "stream_sink.hpp"

namespace ociassemble::tool {
namespace {

SignatureRequirements parse_requirements(const std::vector<std::string>& texts) {
  if (texts.empty()) return {};
  SignatureRequirements requirements{.signature = false};
  for (const auto& text : texts) {
    std::istringstream words(text);
    for (std::string word; std::getline(words, word, ',');) {
      if (word == "signature") {
        requirements.signature = true;
      } else if (word == "sbom" || word == "provenance" || word.find("://") != std::string::npos) {
        requirements.predicates.push_back(word);
      } else {
        throw Error(ErrorCode::invalid_argument, "cannot require \"" + word + "\": it is nothing that can be signed",
                    "signature, sbom, provenance, or the URI of a predicate's type");
      }
    }
  }
  return requirements;
}

// The image by its digest, as a deployment names it.
std::string pinned(const Location& location, const Digest& digest) {
  if (location.reference) return location.reference->name() + "@" + digest.to_string();
  return location.to_string() + "@" + digest.to_string();
}

}  // namespace

void SignedFlags::add_to(CLI::App& app) {
  const char* group = "Signatures";
  auto* key = app.add_option("--key", keys_,
                             "Check that this public key signed the image; repeatable: one of the keys is enough")
                  ->type_name("FILE|env:NAME")
                  ->take_all()
                  ->expected(1)
                  ->allow_extra_args(false)
                  ->group(group);
  app.add_option("--require", required_, "What must be signed; a URI names a type of predicate (default: signature)")
      ->type_name("signature|sbom|provenance|URI[,…]")
      ->take_all()
      ->expected(1)
      ->allow_extra_args(false)
      ->needs(key)
      ->group(group);
  app.add_option("--through", through_, "Accept the signature of this index if it contains the image")
      ->type_name("LOCATION")
      ->needs(key)
      ->group(group);
}

int SignedFlags::run(const std::string& text, const RegistryFlags& registry, const Streams& streams, bool is_quiet,
                     bool is_json) const {
  const auto location = Location::parse(text);
  const auto requirements = parse_requirements(required_);
  std::vector<PublicKey> keys;
  for (const auto& key : keys_) keys.push_back(read_public_key(key, streams));
  std::vector<Location> named{location};
  if (!through_.empty()) named.push_back(Location::parse(through_));
  const auto workplace =
      registry.workplace(streams, is_quiet ? Verbosity::quiet : Verbosity::result, chief_registry({}, named));
  const auto root = reading(text, [&] { return open_document(location, workplace); });
  std::optional<Document> through;
  if (!through_.empty()) through = reading(through_, [&] { return open_document(named.back(), workplace); });
  const auto report = verify_signatures(root, location, keys, requirements, workplace, through);
  const auto image = pinned(location, report.digest);
  if (is_json) {
    StreamSink out(streams.out);
    print_signatures_json(report, image, out);
    return report.ok() ? 0 : 3;
  }
  if (!report.ok() || !is_quiet) streams.err << describe_signatures(report);
  if (!report.ok()) {
    streams.err << "  " << terminal_text("`ociassemble referrers " + shell_word(text))
                << "` lists what is beside the image; `ociassemble sign` signs it\n";
  }
  if (report.ok()) streams.out << image << '\n';
  return report.ok() ? 0 : 3;
}

}  // namespace ociassemble::tool
