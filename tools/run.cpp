// SPDX-License-Identifier: Apache-2.0
#include "run.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
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

#include "base/output_file.hpp"
#include "base/text.hpp"
#include "base/trace.hpp"
#include "base/waiting.hpp"
#include "commands/command.hpp"
#include "commands/option_claims.hpp"
#include "deadline.hpp"
#include "help/command_text.hpp"
#include "help/completion.hpp"
#include "help/describe_commands.hpp"
#include "help/help_text.hpp"
#include "help/usage_error.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/version.hpp"
#include "progress.hpp"

namespace ociassemble::tool {
namespace {

constexpr const char* kDescription =
    "ociassemble assembles an OCI image from a static Go binary and a base image, without Docker.";

constexpr const char* kToolFooter =
    "Examples:\n"
    "  ociassemble build --binary ./server -o oci:image:v1\n"
    "  ociassemble build --binary ./server --base alpine:3.20 --push registry.example.com/team/server:v1\n"
    "  ociassemble push oci:image:v1 registry.example.com/team/server:v1\n"
    "  ociassemble inspect oci:image:v1\n"
    "  ociassemble verify oci:image\n"
    "\n"
    "`ociassemble help COMMAND` shows a command's options and examples. The same inputs give the same digest on every\n"
    "machine.\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 usage error, 3 a check found something.";

constexpr const char* kNetworkHint =
    "check the registry's name, the network and the proxy variables; --trace-http shows the requests";

using Commands = std::vector<std::pair<CLI::App*, std::unique_ptr<Command>>>;

// The next step for errors that say none themselves, and are the same wherever they come from.
std::string usual_hint(const Error& error) {
  const std::string_view message = error.what();
  if (!error.hint().empty()) return error.hint();
  // An error about a file's member begins with its place: "FILE:LINE:COLUMN: MEMBER: ".
  const auto has_place_before = [&](std::string_view cause) {
    return message.find(": " + std::string(cause)) != std::string_view::npos;
  };
  if (message.starts_with("cannot reach ") || has_place_before("cannot reach ")) return kNetworkHint;
  if (message.starts_with("cannot read ") && message.ends_with(": Is a directory")) return "name a file, not a folder";
  if (!message.ends_with(": No such file or directory")) return {};
  if (message.starts_with("cannot create ")) return "make the folder first, or correct the path";
  if (message.starts_with("cannot open "))
    return "correct the path; a relative one is taken from the working directory";
  if (has_place_before("cannot open "))
    return "correct the path; a relative one is taken from the folder of the file that names it";
  return {};
}

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

std::optional<std::chrono::seconds> timeout_of(const CLI::App& app) {
  const auto* option = app.get_option_no_throw("--timeout");
  if (option == nullptr || option->count() == 0) return {};
  return std::chrono::seconds(option->as<std::uint32_t>());
}

// Empty without --trace.
std::string trace_file_of(const CLI::App& app) {
  const auto* option = app.get_option_no_throw("--trace");
  return option == nullptr || option->count() == 0 ? std::string() : option->as<std::string>();
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

void write_trace(const std::string& file, const Streams& streams) {
  const auto trace = finish_trace();
  write_output(file, as_bytes(trace.json));
  if (trace.left_out != 0) {
    streams.err << "ociassemble: warning: the trace lacks the last " << trace.left_out
                << " spans: there were too many\n";
  }
}

// What a command that failed did is written as well; its own error is the one that counts. A usage error may be about
// this very file, and nothing was done.
int run_traced(const std::string& name, const std::string& file, Command& command, const Streams& streams,
               const std::optional<Deadline>& deadline) {
  if (file.empty()) return run_until(command, streams, deadline);
  start_trace();
  int status = 0;
  try {
    const TraceSpan span(name);
    status = run_until(command, streams, deadline);
  } catch (const std::exception& failure) {
    const auto* told = dynamic_cast<const Error*>(&failure);
    if (told != nullptr && told->code() == ErrorCode::invalid_argument) throw;
    try {
      write_trace(file, streams);
    } catch (const Error& error) {
      streams.err << "ociassemble: warning: " << terminal_text(error.what()) << '\n';
    }
    throw;
  }
  write_trace(file, streams);
  return status;
}

int run_parsed(const Commands& commands, const Streams& streams) {
  for (const auto& [app, command] : commands) {
    if (!app->parsed()) continue;
    check_named_files(*app);
    // Made only where it was asked for: it needs a thread.
    const auto timeout = timeout_of(*app);
    std::optional<Deadline> deadline;
    Streams limited = streams;
    if (timeout) limited.stop = deadline.emplace(*timeout, streams.stop).token();
    const ScopedWaitListener listener(limited.stop, [&streams](const std::string& line) {
      ProgressDisplay::print(streams.err, "ociassemble: " + line);
    });
    const int status = run_traced(app->get_name(), trace_file_of(*app), *command, limited, deadline);
    streams.out.flush();
    if (!streams.out) throw Error(ErrorCode::io, "cannot write to the standard output");
    if (status == 0) command->after_run();
    return status;
  }
  throw Error(ErrorCode::invalid_argument, "no command given", "ociassemble --help lists the commands");
}

bool is_quiet(const std::string& argument) { return argument == "-q" || argument == "--quiet"; }

// "-q COMMAND …" as "COMMAND -q …", "help COMMAND" as "COMMAND --help". Throws where the command is unknown.
std::vector<std::string> in_usual_form(const CLI::App& app, std::vector<std::string> arguments) {
  const auto first = std::ranges::find_if_not(arguments, is_quiet);
  const std::vector<std::string> quiet(arguments.begin(), first);
  arguments.erase(arguments.begin(), first);
  if (arguments.empty()) return arguments;
  if (arguments.front().starts_with('-')) {
    constexpr std::array<std::string_view, 4> kOwn{"-h", "--help", "--help-all", "--version"};
    if (std::ranges::find(kOwn, arguments.front()) == kOwn.end()) throw misplaced_option(arguments.front());
    return {arguments.front()};
  }
  const bool asks_for_help = arguments.front() == "help" && arguments.size() > 1;
  if (asks_for_help && !arguments[1].starts_with('-')) arguments.erase(arguments.begin());
  const auto& name = arguments.front();
  const auto known = app.get_subcommands([&](const CLI::App* one) { return one->get_name() == name; });
  if (known.empty()) throw unknown_command(app, name);
  if (asks_for_help) {
    const bool all = std::ranges::find(arguments, "--help-all") != arguments.end();
    return {name, all ? "--help-all" : "--help"};
  }
  if (name == "help") return {"--help"};
  if (!quiet.empty()) arguments.insert(arguments.begin() + 1, "-q");
  return arguments;
}

// What follows "--" is for the program that is run, not for the parser; see program_words().
std::vector<std::string> without_program_words(std::vector<std::string> arguments) {
  if (arguments.empty() || (arguments.front() != "run" && arguments.front() != "run-spec")) return arguments;
  arguments.erase(std::ranges::find(arguments, "--"), arguments.end());
  return arguments;
}

void print_help(const CLI::App& app, HelpScope scope, const Streams& streams) {
  const auto parsed = app.get_subcommands();
  const auto known = streams.err_columns ? streams.err_columns() : 0;
  const auto columns = known == 0 ? kWidestHelp : std::clamp<std::size_t>(known, 60, kWidestHelp);
  streams.out << help_text(describe_command(parsed.empty() ? app : *parsed.front()), scope, columns);
}

int parse_and_run(CLI::App& app, const Commands& commands, const std::vector<std::string>& arguments,
                  const Streams& streams) {
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // the order that CLI11 wants
  } catch (const CLI::CallForVersion&) {
    streams.out << "ociassemble " << version() << '\n';
    return 0;
  } catch (const CLI::CallForAllHelp&) {
    print_help(app, HelpScope::all, streams);
    return 0;
  } catch (const CLI::Success&) {
    print_help(app, HelpScope::common, streams);
    return 0;
  } catch (const CLI::ParseError& error) {
    throw usage_error(error, app, arguments);
  }
  return run_parsed(commands, streams);
}

// What --help and --help-all say of themselves, in each command.
void name_help(CLI::App& app) {
  app.set_help_flag("-h,--help", "Show the common options and examples")->group("Help");
  app.set_help_all_flag("--help-all", "Show all options")->group("Help");
}

// What completion scripts and the build's man pages ask; neither is in the help.
constexpr std::string_view kComplete = "complete";
constexpr std::string_view kDescribe = "describe-commands";

bool is_hidden_command(std::span<const char* const> arguments) {
  return !arguments.empty() && (arguments.front() == kComplete || arguments.front() == kDescribe);
}

int run_hidden_command(const CLI::App& app, std::span<const char* const> arguments, const Streams& streams) {
  const auto tool = describe_command(app);
  std::vector<CommandText> commands;
  for (const auto& command : tool.commands)
    commands.push_back(describe_command(*app.get_subcommand(command.names.front())));
  if (arguments.front() == kDescribe) {
    commands.insert(commands.begin(), tool);
    streams.out << commands_json(commands);
  } else {
    std::vector<std::string> words(arguments.begin() + 1, arguments.end());
    if (!words.empty() && words.front() == "--") words.erase(words.begin());
    streams.out << completion_lines(complete(words, tool, commands));
  }
  streams.out.flush();
  return streams.out ? 0 : 1;
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
    name_help(app);
    app.set_version_flag("--version", std::string(version()), "Show the version")->group("Help");
    Commands commands;
    const bool describes_all = is_hidden_command(arguments);
    const auto add = [&](const char* name, const char* description, auto make) {
      auto* sub = app.add_subcommand(name, description);
      // All are listed, but only those that can be meant get their options: making all would take milliseconds.
      if (!describes_all && std::ranges::find(arguments, std::string_view(name)) == arguments.end()) return;
      name_help(*sub);
      commands.emplace_back(sub, make(*sub));
    };
    add("build", "Assemble an image from a binary and a base; write it to a file or push it", make_build_command);
    add("push", "Push an image from a layout or archive to a registry", make_push_command);
    add("pull", "Pull an image from a registry into a layout or archive", make_pull_command);
    add("copy", "Copy an image between registries, layouts and archives", make_copy_command);
    add("tags", "List the tags of a repository", make_tags_command);
    add("digest", "Print the digest that a name stands for", make_digest_command);
    add("delete", "Delete a tag or a manifest in a registry", make_delete_command);
    add("login", "Check a registry's credentials and store them as docker does", make_login_command);
    add("logout", "Remove a registry's stored credentials", make_logout_command);
    add("import", "Convert a Dockerfile to a recipe", make_import_command);
    add("inspect", "Show the contents of an image", make_inspect_command);
    add("check", "Judge by a policy whether an image may be deployed", make_check_command);
    add("run", "Run an image, or build a recipe and run it, as the image declares", make_run_command);
    add("run-spec", "Print how to run an image: for docker, compose, podman, Kubernetes and others",
        make_run_spec_command);
    add("sbom", "List the contents of an image as SPDX or CycloneDX", make_sbom_command);
    add("vulnerabilities", "List the known vulnerabilities of an image", make_vulnerabilities_command);
    add("db", "Fetch databases of vulnerabilities", make_db_command);
    add("referrers", "List what refers to an image: SBOMs, signatures, attestations", make_referrers_command);
    add("attest", "Attach an attestation to an image, signed or unsigned", make_attest_command);
    add("generate-key", "Make a pair of keys to sign and verify with", make_generate_key_command);
    add("sign", "Sign an image with a key, as cosign does", make_sign_command);
    add("rebuild", "Make an image again from its provenance and compare", make_rebuild_command);
    add("diff", "Show how two images differ", make_diff_command);
    add("lock", "Pin the bases of builds, and report tags that moved", make_lock_command);
    add("verify", "Recompute every digest of an image from its bytes, or check who signed it", make_verify_command);
    add("prune", "Remove the blobs of a layout that nothing in it needs", make_prune_command);
    add("version", "Show the versions that layer digests depend on", make_version_command);
    auto* help = app.add_subcommand("help", "Show the options and examples of a command");
    name_help(*help);
    help->add_option("COMMAND", "Name of the command; without it the commands are listed");
    if (describes_all) return run_hidden_command(app, arguments, streams);
    const auto usual = without_program_words(in_usual_form(app, {arguments.begin(), arguments.end()}));
    auto with_arguments = streams;
    with_arguments.arguments = arguments;
    return parse_and_run(app, commands, usual, with_arguments);
  } catch (const Error& error) {
    if (nobody_reads()) return kNobodyReads;
    print_error(streams, error.what(), usual_hint(error));
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
