// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include <ostream>
#include <set>

#include "base/guarded.hpp"
#include "commands/command.hpp"
#include "help/command_text.hpp"
#include "ociassemble/error.hpp"
#include "progress.hpp"

namespace ociassemble::tool {
namespace {

constexpr std::size_t kUsualColumns = 80;

// Bars need a terminal that can move its cursor.
std::shared_ptr<ProgressDisplay> make_display(const Streams& streams, Verbosity verbosity) {
  const auto terminal = streams.environment("TERM").value_or("");
  const bool can_have_bars = streams.err_is_terminal && !terminal.empty() && terminal != "dumb";
  const bool bars = verbosity == Verbosity::bars || (can_have_bars && verbosity != Verbosity::plain);
  return std::make_shared<ProgressDisplay>(streams.err,
                                           bars ? ProgressDisplay::Style::bars : ProgressDisplay::Style::lines,
                                           [columns = streams.err_columns] {
                                             const auto known = columns ? columns() : 0;
                                             return known != 0 ? known : kUsualColumns;
                                           });
}

std::function<void(const std::string&)> line_printer(std::shared_ptr<ProgressDisplay> display, std::string prefix) {
  return [display = std::move(display), prefix = std::move(prefix)](const std::string& line) {
    display->line(prefix + line);
  };
}

// "[REGISTRY=]URL"; a registry's name holds no '/'.
RegistryMirror parse_mirror(const std::string& text) {
  const auto equals = text.find('=');
  const bool named = equals != std::string::npos && text.find('/') > equals;
  RegistryMirror mirror{named ? text.substr(0, equals) : std::string(), named ? text.substr(equals + 1) : text};
  if (mirror.url.empty() || (named && mirror.registry.empty())) {
    throw Error(ErrorCode::invalid_argument, "cannot parse --registry-mirror \"" + text + "\": no registry or no URL",
                "write --registry-mirror [REGISTRY=][http://]HOST[:PORT][/PREFIX]");
  }
  return mirror;
}

// "*" would be every registry.
bool is_registry_name(const std::string& text) { return !text.empty() && text != "*"; }

// Each line once: several platforms of one build have the same to say.
std::function<void(const std::string&)> once(std::function<void(const std::string&)> print) {
  return
      [print = std::move(print), seen = std::make_shared<Guarded<std::set<std::string>>>()](const std::string& line) {
        if (seen->with([&](auto& lines) { return lines.insert(line).second; })) print(line);
      };
}

}  // namespace

void RegistryFlags::add_to(CLI::App& app) {
  const char* group = "Registries";
  app.add_option("--plain-http", plain_http_, "Use plain HTTP with this registry (loopback needs no flag); repeatable")
      ->type_name("HOST[:PORT]")
      ->take_all()
      ->group(group);
  app.add_option("--ca-file", ca_file_, "Also trust the CA certificates in this PEM file")
      ->type_name("FILE")
      ->group(group);
  app.add_flag("--insecure-skip-tls-verify", skip_tls_verify_, "Accept any TLS certificate")->group(group);
  app.add_option("--registry-mirror", mirrors_,
                 "Pull from this mirror of one registry or of all first, then from the registry; repeatable")
      ->type_name("[REGISTRY=]URL")
      ->take_all()
      ->group(group);
  app.add_flag("--no-system-mirrors", no_system_mirrors_,
               "Ignore the mirrors in the system's registries.conf and hosts.toml")
      ->group(group);
  // Read by run(), which stops the command when it is over.
  app.add_option("--timeout", timeout_, "Fail after this many seconds, at most 604800 (default: no limit)")
      ->type_name("SECONDS")
      ->check(CLI::Range(1, 7 * 24 * 60 * 60).description(""))
      ->group(group);
  app.add_flag("--trace-http", trace_, "Show each request and response, without secrets")->group(group);
  // Read by run(), too.
  app.add_option("--trace", trace_file_, "Write what took how long as a Chrome trace (chrome://tracing, Perfetto)")
      ->type_name("FILE")
      ->group(group);
  show_in_full_help_only(app, {"--plain-http", "--ca-file", "--insecure-skip-tls-verify", "--registry-mirror",
                               "--no-system-mirrors", "--timeout", "--trace-http", "--trace"});
}

Workplace RegistryFlags::workplace(const Streams& streams, Verbosity verbosity, const std::string& registry_name,
                                   const std::filesystem::path& cache_folder) const {
  Workplace workplace;
  workplace.cache_folder = cache_folder;
  const auto display = make_display(streams, verbosity);
  const bool shows_progress = verbosity != Verbosity::quiet && verbosity != Verbosity::result;
  workplace.stop = streams.stop;
  workplace.warn = once(line_printer(display, "ociassemble: warning: "));
  if (verbosity != Verbosity::quiet) workplace.notice = workplace.warn;
  if (shows_progress) workplace.progress = line_printer(display, "");
  auto& registry = workplace.registry;
  registry.cache_folder = cache_folder;
  registry.plain_http = plain_http_;
  registry.ca_file = ca_file_;
  registry.verify_tls = !skip_tls_verify_;
  for (const auto& text : mirrors_) registry.mirrors.push_back(parse_mirror(text));
  registry.system_mirrors = !no_system_mirrors_;
  const auto named = streams.environment("OCIASSEMBLE_REGISTRY").value_or("");
  registry.credentials_registry = is_registry_name(named) ? named : named.empty() ? registry_name : std::string();
  registry.username = streams.environment("OCIASSEMBLE_USERNAME");
  registry.password = streams.environment("OCIASSEMBLE_PASSWORD");
  registry.warn = workplace.warn;
  if (trace_) registry.trace = line_printer(display, "");
  if (shows_progress) {
    workplace.name_blob = [display](const Digest& digest, const std::string& name) {
      display->name_blob(digest, name);
    };
  }
  if (shows_progress) registry.progress = [display](const TransferEvent& event) { display->transfer(event); };
  workplace.client = std::make_shared<RegistryClient>(registry, workplace.stop);
  return workplace;
}

}  // namespace ociassemble::tool
