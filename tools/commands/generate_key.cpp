// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include <filesystem>
#include <ostream>

#include "base/atomic_file.hpp"
#include "commands/command.hpp"
#include "flags/key_flags.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/io.hpp"
#include "ociassemble/signing_key.hpp"

namespace ociassemble::tool {
namespace {

namespace fs = std::filesystem;

fs::path folder_of(const fs::path& file) { return file.has_parent_path() ? file.parent_path() : fs::path("."); }

void write_new(const fs::path& file, std::string_view bytes, Visibility visibility) {
  auto output = AtomicFile::in_folder(folder_of(file), Durability::synced, visibility);
  output.write(as_bytes(bytes));
  output.commit_as(file);
}

class GenerateKeyCommand : public Command {
 public:
  explicit GenerateKeyCommand(CLI::App& app) {
    app.add_option("NAME", name_, "NAME.key gets the private key, NAME.pub the public one")->required();
    app.add_option("--type", type_, "ecdsa-p256, which every verifier takes, or ed25519 (default: ecdsa-p256)")
        ->type_name("ecdsa-p256|ed25519");
    passphrase_.add_to(app, "Options");
    app.add_flag("--no-passphrase", no_passphrase_, "Leave the private key unencrypted");
    output_.add_quiet_to(app, "Print nothing but errors");
    app.footer(
        "Makes a pair of keys for `sign` and `verify`. The private key is encrypted as cosign does it, so cosign can "
        "use it, too;\n"
        "without a passphrase it is PKCS#8. Nothing that is there is replaced.\n"
        "\n"
        "Examples:\n"
        "  ociassemble generate-key release\n"
        "  ociassemble sign registry.example.com/team/server:v1 --key release.key\n"
        "  ociassemble verify registry.example.com/team/server:v1 --key release.pub");
  }

  int run(const Streams& streams) override {
    const fs::path private_file = name_ + ".key";
    const fs::path public_file = name_ + ".pub";
    for (const auto& file : {private_file, public_file}) require_new(file);
    protect_memory();
    const auto kind = parse_key_kind(type_);
    const auto passphrase = no_passphrase_ ? SecretBytes() : passphrase_.for_new_key(private_file.string(), streams);
    const auto key = SigningKey::generate(kind);
    write_new(public_file, key.public_key().to_pem(), Visibility::as_umask);
    write_new(private_file, key.to_pem(no_passphrase_ ? nullptr : &passphrase).text(), Visibility::owner);
    if (!output_.quiet()) streams.err << "wrote " << private_file.string() << " and " << public_file.string() << '\n';
    return 0;
  }

 private:
  static void require_new(const fs::path& file) {
    std::error_code error;
    if (!fs::exists(fs::symlink_status(file, error))) return;
    throw Error(ErrorCode::invalid_argument, "cannot write the key " + file.string() + ": there is such a file",
                "a key is never replaced; take another name");
  }

  std::string name_;
  std::string type_ = "ecdsa-p256";
  PassphraseFlags passphrase_;
  bool no_passphrase_ = false;
  OutputFlags output_;
};

}  // namespace

std::unique_ptr<Command> make_generate_key_command(CLI::App& app) { return std::make_unique<GenerateKeyCommand>(app); }

}  // namespace ociassemble::tool
