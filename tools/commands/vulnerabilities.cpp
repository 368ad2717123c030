// SPDX-License-Identifier: Apache-2.0
#include "ociassemble/vulnerabilities.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <ostream>

#include "commands/command.hpp"
#include "help/command_text.hpp"
#include "io/output.hpp"
#include "io/streams.hpp"
#include "ociassemble/document.hpp"
#include "ociassemble/places.hpp"
#include "ociassemble/sbom.hpp"
#include "policy/vulnerability_findings.hpp"
#include "report/findings.hpp"
#include "report/vulnerabilities.hpp"
#include "spec/timestamp.hpp"
#include "stream_sink.hpp"

namespace ociassemble::tool {
namespace {

class VulnerabilitiesCommand : public Command {
 public:
  explicit VulnerabilitiesCommand(CLI::App& app) {
    app.add_option("IMAGE", location_,
                   "oci:DIR[:TAG], oci-archive:FILE, docker-archive:FILE or REGISTRY/REPOSITORY[:TAG]")
        ->required();
    app.add_option("--db", databases_,
                   "Database on disk: OSV (zip or folder), the Go vulnerability database, Alpine's secdb, Debian's "
                   "tracker; repeatable")
        ->type_name("DIR|FILE")
        ->take_all()
        ->required();
    app.add_option("--vex", vex_, "Statements about the image's vulnerabilities: OpenVEX or CSAF; repeatable")
        ->type_name("FILE")
        ->take_all();
    app.add_option("--platform", platform_, "Image of this platform of an index, for example linux/arm64")
        ->type_name("OS/ARCH");
    add_counting(app);
    add_output(app);
    quiet_.add_quiet_to(app);
    registry_.add_to(app);
    show_in_full_help_only(app, {"--now", "--name", "--cache-dir", "--unjudged"});
    app.footer(
        "Reads the packages and Go programs of the image, and looks them up in databases on disk; nothing is asked of "
        "the\n"
        "network. For a Go program it tells which vulnerable functions are linked, even if it is stripped. A linked "
        "function is\n"
        "not necessarily called. Exit status 3 if a vulnerability counts, or something could not be judged.\n"
        "\n"
        "Examples:\n"
        "  ociassemble db fetch https://vuln.go.dev/vulndb.zip -o databases\n"
        "  ociassemble vulnerabilities oci:image:v1 --db databases\n"
        "  ociassemble vulnerabilities oci:image:v1 --db databases --at-least high --ignore-unfixed\n"
        "  ociassemble vulnerabilities oci:image:v1 --db databases --vex vex.json --json");
  }

  int run(const Streams& streams) override {
    const auto gate = read_gate();
    if (json_ && !format_.empty() && format_ != "json") {
      throw Error(ErrorCode::invalid_argument, "--json and --format " + format_ + " contradict each other",
                  "give one of them");
    }
    const auto location = Location::parse(location_);
    const auto workplace = registry_.workplace(streams, quiet_.verbosity(true), registry_of(location));
    VulnerabilityDatabases::Options options;
    options.databases.assign(databases_.begin(), databases_.end());
    options.vex.assign(vex_.begin(), vex_.end());
    options.warn = workplace.warn;
    options.stop = streams.stop;
    const VulnerabilityDatabases databases(options);
    const auto root = reading(location_, [&] { return open_document(location, workplace); });
    std::optional<Platform> platform;
    if (!platform_.empty()) platform = Platform::parse(platform_);
    const auto image = open_one(root, platform);
    InventoryOptions how;
    how.cache_folder = cache_folder(cache_dir_, streams);
    how.warn = workplace.warn;
    how.with_functions = true;
    const auto inventory = read_inventory(image, streams.stop, how);
    const auto name = !name_.empty() ? name_ : location.reference ? location.reference->to_string() : std::string();
    const auto report = databases.find(*inventory, name);
    const VulnerabilityScan scan{report,
                                 gate,
                                 location_,
                                 image.digest().to_string(),
                                 image.config().platform.to_string(),
                                 name,
                                 time_of(report, streams)};
    print(scan, streams);
    const bool any = std::any_of(report.found.begin(), report.found.end(),
                                 [&](const FoundVulnerability& found) { return counts(found, gate); });
    return any || (!report.not_judged.empty() && unjudged_ == "error") ? exit_status(ErrorCode::check_failed) : 0;
  }

 private:
  void add_counting(CLI::App& app) {
    const char* group = "What counts";
    app.add_option("--at-least", at_least_, "Count only this severity and above, and unknown severities (default: all)")
        ->type_name("low|medium|high|critical")
        ->group(group);
    app.add_flag("--ignore-unfixed", gate_.ignore_unfixed,
                 "Do not count those without a fix, or whose fix was postponed")
        ->group(group);
    app.add_option("--reach", reach_,
                   "In Go programs, count those of which this much is linked: the module, a vulnerable package, or a "
                   "vulnerable function (symbol) (default: package)")
        ->type_name("module|package|symbol")
        ->group(group);
    app.add_option("--unjudged", unjudged_,
                   "Report things that cannot be judged as errors (the default) or as warnings")
        ->type_name("error|warn")
        ->check(CLI::IsMember({"error", "warn"}).description("").name(""))
        ->group(group);
  }

