// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include <ostream>

#include "commands/command.hpp"
#include "ociassemble/error.hpp"
#include "ociassemble/ignore.hpp"
#include "ociassemble/places.hpp"
#include "ociassemble/programs.hpp"
#include "ociassemble/system.hpp"
#include "report/ignored.hpp"
#include "report/images.hpp"
#include "report/systems.hpp"
#include "stream_sink.hpp"

namespace ociassemble::tool {
namespace {

class InspectCommand : public Command {
 public:
  explicit InspectCommand(CLI::App& app) {
    app.add_option(
           "LOCATION", location_,
           "oci:DIR[:TAG], oci-archive:FILE, docker-archive:FILE or REGISTRY/REPOSITORY[:TAG]; with --why a folder")
        ->required();
    auto* what = app.add_option_group("What to show", "A summary, unless one of these is given");
    what->add_flag("--json", json_, "The summary as JSON");
    auto* files = what->add_flag("--files", files_, "Every entry of every layer: layer, mode, owner, size, path");
    auto* config = what->add_flag("--config", config_, "The image config, its bytes as they are");
    auto* manifest = what->add_flag("--manifest", manifest_, "The manifest (or index), its bytes as they are");
    what->require_option(0, 1);
    app.add_flag(
           "--packages", packages_,
           "The packages that apk or dpkg has installed, a line each: name, version, architecture, source and its "
           "version; with --json also what is known of the system")
        ->excludes(files)
        ->excludes(config)
        ->excludes(manifest);
    app.add_option("--cache-dir", cache_dir_, "With --packages: where what is known of layers is kept")
        ->type_name("DIR");
    app.add_option("--why", why_,
                   "Whether this path is in or out when the folder is added, and which rule says so; "
                   "repeatable")
        ->type_name("PATH")
        ->take_all()
        ->expected(1);
    app.add_option("--ignore", ignore_, "With --why: the file of rules (default: the folder's .dockerignore)")
        ->type_name("FILE|none")
        ->needs("--why");
    app.add_option("--programs", programs_,
                   "Which layers to read for Go programs: the application's (app, the default), all, or none")
        ->type_name("app|all|none")
        ->check(CLI::IsMember({"app", "all", "none"}))
        ->excludes(files)
        ->excludes(config)
        ->excludes(manifest);
    app.add_option("--platform", platform_, "The image of this platform out of an index, for example linux/arm64")
        ->type_name("OS/ARCH");
    registry_.add_to(app);
    app.footer(
        "Examples:\n"
        "  ociassemble inspect oci:image:v1\n"
        "  ociassemble inspect --programs all --json oci:image:v1 | conftest test -\n"
        "  ociassemble inspect --files docker-archive:image.tar\n"
        "  ociassemble inspect --packages debian:12\n"
        "  ociassemble inspect assets --why js/app.js.map\n"
        "  ociassemble inspect --config alpine:3.20 --platform linux/arm64 | jq .config");
  }

  int run(const Streams& streams) override {
    if (!why_.empty()) return explain(streams);
    const auto location = Location::parse(location_);
    const auto workplace = registry_.workplace(streams, true, registry_of(location));
    const auto root = reading(location_, [&] { return open_document(location, workplace); });
    std::optional<Platform> platform;
    if (!platform_.empty()) platform = Platform::parse(platform_);
    const bool is_index = document_kind(root.json, root.descriptor.media_type) == DocumentKind::index;
    if (packages_) {
      show_packages(open_image(root, platform), workplace, streams);
    } else if (is_index && !platform && !config_ && !files_) {
      show_index(root, streams);
    } else {
      show_image(open_image(root, platform), streams);
    }
    return 0;
  }

 private:
  int explain(const Streams& streams) const {
    if (files_ || config_ || manifest_) {
      throw Error(ErrorCode::invalid_argument, "cannot explain and show at once: --why is about a folder, not an image",
                  "with --why only --ignore and --json may be given");
    }
    if (std::error_code ignored; !std::filesystem::is_directory(location_, ignored)) {
      throw Error(ErrorCode::not_found, "cannot read folder " + location_ + ": there is none",
                  "--why is about a folder that `build --add` would add");
    }
    const auto ignore = FolderIgnore::read(location_, ignore_);
    streams.out << (json_ ? explain_ignored_json(ignore, why_) : explain_ignored(ignore, why_));
    return 0;
  }

  void show_packages(const Image& image, Workplace workplace, const Streams& streams) const {
    workplace.cache_folder = cache_folder(cache_dir_, streams);
    const auto system = reading(location_, [&] { return read_system(image, workplace); });
    streams.out << (json_ ? system_json(image, system) : list_packages(system));
    if (system.package_managers.empty())
      streams.err << "ociassemble: warning: the image has no package database: which packages are in it is not known\n";
    if (system.broken_records > 0)
      streams.err << "ociassemble: warning: " << system.broken_records
                  << " records of the package database name no package or version, and are left out\n";
  }

  void show_index(const Document& root, const Streams& streams) const {
    if (manifest_) {
      streams.out << root.json;
    } else {
      streams.out << (json_ ? index_json(root) : describe_index(root));
    }
  }

  void show_image(const Image& image, const Streams& streams) const {
    if (files_) {
      StreamSink sink(streams.out);
      list_files(image, sink, streams.stop);
    } else if (config_) {
      streams.out << image.config_json();
    } else if (manifest_) {
      streams.out << image.manifest_json();
    } else {
      summarise(image, streams);
    }
  }

  void summarise(const Image& image, const Streams& streams) const {
    std::optional<ImagePrograms> programs;
    if (programs_ != "none") {
      const auto layers = programs_ == "all" ? ProgramLayers::all : ProgramLayers::application;
      programs = reading(location_, [&] { return read_programs(image, {.layers = layers, .stop = streams.stop}); });
    }
    const auto* found = programs ? &*programs : nullptr;
    if (json_) {
      StreamSink sink(streams.out);
      print_image_json(image, found, sink);
    } else {
      streams.out << describe_image(image, found);
    }
  }

  std::string location_;
  std::string platform_;
  std::string programs_ = "app";
  std::optional<std::string> cache_dir_;
  bool packages_ = false;
  std::vector<std::string> why_;
  std::optional<std::string> ignore_;
  bool json_ = false;
  bool files_ = false;
  bool config_ = false;
  bool manifest_ = false;
  RegistryFlags registry_;
};

}  // namespace

std::unique_ptr<Command> make_inspect_command(CLI::App& app) { return std::make_unique<InspectCommand>(app); }

}  // namespace ociassemble::tool
