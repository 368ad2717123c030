// SPDX-License-Identifier: Apache-2.0
#include "flags/key_flags.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <cstring>

#include <algorithm>
#include <ostream>

#include "base/escape.hpp"
#include "base/file_status.hpp"
#include "base/unique_fd.hpp"
#include "io/streams.hpp"
#include "ociassemble/error.hpp"

namespace ociassemble::tool {
namespace {

constexpr std::size_t kLargestSecret = std::size_t{64} << 10U;
constexpr std::string_view kVariable = "env:";
constexpr const char* kPassphraseVariable = "COSIGN_PASSWORD";

// Straight into memory that is wiped.
SecretBytes read_secret_file(const std::string& path) {
  FileSource source{std::filesystem::path(path)};
  SecretBytes bytes(kLargestSecret + 1);
  const auto count = read_full(source, std::as_writable_bytes(std::span(bytes.data(), bytes.size())));
  if (count > kLargestSecret) throw Error(ErrorCode::corrupt, "cannot read " + path + ": it is larger than any key");
  bytes.shrink(count);
  return bytes;
}

std::optional<SecretBytes> read_variable(const char* name, const Streams& streams) {
  auto value = streams.environment(name);
  if (!value) return {};
  auto secret = SecretBytes::copy_of(*value);
  ::explicit_bzero(value->data(), value->size());
  return secret;
}

SecretBytes read_key_text(const std::string& text, const Streams& streams) {
  if (!text.starts_with(kVariable)) return read_secret_file(text);
  const auto name = text.substr(kVariable.size());
  auto value = read_variable(name.c_str(), streams);
  if (value && !value->empty()) return std::move(*value);
  throw Error(ErrorCode::not_found, "cannot read the key " + text + ": the variable " + name + " is not set",
              "set it to the text of the key, or name a file");
}

// Whoever reads a key that is not encrypted signs as its owner does.
void warn_of_readers(const std::string& key, const SecretBytes& text, const Streams& streams) {
  if (key.starts_with(kVariable) || text.text().find("-----BEGIN PRIVATE KEY-----") == std::string_view::npos) return;
  const auto status = file_status(key);
  if (!status || !S_ISREG(status->st_mode) || (status->st_mode & S_IROTH) == 0) return;
  streams.err << "ociassemble: warning: every user of this machine can read the key " << key
              << ", which is not encrypted; chmod 600 " << shell_word(key) << '\n';
}

void drop_line_end(SecretBytes& secret) {
  while (!secret.empty() && (secret.text().back() == '\n' || secret.text().back() == '\r'))
    secret.shrink(secret.size() - 1);
}

// The terminal without an echo, and as it was afterwards.
class SilentTerminal {
 public:
  SilentTerminal() : fd_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (!fd_ || ::tcgetattr(fd_.get(), &before_) != 0) return;
    auto silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    silent.c_lflag |= ECHONL;
    is_silent_ = ::tcsetattr(fd_.get(), TCSAFLUSH, &silent) == 0;
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;
  ~SilentTerminal() {
    if (is_silent_) ::tcsetattr(fd_.get(), TCSAFLUSH, &before_);
  }

  std::optional<SecretBytes> ask(const std::string& question) {
    if (!is_silent_ || ::write(fd_.get(), question.data(), question.size()) < 0) return {};
    SecretBytes line(4096);
    const auto count = ::read(fd_.get(), line.data(), line.size());
    if (count <= 0) return {};
    line.shrink(static_cast<std::size_t>(count));
    drop_line_end(line);
    return line;
  }

 private:
  UniqueFd fd_;
  termios before_{};
  bool is_silent_ = false;
};

std::optional<SecretBytes> read_told(const std::optional<std::string>& file, const Streams& streams) {
  if (!file) return read_variable(kPassphraseVariable, streams);
  auto secret = read_secret_file(*file);
  drop_line_end(secret);
  return secret;
}

[[noreturn]] void refuse_to_ask(const std::string& subject) {
  throw Error(ErrorCode::invalid_argument, "cannot tell the passphrase of " + subject + ": there is no terminal to ask",
              "add --passphrase-file FILE, or set COSIGN_PASSWORD");
}

}  // namespace

void PassphraseFlags::add_to(CLI::App& app, const std::string& group) {
  app.add_option("--passphrase-file", file_,
                 "File with the key's passphrase (default: COSIGN_PASSWORD, else asked for at the terminal)")
      ->type_name("FILE")
      ->group(group);
}

AskPassphrase PassphraseFlags::of(const std::string& subject, const Streams& streams) const {
  return [subject, &streams, file = file_] {
    if (auto told = read_told(file, streams)) return std::move(*told);
    auto typed = SilentTerminal().ask("passphrase of " + subject + ": ");
    if (!typed) refuse_to_ask(subject);
    return std::move(*typed);
  };
}

PassphraseFlags PassphraseFlags::or_file(const std::optional<std::string>& file) const {
  auto flags = *this;
  if (!flags.file_) flags.file_ = file;
  return flags;
}

SecretBytes PassphraseFlags::for_new_key(const std::string& subject, const Streams& streams) const {
  auto passphrase = read_told(file_, streams);
  if (!passphrase) {
    SilentTerminal terminal;
    passphrase = terminal.ask("passphrase for " + subject + ": ");
    const auto again = passphrase ? terminal.ask("the same again: ") : std::nullopt;
    if (!passphrase || !again) refuse_to_ask(subject);
    if (passphrase->text() != again->text()) {
      throw Error(ErrorCode::invalid_argument, "cannot make " + subject + ": the two passphrases differ");
    }
  }
  if (!passphrase->empty()) return std::move(*passphrase);
  throw Error(ErrorCode::invalid_argument, "cannot make " + subject + ": the passphrase is empty",
              "add --no-passphrase if everybody who can read the file may use the key");
}

void SigningKeyFlags::add_to(CLI::App& app, const char* option, const char* description, const std::string& group) {
  app.add_option(option, key_, description)->type_name("FILE|env:NAME")->group(group);
  passphrase_.add_to(app, group);
}

SigningKey SigningKeyFlags::read(const Streams& streams) const { return read(key_.value(), {}, streams); }

SigningKey SigningKeyFlags::read(const std::string& key, const std::optional<std::string>& passphrase_file,
                                 const Streams& streams) const {
  protect_memory();
  const auto text = read_key_text(key, streams);
  warn_of_readers(key, text, streams);
  return SigningKey::parse(text.text(), key, passphrase_.or_file(passphrase_file).of(key, streams));
}

PublicKey read_public_key(const std::string& text, const Streams& streams) {
  return PublicKey::parse(read_key_text(text, streams).text(), text);
}

void protect_memory() noexcept {
  static_cast<void>(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
  const rlimit none{0, 0};
  static_cast<void>(::setrlimit(RLIMIT_CORE, &none));
}

}  // namespace ociassemble::tool
