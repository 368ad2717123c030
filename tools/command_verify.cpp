// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include <ostream>

#include "command.hpp"
#include "ociassemble/report.hpp"
#include "ociassemble/verify.hpp"

namespace ociassemble::tool {
namespace {

class VerifyCommand : public Command {
 public:
  explicit VerifyCommand(CLI::App& app) {
    app.add_option("LOCATION", location_,
                   "oci:DIR[:TAG], oci-archive:FILE, docker-archive:FILE or REGISTRY/REPOSITORY[:TAG]")
        ->required();
    app.add_flag("--json", json_, "Print JSON");
    app.add_flag("-q,--quiet", quiet_, "Print nothing but problems");
    registry_.add_to(app);
    app.footer(
        "Reads every byte once and recomputes digests, sizes, media types, diff IDs and history. A layout without a "
        "tag is\n"
        "checked whole. Exit status 3 when something is wrong.\n"
        "\n"
        "Examples:\n"
        "  ociassemble verify oci:image:v1\n"
        "  ociassemble verify registry.example.com/team/server:v1");
  }

  int run(const Streams& streams) override {
    const auto location = Location::parse(location_);
    const auto workplace = registry_.workplace(streams, quiet_, registry_of(location));
    const auto root = open_document(location, workplace, LayoutScope::whole);
    const auto report = verify(root, streams.stop);
    if (json_) {
      streams.out << verify_json(report);
    } else {
      print(report, streams);
    }
    return report.problems.empty() ? 0 : 3;
  }

 private:
  void print(const VerifyReport& report, const Streams& streams) const {
    for (const auto& problem : report.problems) streams.err << "ociassemble: " << terminal_text(problem) << '\n';
    if (quiet_) return;
    streams.out << (report.problems.empty() ? "ok: " : "bad: ") << report.manifests << " manifests, " << report.layers
                << " layers, " << format_size(report.bytes) << " read, " << report.problems.size() << " problems\n";
  }

  std::string location_;
  bool json_ = false;
  bool quiet_ = false;
  RegistryFlags registry_;
};

}  // namespace

std::unique_ptr<Command> make_verify_command(CLI::App& app) { return std::make_unique<VerifyCommand>(app); }

}  // namespace ociassemble::tool