  void add_output(CLI::App& app) {
    const char* group = "Output";
    app.add_flag("--json", json_, "Print the result as JSON")->group(group);
    app.add_option("--format", format_, "Format of the result (default: text)")
        ->type_name("text|json|sarif|gitlab-container|junit|github|openvex")
        ->check(CLI::IsMember({"text", "json", "sarif", "gitlab-container", "junit", "github", "openvex"})
                    .description("")
                    .name(""))
        ->group(group);
    app.add_option("-o,--output", output_, "Write to this file")->type_name("FILE")->group(group);
    app.add_option("--now", now_,
                   "Time in reports (default: SOURCE_DATE_EPOCH, else when the newest database was fetched or changed)")
        ->type_name("TIME")
        ->group(group);
    app.add_option("--name", name_, "Name of the image in statements (default: its reference in the registry)")
        ->type_name("REFERENCE")
        ->group(group);
    app.add_option("--cache-dir", cache_dir_, "Cache for facts about layers")->type_name("DIR")->group(group);
  }

  VulnerabilityGate read_gate() const {
    auto gate = gate_;
    if (!at_least_.empty()) gate.at_least = parse_severity_level(at_least_);
    if (!reach_.empty()) gate.reach = parse_reach(reach_);
    return gate;
  }

  Image open_one(const Document& root, const std::optional<Platform>& platform) const {
    if (!platform && document_kind(root.json, root.descriptor.media_type) == DocumentKind::index) {
      auto index = open_index(root, {});
      if (index.images.size() == 1) return index.images.front();
      throw Error(
          ErrorCode::invalid_argument,
          "cannot choose an image of " + location_ + ": it has " + std::to_string(index.images.size()) + " platforms",
          "choose one with --platform");
    }
    return open_image(root, platform);
  }

  std::string time_of(const VulnerabilityReport& report, const Streams& streams) const {
    if (!now_.empty()) return format_timestamp(parse_time(now_));
    if (const auto epoch = streams.environment("SOURCE_DATE_EPOCH"); epoch && !epoch->empty()) {
      return format_timestamp(parse_time(*epoch));
    }
    std::int64_t newest = 0;
    for (const auto& database : report.databases) {
      for (const auto* time : {&database.modified, &database.fetched}) {
        if (!time->empty()) newest = std::max(newest, seconds_of(*time));
      }
    }
    return format_timestamp(newest);
  }

  // Of what a database says, which may be anything.
  static std::int64_t seconds_of(const std::string& time) {
    try {
      return parse_time(time);
    } catch (const Error&) {
      return 0;
    }
  }

  void print(const VulnerabilityScan& scan, const Streams& streams) const {
    const auto write = [&](Sink& to) {
      if (json_ || format_ == "json") {
        print_vulnerabilities_json(scan, to);
      } else if (format_ == "openvex") {
        print_vulnerabilities_openvex(scan, to);
      } else if (format_.empty() || format_ == "text") {
        to.write(as_bytes(describe_vulnerabilities(scan)));
      } else {
        to.write(as_bytes(as_findings(scan)));
      }
    };
    if (output_.empty()) {
      StreamSink out(streams.out);
      GatheringSink gathered(out);
      write(gathered);
      gathered.flush();
    } else {
      write_output(output_, write);
    }
  }

  std::string as_findings(const VulnerabilityScan& scan) const {
    const VulnerabilityCheck about{scan.name.empty() ? scan.image : scan.name, scan.digest, scan.platform,
                                   unjudged_ == "warn" ? Severity::warn : Severity::error};
    const std::vector<CheckReport> reports{vulnerability_check(scan.report, scan.gate, about)};
    const FindingsContext context{.time = scan.time};
    return render_findings(parse_findings_format(format_), reports, context);
  }

  std::string location_;
  std::vector<std::string> databases_;
  std::vector<std::string> vex_;
  std::string platform_;
  VulnerabilityGate gate_;
  std::string at_least_;
  std::string reach_;
  std::string unjudged_ = "error";
  bool json_ = false;
  std::string format_;
  std::string output_;
  std::string now_;
  std::string name_;
  std::optional<std::string> cache_dir_;
  OutputFlags quiet_;
  RegistryFlags registry_;
};

}  // namespace

std::unique_ptr<Command> make_vulnerabilities_command(CLI::App& app) {
  return std::make_unique<VulnerabilitiesCommand>(app);
}

}  // namespace ociassemble::tool
