// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include <array>
#include <ostream>
#include <utility>

#include "commands/command.hpp"
#include "flags/key_flags.hpp"
#include "io/streams.hpp"
#include "ociassemble/artifact.hpp"
#include "ociassemble/document.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/places.hpp"
#include "ociassemble/referrers.hpp"
#include "ociassemble/signatures.hpp"

namespace ociassemble::tool {
namespace {

constexpr std::size_t kLargestPredicateFile = std::size_t{64} << 20U;
// The names that cosign has for the usual predicates.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kPredicateNames{{
    {"spdx", "https://spdx.dev/Document"},
    {"cyclonedx", "https://cyclonedx.org/bom"},
    {"slsaprovenance", "https://slsa.dev/provenance/v1"},
    {"vuln", "https://cosign.sigstore.dev/attestation/vuln/v1"},
    {"openvex", "https://openvex.dev/ns"},
}};

std::string predicate_uri(const std::string& type) {
  for (const auto& [name, uri] : kPredicateNames) {
    if (type == name) return std::string(uri);
  }
  if (type.find("://") != std::string::npos || type.starts_with("urn:")) return type;
  throw Error(ErrorCode::invalid_argument, "unknown predicate type \"" + type + "\"",
              "the types are spdx, cyclonedx, slsaprovenance, vuln, openvex, or a URI");
}

class AttestCommand : public Command {
 public:
  explicit AttestCommand(CLI::App& app) {
    app.add_option("IMAGE", location_, "oci:DIR[:TAG] or REGISTRY/REPOSITORY[:TAG]")->required();
    app.add_option("--type", type_, "Predicate type, by a known name or by its URI")
        ->type_name("spdx|cyclonedx|slsaprovenance|vuln|openvex|URI")
        ->required();
    app.add_option("--predicate", predicate_, "JSON file with the predicate, or - for the standard input")
        ->type_name("FILE")
        ->required();
    app.add_option("--platform", platform_, "Attest the image of this platform, not the index")->type_name("OS/ARCH");
    key_.add_to(app, "--key", "Sign the statement by this private key", "Key");
    output_.add_to(app);
    registry_.add_to(app);
    app.footer(
        "Attaches an in-toto Statement about the image to it, as a referrer; the image and its digest do not change. "
        "Without\n"
        "--key the statement is not signed: it only shows that somebody who may write to the repository put it there.\n"
        "\n"
        "Examples:\n"
        "  ociassemble attest oci:image:v1 --type https://example.com/tests/v1 --predicate results.json\n"
        "  ociassemble attest registry.example.com/team/server:v1 --type openvex --predicate vex.json");
  }

  int run(const Streams& streams) override {
    const auto uri = predicate_uri(type_);
    const auto location = Location::parse(location_);
    const auto workplace = registry_.workplace(streams, output_.verbosity(), registry_of(location));
    const auto predicate = predicate_ == "-" ? read_file("/dev/stdin", kLargestPredicateFile)
                                             : read_file(predicate_, kLargestPredicateFile);
    auto root = reading(location_, [&] { return open_document(location, workplace); });
    if (!platform_.empty()) root = manifest_of_platform(root, platform_);
    const auto referrer = make(root.descriptor, uri, predicate, streams);
    attach(referrer, location, workplace);
    streams.out << referrer.descriptor.digest.to_string() << '\n';
    return 0;
  }

 private:
  Document make(const Descriptor& subject, const std::string& uri, const std::string& predicate,
                const Streams& streams) const {
    try {
      if (key_.is_given())
        return make_attestation(subject, uri, predicate, make_signer(key_.read(streams)), make_memory_store());
      return make_statement_referrer(subject, uri, predicate, make_memory_store());
    } catch (const Error& error) {
      if (error.code() != ErrorCode::corrupt || !error.hint().empty()) throw;
      throw Error(error.code(), error.what(),
                  "name a file that holds the predicate as one JSON object: --predicate FILE");
    }
  }

  std::string location_;
  std::string type_;
  std::string predicate_;
  std::string platform_;
  SigningKeyFlags key_;
  OutputFlags output_;
  RegistryFlags registry_;
};

}  // namespace

std::unique_ptr<Command> make_attest_command(CLI::App& app) { return std::make_unique<AttestCommand>(app); }

}  // namespace ociassemble::tool
