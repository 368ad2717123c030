// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include <optional>
#include <ostream>

#include "base/text.hpp"
#include "commands/command.hpp"
#include "commands/repair.hpp"
#include "commands/same_app.hpp"
#include "commands/signed.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/places.hpp"
#include "ociassemble/verify.hpp"
#include "report/counted.hpp"
#include "report/images.hpp"

namespace ociassemble::tool {
namespace {

class VerifyCommand : public Command {
 public:
  explicit VerifyCommand(CLI::App& app) {
    app.add_option(
           "LOCATION", locations_,
           "oci:DIR[:TAG], oci-archive:FILE, docker-archive:FILE or REGISTRY/REPOSITORY[:TAG]; two of them with "
           "--same-app")
        ->required()
        ->expected(1, 2);
    app.add_flag("--json", json_, "Print JSON")->group("Output");
    output_.add_quiet_to(app, "Print nothing but problems");
    signed_.add_to(app);
    same_app_.add_to(app);
    repair_.add_to(app);
    registry_.add_to(app);
    app.footer(
        "Reads every byte once and recomputes digests, sizes, media types, diff IDs and history. A layout without a "
        "tag is\n"
        "checked as a whole. Exit status 3 if something is wrong.\n"
        "\n"
        "With --key: checks that this key signed the image, and that it signed the documents that --require names. No "
        "layer is\n"
        "read. Prints the image with its digest, as a deployment should name it. A signed index covers its images; an "
        "image\n"
        "that you name by its own digest needs a signature of its own, or --through INDEX. No transparency log is "
        "consulted.\n"
        "\n"
        "With --repair: first replaces missing and damaged blobs of an OCI layout with those of --from. Exit status 0 "
        "if\n"
        "nothing is wrong afterwards.\n"
        "\n"
        "With --same-app: unpacks both images in memory, for each platform, and compares every file, with links "
        "resolved. Exit\n"
        "status 0 only if the files of the application have the same bytes, no other file hides them, and both images "
        "start\n"
        "the same way: interpreter, libraries, loader, PATH. The files of the application are those that build added; "
        "in an\n"
        "image that another tool made, all files above the annotated base. Other differences are listed; with --strict "
        "they\n"
        "must be allowed.\n"
        "\n"
        "Examples:\n"
        "  ociassemble verify oci:image:v1\n"
        "  ociassemble verify registry.example.com/team/server:v1\n"
        "  ociassemble verify --key release.pub --require signature,sbom registry.example.com/team/server:v1\n"
        "  ociassemble verify --repair --from registry.example.com/team/server:v1 oci:image:v1\n"
        "  ociassemble verify --same-app registry.example.com/app:v1-dev registry.example.com/app:v1\n"
        "  ociassemble verify --same-app --strict --allow env --allow files:/etc/app oci:app:dev oci:app:prod");
  }

  int run(const Streams& streams) override {
    if (same_app_.is_asked(locations_)) return same_app_.run(locations_, registry_, streams, kind_of_output());
    if (signed_.is_asked()) {
      if (repair_.is_asked()) {
        throw Error(ErrorCode::invalid_argument, "cannot repair and check signatures at once",
                    "repair first, then run verify --key");
      }
      return signed_.run(locations_.front(), registry_, streams, output_.quiet(), json_);
    }
    const auto location = Location::parse(locations_.front());
    auto named = repair_.named();
    named.insert(named.begin(), location);
    const auto workplace = registry_.workplace(streams, output_.quiet() ? Verbosity::quiet : Verbosity::automatic,
                                               chief_registry({}, named));
    std::optional<RepairReport> repaired;
    if (repair_.is_asked()) {
      repaired = repair_.run(location, workplace, streams);
      RepairFlags::print(*repaired, streams, output_.quiet() || json_);
    }
    const auto report = check(location, workplace, repaired && !repaired->left.empty(), streams);
    if (json_) {
      streams.out << verify_json(report, repaired);
    } else {
      print(report, streams);
    }
    return report.problems.empty() ? 0 : 3;
  }

 private:
  // A root whose bytes are not those of its digest is as bad as any other blob; one that is not there was not named, or
  // could not be repaired.
  VerifyReport check(const Location& location, const Workplace& workplace, bool is_known_bad,
                     const Streams& streams) const {
    std::optional<Document> root;
    try {
      root = reading(locations_.front(), [&] { return open_document(location, workplace, LayoutScope::whole); });
    } catch (const Error& error) {
      const bool is_bad = error.code() == ErrorCode::corrupt || (is_known_bad && error.code() == ErrorCode::not_found);
      if (!is_bad) throw;
      VerifyReport report;
      report.problems.emplace_back(error.what());
      return report;
    }
    return verify(*root, streams.stop);
  }

  void print(const VerifyReport& report, const Streams& streams) const {
    for (const auto& problem : report.problems) streams.err << "ociassemble: " << terminal_text(problem) << '\n';
    if (output_.quiet()) return;
    streams.out << (report.problems.empty() ? "ok: " : "bad: ") << counted(report.manifests, "manifest") << ", "
                << counted(report.layers, "layer") << ", " << format_size(report.bytes) << " read, "
                << counted(report.problems.size(), "problem") << '\n';
  }

  SameAppFlags::Output kind_of_output() const {
    if (json_) return SameAppFlags::Output::json;
    return output_.quiet() ? SameAppFlags::Output::none : SameAppFlags::Output::text;
  }

  std::vector<std::string> locations_;
  SignedFlags signed_;
  SameAppFlags same_app_;
  RepairFlags repair_;
  bool json_ = false;
  OutputFlags output_;
  RegistryFlags registry_;
};

}  // namespace

std::unique_ptr<Command> make_verify_command(CLI::App& app) { return std::make_unique<VerifyCommand>(app); }

}  // namespace ociassemble::tool
