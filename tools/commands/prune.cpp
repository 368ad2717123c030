// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include <ostream>

#include "base/text.hpp"
#include "commands/command.hpp"
#include "ociassemble/layout.hpp"
#include "report/counted.hpp"
#include "report/transfers.hpp"
#include "stream_sink.hpp"

namespace ociassemble::tool {
namespace {

class PruneCommand : public Command {
 public:
  explicit PruneCommand(CLI::App& app) {
    app.add_option("LAYOUT", layout_, "oci:DIR")->required();
    app.add_flag("--dry-run", dry_run_, "Remove nothing; print what would be removed");
    app.add_flag("--json", json_, "Print JSON")->group("Output");
    output_.add_quiet_to(app, "Print nothing but errors");
    app.footer(
        "Removes the blobs of an OCI layout that nothing in its index.json needs, such as the old layers of a tag that "
        "was\n"
        "built again. No other command does so. Nothing else may write to the layout meanwhile: a build adds its "
        "blobs\n"
        "to the index last.\n"
        "\n"
        "Examples:\n"
        "  ociassemble prune --dry-run oci:image\n"
        "  ociassemble prune oci:image");
  }

  int run(const Streams& streams) override {
    const auto location = Location::parse(layout_);
    if (location.kind != Location::Kind::oci_layout || location.name) {
      throw Error(ErrorCode::invalid_argument, "cannot prune " + location.to_string() + ": it is no whole layout",
                  "write oci:DIR");
    }
    auto layout = OciLayout::open(location.path);
    const auto pruned = layout.prune(dry_run_, streams.stop);
    if (json_) {
      StreamSink out(streams.out);
      print_prune_json(pruned, dry_run_, out);
    } else if (!output_.quiet()) {
      print(pruned, streams);
    }
    return 0;
  }

 private:
  void print(const std::vector<PrunedBlob>& pruned, const Streams& streams) const {
    std::uint64_t bytes = 0;
    for (const auto& blob : pruned) {
      streams.out << blob.digest.to_string() << "  " << format_size(blob.size) << '\n';
      bytes += blob.size;
    }
    streams.out << (dry_run_ ? "would remove " : "removed ") << counted(pruned.size(), "blob") << ", "
                << format_size(bytes) << '\n';
  }

  std::string layout_;
  bool dry_run_ = false;
  bool json_ = false;
  OutputFlags output_;
};

}  // namespace

std::unique_ptr<Command> make_prune_command(CLI::App& app) { return std::make_unique<PruneCommand>(app); }

}  // namespace ociassemble::tool
