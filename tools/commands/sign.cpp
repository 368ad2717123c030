// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include <optional>
#include <ostream>

#include "base/base64.hpp"
#include "commands/command.hpp"
#include "commands/signer_program.hpp"
#include "flags/key_flags.hpp"
#include "io/streams.hpp"
#include "ociassemble/document.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/places.hpp"
#include "ociassemble/signatures.hpp"

namespace ociassemble::tool {
namespace {

constexpr std::size_t kLargestSignatureFile = std::size_t{4} << 10U;

class SignCommand : public Command {
 public:
  explicit SignCommand(CLI::App& app) {
    app.add_option("IMAGE", location_, "oci:DIR[:TAG] or REGISTRY/REPOSITORY[:TAG]")->required();
    key_.add_to(app, "--key",
                "Private key: PKCS#8 in PEM, plain or encrypted, or cosign's; with --signature the public key", "Key");
    app.add_option("--signer", signer_,
                   "Program that signs: gets the descriptor on its standard input, answers with an OCI layout as tar")
        ->type_name("PROGRAM")
        ->group("Key");
    app.add_option(
           "--form", forms_,
           "bundle (a referrer, for cosign 3), tag (sha256-HEX.sig, for cosign 2, skopeo and podman); repeatable "
           "(default: both)")
        ->type_name("bundle|tag")
        ->take_all()
        ->expected(1)
        ->allow_extra_args(false);
    app.add_option("--repository", repository_,
                   "Repository that a signature under a tag names (default: the repository of the image)")
        ->type_name("NAME");
    app.add_option("--platform", platform_, "Sign only the image of this platform, not the index and its other images")
        ->type_name("OS/ARCH");
    app.add_flag("--print-payload", print_payload_,
                 "Print the bytes that are to be signed and do not sign them; needs one --form");
    app.add_option("--signature", signature_,
                   "Attach this signature of the printed bytes, raw or in base64, checked by --key")
        ->type_name("FILE");
    output_.add_to(app);
    registry_.add_to(app);
    app.footer(
        "Signs an index and each image in it with a private key, and puts the signatures beside them, in both forms. A "
        "layout\n"
        "gets only bundles, unless --repository names the repository that the image will go to. Signing is "
        "deterministic: if\n"
        "you sign again, nothing is added. No entry is written to a transparency log.\n"
        "\n"
        "With a key in a KMS: print the bytes, let the KMS sign them, and attach the signature, for one manifest and "
        "one form\n"
        "at a time.\n"
        "\n"
        "Examples:\n"
        "  ociassemble sign registry.example.com/team/server:v1 --key release.key\n"
        "  ociassemble sign IMAGE@sha256:… --form bundle --print-payload >payload\n"
        "  ociassemble sign IMAGE@sha256:… --form bundle --signature payload.sig --key release.pub");
  }

  int run(const Streams& streams) override {
    require_one_way();
    const auto location = Location::parse(location_);
    const auto workplace = registry_.workplace(streams, output_.verbosity(), registry_of(location));
    auto root = reading(location_, [&] { return open_document(location, workplace); });
    if (!platform_.empty()) root = manifest_of_platform(root, platform_);
    const auto options = sign_options(location);
    if (print_payload_) {
      streams.out << signature_message(only_form(options), root.descriptor.digest, repository_in(location, options));
      return 0;
    }
    if (signer_) {
      for (const auto& document : documents_of(root, streams)) {
        print(sign_by_program(*signer_, document, location, workplace), streams);
      }
      return 0;
    }
    if (signature_) {
      only_form(options);
      print(sign_documents({root}, location, brought_signer(streams), options, workplace), streams);
      return 0;
    }
    const auto signer = make_signer(key_.read(streams));
    print(sign_documents(documents_of(root, streams), location, signer, options, workplace), streams);
    return 0;
  }

 private:
  void require_one_way() const {
    if (signer_ && (key_.is_given() || print_payload_ || signature_ || !forms_.empty())) {
      throw Error(ErrorCode::invalid_argument, "cannot sign: --signer has a key and forms of its own",
                  "leave --key, --form, --print-payload and --signature out, or --signer");
    }
    if (key_.is_given() || signer_ || print_payload_) return;
    throw Error(ErrorCode::invalid_argument, "cannot sign: there is no key",
                "add --key FILE; `ociassemble generate-key NAME` makes one");
  }

  std::vector<Document> documents_of(const Document& root, const Streams& streams) const {
    if (!platform_.empty()) return {root};
    return signed_documents(root, streams.stop);
  }

  SignOptions sign_options(const Location& location) const {
    SignOptions options;
    options.repository = repository_;
    if (!location.reference && !repository_) options.forms = {SignatureForm::bundle};
    if (!forms_.empty()) options.forms.clear();
    for (const auto& form : forms_) options.forms.push_back(parse_signature_form(form));
    return options;
  }

  static SignatureForm only_form(const SignOptions& options) {
    if (options.forms.size() == 1) return options.forms.front();
    throw Error(ErrorCode::invalid_argument, "cannot tell which bytes are to be signed: each form has its own",
                "add --form bundle or --form tag");
  }

  static std::string repository_in(const Location& location, const SignOptions& options) {
    if (options.repository) return *options.repository;
    if (location.reference) return location.reference->name();
    if (options.forms.front() == SignatureForm::bundle) return {};
    throw Error(ErrorCode::invalid_argument, "cannot tell what the image is called: a layout has no repository",
                "add --repository REGISTRY/REPOSITORY");
  }

  // Who signed is somewhere else; what was brought is checked before it goes anywhere.
  Signer brought_signer(const Streams& streams) const {
    auto bytes = read_file(*signature_, kLargestSignatureFile);
    const auto key = read_public_key(key_.text().value(), streams);
    const auto file = *signature_;
    return {key, [key, bytes, file](std::string_view message) {
              if (key.verifies(message, bytes)) return bytes;
              auto text = bytes;
              std::erase_if(text, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
              const auto decoded = decode_base64(text);
              if (decoded && key.verifies(message, *decoded)) return *decoded;
              throw Error(ErrorCode::check_failed,
                          "cannot attach " + file + ": it is not this key's signature of the printed bytes",
                          "print them anew by --print-payload, with the same image and --form, and sign those");
            }};
  }

  static void print(const std::vector<MadeSignature>& signatures, const Streams& streams) {
    for (const auto& one : signatures) {
      streams.out << one.manifest.to_string() << (one.form == SignatureForm::bundle ? " bundle" : " tag") << " of "
                  << one.subject.to_string() << '\n';
    }
  }

  std::string location_, platform_;
  std::vector<std::string> forms_;
  std::optional<std::string> repository_, signature_, signer_;
  bool print_payload_ = false;
  SigningKeyFlags key_;
  OutputFlags output_;
  RegistryFlags registry_;
};

}  // namespace

std::unique_ptr<Command> make_sign_command(CLI::App& app) { return std::make_unique<SignCommand>(app); }

}  // namespace ociassemble::tool
