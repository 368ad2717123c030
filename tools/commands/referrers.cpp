// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/referrers.hpp"

#include <CLI/CLI.hpp>

#include <ostream>

#include "base/text.hpp"
#include "commands/command.hpp"
#include "ociassemble/document.hpp"
#include "ociassemble/places.hpp"
#include "report/referrers.hpp"
#include "stream_sink.hpp"

namespace ociassemble::tool {
namespace {

class ReferrersCommand : public Command {
 public:
  explicit ReferrersCommand(CLI::App& app) {
    app.add_option("IMAGE", location_, "oci:DIR[:TAG], oci-archive:FILE or REGISTRY/REPOSITORY[:TAG]")->required();
    app.add_option("--type", type_, "Only referrers of this artifact type, such as application/spdx+json")
        ->type_name("TYPE");
    app.add_option("--platform", platform_, "Referrers of the image of this platform, not of the whole index")
        ->type_name("OS/ARCH");
    app.add_flag("--json", json_, "Print JSON")->group("Output");
    output_.add_to(app);
    registry_.add_to(app);
    app.footer(
        "SBOMs, signatures and attestations that name the image, or a manifest of its index, as their subject; and "
        "cosign's tags.\n"
        "Their contents are not checked.\n"
        "\n"
        "Examples:\n"
        "  ociassemble referrers registry.example.com/team/server:v1\n"
        "  ociassemble referrers --json oci:image:v1 | jq -r '.[].artifactType'");
  }

  int run(const Streams& streams) override {
    const auto location = Location::parse(location_);
    const auto workplace = registry_.workplace(streams, output_.verbosity(json_), registry_of(location));
    auto root = reading(location_, [&] { return open_document(location, workplace); });
    if (!platform_.empty()) root = manifest_of_platform(root, platform_);
    auto referrers = find_referrers(root, location, workplace);
    if (!type_.empty()) {
      std::erase_if(referrers, [&](const Referrer& one) { return one.descriptor.artifact_type != type_; });
    }
    if (json_) {
      StreamSink out(streams.out);
      print_referrers_json(referrers, out);
    } else {
      streams.out << describe_referrers(root.descriptor.digest, referrers);
    }
    return 0;
  }

 private:
  std::string location_;
  std::string type_;
  std::string platform_;
  bool json_ = false;
  OutputFlags output_;
  RegistryFlags registry_;
};

}  // namespace

std::unique_ptr<Command> make_referrers_command(CLI::App& app) { return std::make_unique<ReferrersCommand>(app); }

}  // namespace ociassemble::tool
