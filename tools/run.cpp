// SPDX-License-Identifier: Apache-2.0
#include "run.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <new>
#include <optional>
#include <ostream>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "base/waiting.hpp"
#include "commands/command.hpp"
#include "deadline.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/version.hpp"

namespace ociassemble::tool {
namespace {

constexpr const char* kDescription =
    "ociassemble turns a compiled static Go binary and a base image into an OCI image, without Docker:\n"
    "the same inputs give the same digest on every machine.";

constexpr const char* kToolFooter =
    "Examples:\n"
    "  ociassemble build --binary ./server -o oci:image:v1\n"
    "  ociassemble build --binary ./server --base alpine:3.20 --push registry.example.com/team/server:v1\n"
    "  ociassemble push oci:image:v1 registry.example.com/team/server:v1\n"
    "  ociassemble inspect oci:image:v1\n"
    "  ociassemble verify oci:image\n"
    "\n"
    "Exit status: 0 done, 1 the work failed, 2 usage, 3 a check said no.";

using Commands = std::vector<std::pair<CLI::App*, std::unique_ptr<Command>>>;

void print_error(const Streams& streams, const std::string& message, const std::string& hint) {
  // Both may hold names of others; what a person wrote on several lines stays on them.
  const auto print = [&](std::string_view before, const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line); before = "  ")
      streams.err << before << terminal_text(line) << '\n';
  };
  print("ociassemble: ", message);
  print("  ", hint);
}

// The command whose options could not be parsed, for the hint.
std::string command_name(const CLI::App& app) {
  const auto parsed = app.get_subcommands();
  return parsed.empty() ? "ociassemble" : "ociassemble " + parsed.front()->get_name();
}

std::optional<std::chrono::seconds> timeout_of(const CLI::App& app) {
  const auto* option = app.get_option_no_throw("--timeout");
  if (option == nullptr || option->count() == 0) return {};
  return std::chrono::seconds(option->as<std::uint32_t>());
}

// A stop that comes of the deadline is no interruption by a signal.
int run_until(Command& command, const Streams& streams, const std::optional<Deadline>& deadline) {
  try {
    return command.run(streams);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::interrupted || !deadline || !deadline->has_passed()) throw;
    throw Error(ErrorCode::network,
                "the work did not end within the " + std::to_string(deadline->limit().count()) + " s of --timeout");
  }
}

int run_parsed(const Commands& commands, const Streams& streams) {
  for (const auto& [app, command] : commands) {
    if (!app->parsed()) continue;
    // Made only where it was asked for: it needs a thread.
    const auto timeout = timeout_of(*app);
    std::optional<Deadline> deadline;
    Streams limited = streams;
    if (timeout) limited.stop = deadline.emplace(*timeout, streams.stop).token();
    const ScopedWaitListener listener(limited.stop, [&streams](const std::string& line) {
      streams.err << "ociassemble: " << terminal_text(line) << '\n' << std::flush;
    });
    const int status = run_until(*command, limited, deadline);
    streams.out.flush();
    if (!streams.out) throw Error(ErrorCode::io, "cannot write to the standard output");
    return status;
  }
  throw Error(ErrorCode::invalid_argument, "no command given", "ociassemble --help lists them");
}

int parse_and_run(CLI::App& app, const Commands& commands, std::vector<std::string> arguments, const Streams& streams) {
  std::reverse(arguments.begin(), arguments.end());  // the order that CLI11 wants
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::CallForVersion&) {
    streams.out << "ociassemble " << version() << '\n';
    return 0;
  } catch (const CLI::Success&) {
    const auto parsed = app.get_subcommands();
    streams.out << (parsed.empty() ? app.help() : parsed.front()->help());
    return 0;
  } catch (const CLI::ParseError& error) {
    print_error(streams, error.what(), command_name(app) + " --help tells more");
    return exit_status(ErrorCode::invalid_argument);
  }
  return run_parsed(commands, streams);
}

}  // namespace

int run(std::span<const char* const> arguments, const Streams& streams) noexcept {
  const auto nobody_reads = [&streams] {
    return !streams.out && streams.out_has_no_reader && streams.out_has_no_reader();
  };
  try {
    CLI::App app(kDescription, "ociassemble");
    app.footer(kToolFooter);
    app.require_subcommand(0, 1);
    app.set_version_flag("--version", std::string(version()));
    Commands commands;
    const auto add = [&](const char* name, const char* description, auto make) {
      auto* sub = app.add_subcommand(name, description);
      // All are listed, but only those that can be meant get their options: making all would take milliseconds.
      if (std::ranges::find(arguments, std::string_view(name)) == arguments.end()) return;
      commands.emplace_back(sub, make(*sub));
    };
    add("build", "Make an image from a binary and a base, and put it where it was asked for", make_build_command);
    add("push", "Send an image from a layout or archive to a registry", make_push_command);
    add("pull", "Bring an image from a registry into a layout or archive", make_pull_command);
    add("copy", "Copy an image between registries, layouts and archives", make_copy_command);
    add("tags", "List the tags of a repository", make_tags_command);
    add("login", "Check a registry's credentials and keep them as docker does", make_login_command);
    add("logout", "Forget a registry's credentials", make_logout_command);
    add("import", "Turn a Dockerfile into a recipe", make_import_command);
    add("inspect", "Show what an image holds", make_inspect_command);
    add("sbom", "List what is in an image, as SPDX or CycloneDX", make_sbom_command);
    add("referrers", "Show what refers to an image: SBOMs, signatures, attestations", make_referrers_command);
    add("attest", "Put a statement about an image beside it", make_attest_command);
    add("diff", "Say what differs between two images", make_diff_command);
    add("lock", "Pin the bases of builds, and say what has moved", make_lock_command);
    add("verify", "Recompute every digest, size and diff ID of an image from its bytes", make_verify_command);
    add("prune", "Remove the blobs of a layout that nothing in it needs", make_prune_command);
    add("version", "Show the versions that layer digests depend on", make_version_command);
    auto with_arguments = streams;
    with_arguments.arguments = arguments;
    return parse_and_run(app, commands, {arguments.begin(), arguments.end()}, with_arguments);
  } catch (const Error& error) {
    if (nobody_reads()) return kNobodyReads;
    print_error(streams, error.what(), error.hint());
    return error.code() == ErrorCode::interrupted ? kInterrupted : exit_status(error.code());
  } catch (const std::bad_alloc&) {
    print_error(streams, "out of memory", "");
  } catch (const std::system_error& error) {
    print_error(streams, std::string("the system refused: ") + error.what(), "");
  } catch (const std::exception& error) {
    print_error(streams, std::string("internal error: ") + error.what(), "please report this");
  }
  return 1;
}

}  // namespace ociassemble::tool
