// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include <chrono>
#include <ostream>

#include "base/text.hpp"
#include "commands/command.hpp"
#include "ociassemble/vulnerabilities.hpp"
#include "spec/timestamp.hpp"

namespace ociassemble::tool {
namespace {

class DbCommand : public Command {
 public:
  explicit DbCommand(CLI::App& app) {
    app.add_option("ACTION", action_, "fetch")->required();
    app.add_option("URL", urls_, "Address of a database: a zip file of OSV, Alpine's secdb or Debian's tracker as JSON")
        ->required();
    app.add_option("-o,--output", to_, "Folder, or for one URL a file, to fetch into")
        ->type_name("DIR|FILE")
        ->required();
    output_.add_quiet_to(app);
    const char* group = "Network";
    app.add_option("--ca-file", ca_file_, "Also trust the CA certificates in this PEM file")
        ->type_name("FILE")
        ->group(group);
    app.add_flag("--plain-http", plain_http_, "Allow addresses without encryption (loopback needs no flag)")
        ->group(group);
    app.footer(
        "Asks the server whether there is a newer file than the one here, and reads what comes whole before it "
        "replaces "
        "it.\n"
        "Beside the file it writes FILE.source: address, date and SHA-256. Builds and scans never fetch.\n"
        "\n"
        "Examples:\n"
        "  ociassemble db fetch https://vuln.go.dev/vulndb.zip -o databases\n"
        "  ociassemble db fetch https://osv-vulnerabilities.storage.googleapis.com/Go/all.zip -o databases\n"
        "  ociassemble db fetch https://secdb.alpinelinux.org/v3.20/main.json -o databases\n"
        "  ociassemble db fetch https://security-tracker.debian.org/tracker/data/json -o databases");
  }

  int run(const Streams& streams) override {
    if (action_ != "fetch") {
      throw Error(ErrorCode::invalid_argument, "unknown action \"" + printable(action_) + "\" of db",
                  "db fetch URL -o DIR");
    }
    if (urls_.size() > 1 && (to_.ends_with(".zip") || to_.ends_with(".json"))) {
      throw Error(ErrorCode::invalid_argument,
                  "cannot fetch " + std::to_string(urls_.size()) + " databases into one file", "give a folder: -o DIR");
    }
    FetchOptions options;
    options.to = to_;
    options.ca_file = ca_file_;
    options.allow_plain_http = plain_http_;
    options.stop = streams.stop;
    options.now = format_timestamp(
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count());
    for (const auto& url : urls_) {
      const auto fetched = fetch_database(url, options);
      if (output_.quiet()) continue;
      streams.out << terminal_text(fetched.file.string()) << ": "
                  << (fetched.is_new ? "fetched " + format_size(fetched.size) : "is the newest") << ", sha256 "
                  << fetched.sha256 << '\n';
    }
    return 0;
  }

 private:
  std::string action_;
  std::vector<std::string> urls_;
  std::string to_;
  std::string ca_file_;
  bool plain_http_ = false;
  OutputFlags output_;
};

}  // namespace

std::unique_ptr<Command> make_db_command(CLI::App& app) { return std::make_unique<DbCommand>(app); }

}  // namespace ociassemble::tool
