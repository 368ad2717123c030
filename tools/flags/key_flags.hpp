// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "ociassemble/signing_key.hpp"
#include "run.hpp"

namespace CLI {
class App;
}

namespace ociassemble::tool {

// How a passphrase is told: by a file, else COSIGN_PASSWORD, else at the terminal; never by an argument, which others
// can read.
class PassphraseFlags {
 public:
  void add_to(CLI::App& app, const std::string& group);
  // Asks when it is called. Throws Error{invalid_argument} where nobody can be asked.
  AskPassphrase of(const std::string& subject, const Streams& streams) const;
  PassphraseFlags or_file(const std::optional<std::string>& file) const;
  // The same for a new key: at the terminal it is asked for twice. Throws Error{invalid_argument} for an empty one.
  SecretBytes for_new_key(const std::string& subject, const Streams& streams) const;

 private:
  std::optional<std::string> file_;
};

// The private key that something is signed by.
class SigningKeyFlags {
 public:
  // `option` is "--key" or "--sign-key".
  void add_to(CLI::App& app, const char* option, const char* description, const std::string& group);
  bool is_given() const noexcept { return key_.has_value(); }
  const std::optional<std::string>& text() const noexcept { return key_; }
  // The key that was named on the command line. From here on the process leaves no core file.
  SigningKey read(const Streams& streams) const;
  // Another key, such as a recipe's; `passphrase_file` counts where none is on the command line.
  SigningKey read(const std::string& key, const std::optional<std::string>& passphrase_file,
                  const Streams& streams) const;

 private:
  std::optional<std::string> key_;
  PassphraseFlags passphrase_;
};

// A public key in the file of that name, or in the variable of "env:NAME".
PublicKey read_public_key(const std::string& text, const Streams& streams);

// Keeps secrets out of core files, and other processes of the same user from reading this one's memory.
void protect_memory() noexcept;

}  // namespace ociassemble::tool
