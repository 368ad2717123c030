// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include <istream>
#include <ostream>

#include "commands/command.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/login.hpp"

namespace ociassemble::tool {
namespace {

constexpr std::size_t kMaxPassword = std::size_t{32} << 10U;

// Docker's file, where docker, podman and others look, too.
std::filesystem::path config_file(const Streams& streams) {
  const auto docker = streams.environment("DOCKER_CONFIG");
  if (docker && !docker->empty()) return std::filesystem::path(*docker) / "config.json";
  const auto home = streams.environment("HOME");
  if (home && !home->empty()) return std::filesystem::path(*home) / ".docker" / "config.json";
  throw Error(ErrorCode::invalid_argument, "cannot find the file of credentials: neither DOCKER_CONFIG nor HOME is set",
              "set DOCKER_CONFIG to a folder");
}

// "ghcr.io", "https://ghcr.io/", "docker.io"; nothing is Docker Hub.
std::string parse_registry(std::string text) {
  for (const std::string scheme : {"https://", "http://"}) {
    if (text.rfind(scheme, 0) == 0) text.erase(0, scheme.size());
  }
  while (!text.empty() && text.back() == '/') text.pop_back();
  if (text.empty() || text == "index.docker.io/v1" || text == "index.docker.io") return "docker.io";
  if (text.find('/') != std::string::npos) {
    throw Error(ErrorCode::invalid_argument, "cannot log in to " + text + ": it is more than a registry's name",
                "name the host alone: " + text.substr(0, text.find('/')));
  }
  return Reference::parse(text + "/x").registry();
}

class LoginCommand : public Command {
 public:
  explicit LoginCommand(CLI::App& app) {
    app.add_option("REGISTRY", registry_name_, "HOST[:PORT] (default: docker.io)");
    app.add_option("-u,--username", username_,
                   "User name, or <token> for an identity token (default: OCIASSEMBLE_USERNAME)")
        ->type_name("USER");
    app.add_flag("--password-stdin", password_stdin_,
                 "Read the password from the standard input (default: OCIASSEMBLE_PASSWORD)");
    output_.add_quiet_to(app, "Print nothing but warnings and errors");
    registry_.add_to(app);
    app.footer(
        "The registry is asked whether it takes the credentials; then they are kept in $DOCKER_CONFIG/config.json\n"
        "(~/.docker/config.json), or by the helper that this file names, where docker and podman find them, too.\n"
        "A password is never taken from the command line, which others can read.\n"
        "\n"
        "Examples:\n"
        "  pass show ghcr | ociassemble login -u alice --password-stdin ghcr.io\n"
        "  ociassemble login -u '<token>' --password-stdin registry.example.com <token-file");
  }

  int run(const Streams& streams) override {
    const auto registry = parse_registry(registry_name_);
    const auto username = username_.empty() ? streams.environment("OCIASSEMBLE_USERNAME").value_or("") : username_;
    if (username.empty() || username.find(':') != std::string::npos) {
      throw Error(ErrorCode::invalid_argument,
                  "cannot log in to " + registry + (username.empty() ? ": no user" : ": a user name has no ':'"),
                  "add -u USER, or set OCIASSEMBLE_USERNAME");
    }
    const auto password = read_password(streams, registry);
    const auto file = config_file(streams);
    const auto workplace = registry_.workplace(streams, Verbosity::result, {});
    const auto check = check_login(registry, username, password, workplace.registry, streams.stop);
    if (check == LoginCheck::unasked) {
      workplace.warn(registry + " asks for no credentials; they are kept, but nothing says that they are right");
    }
    store_login(file, registry, username, password, streams.stop);
    if (!output_.quiet()) streams.err << "logged in to " << registry << " as " << username << '\n';
    return 0;
  }

 private:
  std::string read_password(const Streams& streams, const std::string& registry) const {
    std::string password;
    if (password_stdin_ && streams.in != nullptr) {
      for (char c = 0; password.size() <= kMaxPassword && streams.in->get(c);) password += c;
      while (!password.empty() && (password.back() == '\n' || password.back() == '\r')) password.pop_back();
    } else if (!password_stdin_) {
      password = streams.environment("OCIASSEMBLE_PASSWORD").value_or("");
    }
    if (!password.empty() && password.size() <= kMaxPassword) return password;
    throw Error(ErrorCode::invalid_argument,
                "cannot log in to " + registry + (password.empty() ? ": no password" : ": the password is too long"),
                "add --password-stdin and pipe it in, or set OCIASSEMBLE_PASSWORD");
  }

  std::string registry_name_, username_;
  bool password_stdin_ = false;
  OutputFlags output_;
  RegistryFlags registry_;
};

class LogoutCommand : public Command {
 public:
  explicit LogoutCommand(CLI::App& app) {
    app.add_option("REGISTRY", registry_name_, "HOST[:PORT] (default: docker.io)");
    output_.add_quiet_to(app, "Print nothing but errors");
    app.footer(
        "Removes what $DOCKER_CONFIG/config.json (~/.docker/config.json), or its helper, has for the registry.\n"
        "\n"
        "Examples:\n"
        "  ociassemble logout ghcr.io");
  }

  int run(const Streams& streams) override {
    const auto registry = parse_registry(registry_name_);
    const bool found = erase_login(config_file(streams), registry, streams.stop);
    if (!output_.quiet()) streams.err << (found ? "logged out of " : "was not logged in to ") << registry << '\n';
    return 0;
  }

 private:
  std::string registry_name_;
  OutputFlags output_;
};

}  // namespace

std::unique_ptr<Command> make_login_command(CLI::App& app) { return std::make_unique<LoginCommand>(app); }
std::unique_ptr<Command> make_logout_command(CLI::App& app) { return std::make_unique<LogoutCommand>(app); }

}  // namespace ociassemble::tool
