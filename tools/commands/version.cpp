// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include <ostream>

#include "commands/command.hpp"
#include "report/versions.hpp"

namespace ociassemble::tool {
namespace {

class VersionCommand : public Command {
 public:
  explicit VersionCommand(CLI::App& app) {
    app.add_flag("--json", json_, "Print JSON")->group("Output");
    output_.add_quiet_to(app);
    app.footer(
        "Layer digests depend on the layer format and, for compressed layers, on the codecs' versions; diff IDs on the "
        "layer format alone.");
  }

  int run(const Streams& streams) override {
    streams.out << (json_ ? version_json() : version_text());
    return 0;
  }

 private:
  bool json_ = false;
  OutputFlags output_;
};

}  // namespace

std::unique_ptr<Command> make_version_command(CLI::App& app) { return std::make_unique<VersionCommand>(app); }

}  // namespace ociassemble::tool
