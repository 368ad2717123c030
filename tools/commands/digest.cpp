// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include <ostream>

#include "commands/command.hpp"
#include "ociassemble/places.hpp"
#include "report/transfers.hpp"

namespace ociassemble::tool {
namespace {

class DigestCommand : public Command {
 public:
  explicit DigestCommand(CLI::App& app) {
    app.add_option("LOCATION", location_,
                   "REGISTRY/REPOSITORY[:TAG], oci:DIR[:TAG], oci-archive:FILE or docker-archive:FILE")
        ->required();
    app.add_option("--platform", platform_, "Manifest of this platform of an index, for example linux/arm64")
        ->type_name("OS/ARCH");
    app.add_flag("--json", json_, "Print JSON: digest, media type, size")->group("Output");
    output_.add_quiet_to(app);
    registry_.add_to(app);
    app.footer(
        "Prints the digest of the manifest or index that a name stands for now. In a registry that is one request; no\n"
        "layer is read.\n"
        "\n"
        "Examples:\n"
        "  ociassemble digest alpine:3.20\n"
        "  ociassemble digest --platform linux/arm64 registry.example.com/team/server:v1\n"
        "  ociassemble digest oci:image:v1");
  }

  int run(const Streams& streams) override {
    const auto location = Location::parse(location_);
    const auto workplace = registry_.workplace(streams, Verbosity::result, registry_of(location));
    std::optional<Platform> platform;
    if (!platform_.empty()) platform = Platform::parse(platform_);
    const auto found = reading(location_, [&] { return resolve(location, platform, workplace); });
    streams.out << (json_ ? digest_json(found) : found.digest.to_string() + "\n");
    return 0;
  }

 private:
  std::string location_;
  std::string platform_;
  bool json_ = false;
  OutputFlags output_;
  RegistryFlags registry_;
};

}  // namespace

std::unique_ptr<Command> make_digest_command(CLI::App& app) { return std::make_unique<DigestCommand>(app); }

}  // namespace ociassemble::tool
