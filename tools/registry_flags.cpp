// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include <mutex>
#include <ostream>
#include <set>

#include "base/guarded.hpp"
#include "command.hpp"
#include "ociassemble/report.hpp"

namespace ociassemble::tool {
namespace {

// Lines from several threads, one at a time.
std::function<void(const std::string&)> line_printer(const Streams& streams, std::string prefix) {
  return [&err = streams.err, prefix = std::move(prefix),
          mutex = std::make_shared<std::mutex>()](const std::string& line) {
    const std::lock_guard lock(*mutex);
    err << prefix << line << '\n' << std::flush;
  };
}

// Each line once: several platforms of one build have the same to say.
std::function<void(const std::string&)> once(std::function<void(const std::string&)> print) {
  return
      [print = std::move(print), seen = std::make_shared<Guarded<std::set<std::string>>>()](const std::string& line) {
        if (seen->with([&](auto& lines) { return lines.insert(line).second; })) print(line);
      };
}

TransferProgress transfer_printer(std::function<void(const std::string&)> print) {
  return [print = std::move(print)](const TransferEvent& event) {
    switch (event.kind) {
      case TransferEvent::Kind::started:
      case TransferEvent::Kind::progressed:
        return;
      case TransferEvent::Kind::finished:
        return print("sent " + event.subject + " (" + format_size(event.total) + ")");
      case TransferEvent::Kind::mounted:
        return print("mounted " + event.subject);
      case TransferEvent::Kind::skipped:
        return print("already there: " + event.subject);
    }
  };
}

}  // namespace

void RegistryFlags::add_to(CLI::App& app) {
  const char* group = "Registries";
  app.add_option("--plain-http", plain_http_, "Speak plain HTTP to this HOST:PORT (loopback needs no permission)")
      ->type_name("HOST")
      ->take_all()
      ->group(group);
  app.add_option("--ca-file", ca_file_, "Trust the CA certificates of this PEM file, too")
      ->type_name("FILE")
      ->group(group);
  app.add_flag("--insecure-skip-tls-verify", skip_tls_verify_, "Accept any certificate")->group(group);
}

Workplace RegistryFlags::workplace(const Streams& streams, bool quiet, const std::string& registry_name) const {
  Workplace workplace;
  workplace.stop = streams.stop;
  workplace.warn = once(line_printer(streams, "ociassemble: warning: "));
  if (!quiet) workplace.progress = line_printer(streams, "");
  auto& registry = workplace.registry;
  registry.plain_http = plain_http_;
  registry.ca_file = ca_file_;
  registry.verify_tls = !skip_tls_verify_;
  registry.credentials_registry = streams.environment("OCIASSEMBLE_REGISTRY").value_or(registry_name);
  if (!registry.credentials_registry.empty()) {
    registry.username = streams.environment("OCIASSEMBLE_USERNAME");
    registry.password = streams.environment("OCIASSEMBLE_PASSWORD");
  }
  registry.warn = workplace.warn;
  if (!quiet) registry.progress = transfer_printer(workplace.progress);
  return workplace;
}

}  // namespace ociassemble::tool
