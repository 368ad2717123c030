// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include <ostream>

#include "base/text.hpp"
#include "commands/command.hpp"
#include "ociassemble/copy.hpp"
#include "report/transfers.hpp"
#include "stream_sink.hpp"

namespace ociassemble::tool {
namespace {

class TagsCommand : public Command {
 public:
  explicit TagsCommand(CLI::App& app) {
    app.add_option("REPOSITORY", repository_, "REGISTRY/REPOSITORY")->required();
    app.add_flag("--json", json_, "Print JSON: an array of names")->group("Output");
    output_.add_quiet_to(app);
    registry_.add_to(app);
    app.footer(
        "All tags, a line each, in the registry's order.\n"
        "\n"
        "Examples:\n"
        "  ociassemble tags registry.example.com/team/server\n"
        "  ociassemble tags --json alpine | jq -r '.[]'");
  }

  int run(const Streams& streams) override {
    const auto reference = Reference::parse(repository_);
    const auto workplace = registry_.workplace(streams, Verbosity::result, reference.registry());
    const auto tags = client_of(workplace)->tags(reference);
    if (json_) {
      StreamSink out(streams.out);
      print_tags_json(tags, out);
    } else {
      for (const auto& tag : tags) streams.out << terminal_text(tag) << '\n';
    }
    return 0;
  }

 private:
  std::string repository_;
  bool json_ = false;
  OutputFlags output_;
  RegistryFlags registry_;
};

}  // namespace

std::unique_ptr<Command> make_tags_command(CLI::App& app) { return std::make_unique<TagsCommand>(app); }

}  // namespace ociassemble::tool
