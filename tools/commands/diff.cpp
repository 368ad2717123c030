// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include <limits>
#include <ostream>

#include "commands/command.hpp"
#include "ociassemble/places.hpp"
#include "report/comparisons.hpp"
#include "stream_sink.hpp"

namespace ociassemble::tool {
namespace {

class DiffCommand : public Command {
 public:
  explicit DiffCommand(CLI::App& app) {
    const char* kinds = "oci:DIR[:TAG], oci-archive:FILE, docker-archive:FILE or REGISTRY/REPOSITORY[:TAG]";
    app.add_option("BEFORE", before_, kinds)->required();
    app.add_option("AFTER", after_, kinds)->required();
    app.add_option("--platform", platform_, "Compare only this platform's images, for example linux/arm64")
        ->type_name("OS/ARCH");
    auto* files = app.add_flag("-a,--all", all_, "Show every file that differs, not the first 20 of a layer");
    app.add_flag("--no-files", no_files_, "Do not read layers; compare documents only")->excludes(files);
    app.add_flag("--json", json_, "Print JSON, with every file")->group("Output");
    output_.add_quiet_to(app, "Print nothing; the exit status tells");
    registry_.add_to(app);
    app.footer(
        "Says what differs: the base, layers (and which files in them, and how), the config, annotations. Two indexes "
        "are\n"
        "compared platform by platform. Layers with equal diff IDs are not read. Exit status 0: the same digest; 3: "
        "different.\n"
        "\n"
        "Before a layer: = the same, z the same contents by another compressor, ~ changed, + added, - removed, > "
        "moved.\n"
        "\n"
        "Examples:\n"
        "  ociassemble diff registry.example.com/team/server:v1 registry.example.com/team/server:v2\n"
        "  ociassemble diff --all oci:image:v1 docker-archive:image.tar\n"
        "  ociassemble diff --no-files alpine:3.19 alpine:3.20 --platform linux/arm64");
  }

  int run(const Streams& streams) override {
    const auto first = Location::parse(before_);
    const auto second = Location::parse(after_);
    const auto workplace = registry_.workplace(streams, Verbosity::result, chief_registry({}, {first, second}));
    const auto before = reading(before_, [&] { return open_document(first, workplace); });
    const auto after = reading(after_, [&] { return open_document(second, workplace); });
    const auto result = compare(before, after, platform(), {.read_layers = !no_files_, .stop = streams.stop});
    StreamSink out(streams.out);
    if (json_ && !output_.quiet()) {
      print_comparison_json(result, out);
    } else if (!output_.quiet()) {
      describe_comparison(result, shown_files(), out);
    }
    return result.verdict() == Verdict::same ? 0 : 3;
  }

 private:
  std::optional<Platform> platform() const {
    return platform_.empty() ? std::nullopt : std::optional(Platform::parse(platform_));
  }

  std::size_t shown_files() const { return all_ ? std::numeric_limits<std::size_t>::max() : kShownFiles; }

  static constexpr std::size_t kShownFiles = 20;

  std::string before_;
  std::string after_;
  std::string platform_;
  bool all_ = false;
  bool no_files_ = false;
  bool json_ = false;
  OutputFlags output_;
  RegistryFlags registry_;
};

}  // namespace

std::unique_ptr<Command> make_diff_command(CLI::App& app) { return std::make_unique<DiffCommand>(app); }

}  // namespace ociassemble::tool
